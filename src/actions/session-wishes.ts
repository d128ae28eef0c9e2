import { z } from '@botpress/sdk'
import { cleanText, escapedLine, oneLine, shorten } from '../../providers/kit/text'
import type { Customer, TicketOptions } from '../../providers/provider'
import type { Call } from '../botpress/call'
import { customerName, realAddress, type KnownCustomer } from '../botpress/people'
import type { ChosenLanguage } from '../routing/language'

const LONGEST_WISH = 200
const LONGEST_SUMMARY = 4_000
const LONGEST_URL = 1_000
const MOST_FIELDS = 20
/** Digits and the signs between them, with a country code. */
const PHONE = /^\+?[\d\s().\-/]{6,30}$/

/** These values appear in reasons, errors and logs. */
const line = z.string().transform((value) => escapedLine(value, LONGEST_WISH))
const number = z.number().finite().nonnegative()
const address = z
  .string()
  .trim()
  .max(LONGEST_URL)
  .refine((value) => /^https?:\/\//i.test(value) && URL.canParse(value))

/** Names and values of fields: what is empty is absent. */
const record = z
  .record(z.union([z.string(), z.number(), z.boolean(), z.null()]))
  .refine((fields) => Object.keys(fields).length <= MOST_FIELDS)
  .transform((fields) => {
    const filled = Object.entries(fields).flatMap(([name, value]) => {
      const [field, content] = [oneLine(name, LONGEST_WISH), cleanText(String(value ?? '')).trim()]
      return field && content ? [[field, shorten(content, LONGEST_WISH)] as const] : []
    })
    return Object.fromEntries(filled)
  })

const session = z.object({
  provider: line.nullish(),
  strict: z.boolean().nullish(),
  language: line.nullish(),
  priority: z.enum(['low', 'normal', 'high', 'urgent']).nullish(),
  queue: line.nullish(),
  tags: z.array(line).nullish(),
  nobodyThere: z.enum(['refuse', 'open-anyway', 'after-hours']).nullish(),
  assignee: line.nullish(),
  subjectPrefix: line.nullish(),
  fields: record.nullish(),
  summary: z.string().nullish(),
  transcriptMessages: number.nullish(),
  email: z.string().nullish(),
  name: z.string().nullish(),
  phone: z.string().trim().regex(PHONE).or(z.literal('')).nullish(),
  pictureUrl: address.or(z.literal('')).nullish(),
  channel: line.nullish(),
  conversationUrl: address.or(z.literal('')).nullish(),
  attributes: record.nullish(),
  idleMinutes: number.positive().nullish(),
})
export type SessionWishes = z.infer<typeof session>

/** The names of everything that a session can wish for. A test compares them with what Studio shows. */
export const WISHES = Object.keys(session.shape)

/** Wishes as a question of the bot states them, with values that fit into one line each. */
export const cleanWishes = <Wishes extends Pick<SessionWishes, 'provider' | 'language' | 'tags'>>(
  wishes: Wishes
): Wishes => ({ ...wishes, ...session.pick({ provider: true, language: true, tags: true }).parse(wishes) })

/** The bot's wishes for this handoff. A field that isn't valid is logged and left out: the handoff goes on. */
export const readSessionWishes = (call: Call, raw: unknown): SessionWishes => {
  if (raw === undefined || raw === null) return {}
  const whole = session.safeParse(raw)
  if (whole.success) return whole.data
  const invalid = new Set(whole.error.issues.map((issue) => String(issue.path[0] ?? '')))
  call.log.warn('Some fields of hitlSession are ignored: their values aren’t valid', {
    fields: [...invalid].join(', '),
  })
  if (typeof raw !== 'object') return {}
  const rest = session.safeParse(Object.fromEntries(Object.entries(raw).filter(([field]) => !invalid.has(field))))
  return rest.success ? rest.data : {}
}

/** The customer as the session describes them, over what Botpress knows. */
export const customerAsWished = (known: KnownCustomer, wishes: SessionWishes): KnownCustomer => {
  const email = realAddress(wishes.email)
  const described: Partial<Customer> = {
    ...(wishes.name?.trim() ? { name: customerName(wishes.name) } : {}),
    ...(email ? { email } : {}),
    ...(wishes.phone ? { phone: wishes.phone } : {}),
    ...(wishes.pictureUrl ? { pictureUrl: wishes.pictureUrl } : {}),
    ...(wishes.language ? { language: wishes.language } : {}),
    ...(_isFilled(wishes.attributes) ? { attributes: wishes.attributes } : {}),
  }
  return { ...known, ...described }
}

/** With the language of the customer's messages, where the session says none and routing has found one. */
export const customerAsHeard = (customer: KnownCustomer, { language, source }: ChosenLanguage): KnownCustomer =>
  customer.language === undefined && source === 'detected' && language ? { ...customer, language } : customer

/** What the session asks of the ticket, beside what routing decides. */
export const optionsAsWished = (
  wishes: SessionWishes
): Pick<TicketOptions, 'assignee' | 'subjectPrefix' | 'fields'> => ({
  ...(wishes.assignee ? { assignee: wishes.assignee } : {}),
  ...(wishes.subjectPrefix ? { subjectPrefix: wishes.subjectPrefix } : {}),
  ...(_isFilled(wishes.fields) ? { fields: wishes.fields } : {}),
})

/** What agents read about the conversation, beside its title. */
export const contextAsWished = (
  wishes: SessionWishes,
  redact: (text: string) => string
): { summary?: string; channel?: string; conversationUrl?: string } => {
  const summary = redact(cleanText(wishes.summary ?? '').trim())
  return {
    ...(summary ? { summary: shorten(summary, LONGEST_SUMMARY) } : {}),
    ...(wishes.channel ? { channel: wishes.channel } : {}),
    ...(wishes.conversationUrl ? { conversationUrl: wishes.conversationUrl } : {}),
  }
}

const _isFilled = (fields: Record<string, string> | null | undefined): fields is Record<string, string> =>
  fields !== undefined && fields !== null && Object.keys(fields).length > 0
