import { z } from '@botpress/sdk'
import { escapedLine } from '../../providers/kit/text'
import type { Call } from '../botpress/call'

const LONGEST_WISH = 200

/** These values appear in reasons, errors and logs. */
const line = z.string().transform((value) => escapedLine(value, LONGEST_WISH))

const session = z.object({
  provider: line.nullish(),
  strict: z.boolean().nullish(),
  language: line.nullish(),
  priority: z.enum(['low', 'normal', 'high', 'urgent']).nullish(),
  queue: line.nullish(),
  tags: z.array(line).nullish(),
  nobodyThere: z.enum(['refuse', 'open-anyway', 'after-hours']).nullish(),
  email: z.string().nullish(),
  name: z.string().nullish(),
})
export type SessionWishes = z.infer<typeof session>

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
