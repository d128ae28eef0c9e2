/** A customer at a desk, and what becomes of his words on their way there. */
import type { Ticket } from '../../providers/provider'
import type { Call } from '../../src/botpress/call'
import { connectDesk, type Desk } from '../../src/botpress/desk'
import { flushOutbox } from '../../src/to-desk/outbox'
import { providers } from '../../src/definition/registry'
import { getSession, type Session as RouterSession } from '../../src/session/session'
import type { Switches } from '../../playground/botpress'
import { handOver, type Handoff } from './handoffs'
import { connectInstances, type Asked, type Instance, type Instances } from './instances'
import { createStage, type Stage } from './simulated'

/** Every desk of the registry. */
export const DESKS = Object.keys(providers)
/** Longer than a message is offered to a desk. */
export const GIVEN_UP_MS = 60_000

export interface Session extends Handoff {
  stage: Stage
  instances: Instances
  says(...texts: string[]): Promise<void>
  /** The session's conversation, and the customer as a user in it. */
  sessionId(): string
  customerId(): string
  /** What the customer has said as the ticket has it. */
  heard(): string[]
  /** Status of each delivery of a message that has ended, by its words. */
  answers(words: string): (number | undefined)[]
  /** Why the message with these words was refused. */
  refusalOf(words: string): string | undefined
}

/** A customer who has been handed over to this desk, and so many instances between them. */
export const open = async (
  desk: string,
  count: number,
  switches: Partial<Switches> = {},
  prepare: (instance: Instance) => void = () => {}
): Promise<Session> => {
  const stage = await createStage({ sockets: false, switches })
  const instances = connectInstances(stage, count)
  instances.all.forEach(prepare)
  await stage.save(stage.configuration({ order: [desk, ...DESKS.filter((name) => name !== desk)] }))
  const handoff = await handOver(stage)
  const before = handoff.ticket().entries.length
  const { bot, runtime } = stage.botpress
  const sessionId = () => bot.downstreamOf(handoff.conversationId) ?? ''
  return {
    ...handoff,
    stage,
    sessionId,
    customerId: () => runtime.store.conversations.get(sessionId())?.tags['desk:customerId'] ?? '',
    instances,
    says: async (...texts) => {
      for (const text of texts) await bot.customerSays(handoff.conversationId, text)
    },
    heard: () =>
      handoff
        .ticket()
        .entries.slice(before)
        .map(({ text }) => text),
    answers: (words) =>
      runtime.deliveries
        .filter(({ id, to }) => to === 'integration' && wordsOf(stage, id) === words)
        .map((d) => d.status),
    refusalOf: (words) =>
      runtime.store.messagesOf(sessionId()).find(({ direction, payload }) => {
        return direction === 'outgoing' && payload['text'] === words
      })?.tags['desk:refused'],
  }
}

/** The words of one of Botpress’s messages. */
export const wordsOf = (stage: Stage, id: string): unknown =>
  stage.botpress.runtime.store.messages.get(id)?.payload['text']

/** The words of these lines, whether or not they came as one. */
export const linesOf = (heard: string[]): string[] => heard.flatMap((text) => text.split(/\s*\n+/))

/** Whether an instance posts these words. */
export const posts =
  (words: string) =>
  ({ side, method, body }: Asked): boolean =>
    side === 'desk' && method !== 'GET' && decodeURIComponent(body.replaceAll('+', ' ')).includes(words)

/** Whether an instance writes down what a message became at the desk. */
export const acknowledges = ({ side, method, path, body }: Asked): boolean =>
  side === 'api' && method === 'PUT' && path.includes('/messages/') && body.includes('deskMessageIds')

/** Whether an instance marks a message as a member of a merged unit. */
export const marksUnit = ({ side, method, path, body }: Asked): boolean =>
  side === 'api' && method === 'PUT' && path.includes('/messages/') && body.includes('sentAs')

/** The desk rejects every write with these words. */
export const rejects = ({ sandbox }: Session, words: string): void => {
  sandbox.server.addFault({
    kind: 'status',
    status: 422,
    times: Number.POSITIVE_INFINITY,
    matches: ({ method, body }) =>
      method !== 'GET' && decodeURIComponent(body.toString('utf8').replaceAll('+', ' ')).includes(words),
  })
}

/** The desk accepts one write a second. */
export const oncePerSecond = ({ sandbox, stage }: Session): void => {
  let lastAt = Number.NEGATIVE_INFINITY
  sandbox.server.addFault({
    kind: 'status',
    status: 429,
    headers: { 'retry-after': '1' },
    times: Number.POSITIVE_INFINITY,
    matches: ({ method }) => {
      if (method === 'GET') return false
      if (stage.clock.now() < lastAt + 1_000) return true
      lastAt = stage.clock.now()
      return false
    },
  })
}

/** Every call to this desk is limited while `isOn`. */
export const limited = ({ sandbox }: Session, seconds: number) => {
  const limit = { isOn: true }
  sandbox.server.addFault({
    kind: 'status',
    status: 429,
    headers: { 'retry-after': String(seconds) },
    times: Number.POSITIVE_INFINITY,
    matches: () => limit.isOn,
  })
  return limit
}

/** The plugin passes on what somebody, or the bot itself, says in the session. */
export const saysAs = async ({ stage, sessionId }: Session, text: string, userId?: string): Promise<void> => {
  const { runtime } = stage.botpress
  const payload = userId === undefined ? { text } : { text, userId }
  const message = { conversationId: sessionId(), userId: runtime.identity.botId, type: 'text', payload, tags: {} }
  await stage.finish(runtime.botCall('POST', '/v1/chat/messages', message))
}

type Outcome = Awaited<ReturnType<typeof flushOutbox>>

/** What a webhook or the end of the session does about the outbox. */
export const flushed = async (
  session: Session,
  options: Parameters<typeof flushOutbox>[3]
): Promise<Outcome | undefined> => {
  let result: Outcome | undefined
  await asRouter(session, async (call, ofSession, desk) => {
    result = await flushOutbox(call, ofSession, desk, options)
  })
  return result
}

type Work = (call: Call, session: RouterSession & { ticket: Ticket }, desk: Desk) => Promise<void>

/** Does what the router would do in this session. */
export const asRouter = ({ stage, sessionId, sandbox, instances }: Session, work: Work): Promise<void> =>
  stage.finish(
    instances.run(async (call) => {
      const session = await getSession(call, sessionId())
      const desk = connectDesk(call, sandbox.name)
      if (!session?.ticket || !desk) throw new Error('There is no session')
      await work(call, { ...session, ticket: session.ticket }, desk)
    })
  )
