/** Everything that people can do on the page. Each move is written down, and can be played again. */
import { z } from '@botpress/sdk'
import { CONDITIONS } from './conditions'
import { setCondition } from './capacity'
import { agentAt, sandboxAt, ticketAt } from './desk-side'
import { addCustomer, customerAt, speak, startHandoff, textOf } from './customers'
import { PRIORITIES, saveConfiguration, withSandboxes, type Play } from './play'
import { Refusal } from './refusal'
import { ATTACHMENTS, SAMPLE_FILES, SAMPLES } from './samples'
import { problemsOf } from './configuration'
import { sendAgain, WAYS } from './webhooks'

const MAX_TEXT_LENGTH = 10_000
const LONGEST_MOVE_MS = 31 * 24 * 3_600_000

const text = z
  .string()
  .refine((value) => value.trim() !== '', 'is empty')
  .refine((value) => value.length <= MAX_TEXT_LENGTH, `is longer than ${MAX_TEXT_LENGTH} characters`)
const optionalText = z.string().max(MAX_TEXT_LENGTH).nullish()

export const bodies = {
  customer: z.object({
    name: z.string().max(100).nullish(),
    language: z.string().max(20).nullish(),
    priority: z.enum(PRIORITIES).nullish(),
    tags: z.array(z.string().max(50)).max(20).nullish(),
  }),
  start: z.object({ customer: z.string(), title: optionalText, provider: z.string().nullish() }),
  say: z.object({ customer: z.string(), text }),
  send: z.object({ customer: z.string(), sample: z.string() }),
  end: z.object({ customer: z.string() }),
  agent: z.object({
    desk: z.string(),
    /** Its position among the desk's tickets. */
    ticket: z.number().int().nonnegative(),
    move: z.enum(['reply', 'note', 'assign', 'solve', 'reopen']),
    text: optionalText,
    agentId: z.string().nullish(),
    attachment: z.string().nullish(),
  }),
  condition: z.object({ desk: z.string(), condition: z.enum(CONDITIONS) }),
  clock: z.object({ ms: z.number().int().positive().max(LONGEST_MOVE_MS) }),
  configuration: z.object({ configuration: z.record(z.unknown()) }),
  webhook: z.object({ desk: z.string(), index: z.number().int().nonnegative(), way: z.enum(WAYS) }),
}
export type Bodies = { [Name in keyof typeof bodies]: z.infer<(typeof bodies)[Name]> }
export type MoveName = keyof Bodies

/** The moves by name. Each throws a Refusal when it isn't possible. */
export const moves: { [Name in MoveName]: (play: Play, body: Bodies[Name]) => unknown } = {
  customer: (play, body) => ({ customer: addCustomer(play, body).key }),
  start: startHandoff,
  say: (play, { customer, text: words }) => speak(play, customerAt(play, customer), words),

  send: (play, { customer, sample }) => {
    const { type, payload } = (Object.hasOwn(SAMPLES, sample) && SAMPLES[sample]) || {}
    if (!type || !payload) throw new Refusal(404, 'There is no such sample')
    return speak(play, customerAt(play, customer), { type, payload: payload(play.origin) })
  },

  end: async (play, { customer: key }) => {
    const customer = customerAt(play, key)
    const { bot } = play.world.botpress
    if (!bot.isActive(customer.conversationId)) throw new Refusal(409, `${customer.name} isn’t with an agent`)
    await play.exchanges.within({ customer: key }, () => bot.endByCustomer(customer.conversationId))
  },

  agent: (play, body) => moveAgent(play, body),
  condition: (play, { desk, condition }) => setCondition(play, desk, condition),
  // When it is played again, the next entry says how far time has gone.
  clock: (play, { ms }) => (play.isReplaying ? undefined : play.clock.move(ms)),

  configuration: async (play, { configuration }) => {
    const problems = problemsOf(configuration)
    if (problems.length > 0)
      throw new Refusal(422, problems.map(({ field, problem }) => `${field}: ${problem}`).join('\n'))
    try {
      await saveConfiguration(play, withSandboxes(play.world, configuration))
    } catch (error) {
      throw new Refusal(422, textOf(error))
    }
  },

  webhook: (play, { desk, index, way }) => sendAgain(play, desk, index, way),
}

export const moveAgent = (play: Play, { desk, ticket: index, move, ...given }: Bodies['agent']): void => {
  const sandbox = sandboxAt(play, desk)
  const { id } = ticketAt(play, desk, index)
  const agent = agentAt(play, desk, given.agentId)
  const by = { agentId: agent.id }
  const words = given.text ?? ''
  play.changed()
  if (move === 'assign') return attempt(() => sandbox.assign(id, agent.id))
  if (move === 'solve') return attempt(() => sandbox.solve(id, { ...by, ...(words.trim() ? { text: words } : {}) }))
  if (move === 'reopen') {
    attempt(() => sandbox.reopen(id))
    if (ticketAt(play, desk, index).status === 'open') return undefined
    throw new Refusal(409, 'This desk can’t reopen tickets: write a reply to continue')
  }
  const attachment = given.attachment ? ATTACHMENTS[given.attachment] : undefined
  const message = text.safeParse(words)
  if (!message.success && !attachment)
    throw new Refusal(400, `text: ${message.error.issues[0]?.message ?? 'is invalid'}`)
  if (move === 'note') return attempt(() => sandbox.agentNotes(id, words, by))
  const { name = '', contentType = '' } = attachment ?? {}
  const bytes = Buffer.from(SAMPLE_FILES[`/samples/${name}`]?.content ?? '')
  const attachments = attachment ? [{ name, contentType, bytes }] : []
  return attempt(() => void sandbox.agentReplies(id, words, { ...by, attachments }))
}

/** Refuses a move that the desk doesn't allow. */
const attempt = (work: () => void): void => {
  try {
    work()
  } catch (error) {
    throw new Refusal(409, textOf(error))
  }
}
