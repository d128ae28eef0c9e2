/** A customer in a session at one desk, and what becomes of their messages on the way there. */
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
/** Longer than the router keeps offering a message to a desk. */
export const GIVEN_UP_MS = 60_000

export interface Session extends Handoff {
  stage: Stage
  instances: Instances
  says(...texts: string[]): Promise<void>
  /** The session's conversation, and the customer as a user in it. */
  sessionId(): string
  customerId(): string
  /** The texts in the ticket since it was opened. */
  posted(): string[]
  /** Status of each delivery of the message with this text. */
  answers(text: string): (number | undefined)[]
  /** Why the message with this text was refused. */
  refusalOf(text: string): string | undefined
}

/** A customer whose session is at this desk, and `count` instances of the router. */
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
    posted: () =>
      handoff
        .ticket()
        .entries.slice(before)
        .map(({ text }) => text),
    answers: (text) =>
      runtime.deliveries
        .filter(({ id, to }) => to === 'integration' && textOf(stage, id) === text)
        .map((d) => d.status),
    refusalOf: (text) =>
      runtime.store.messagesOf(sessionId()).find(({ direction, payload }) => {
        return direction === 'outgoing' && payload['text'] === text
      })?.tags['desk:refused'],
  }
}

/** The text of a Botpress message. */
export const textOf = (stage: Stage, id: string): unknown =>
  stage.botpress.runtime.store.messages.get(id)?.payload['text']

/** The single texts, whether or not they were merged. */
export const linesOf = (posted: string[]): string[] => posted.flatMap((text) => text.split(/\s*\n+/))

/** Whether an instance posts this text. */
export const posts =
  (text: string) =>
  ({ side, method, body }: Asked): boolean =>
    side === 'desk' && method !== 'GET' && decodeURIComponent(body.replaceAll('+', ' ')).includes(text)

/** Whether an instance marks a message as delivered. */
export const acknowledges = ({ side, method, path, body }: Asked): boolean =>
  side === 'api' && method === 'PUT' && path.includes('/messages/') && body.includes('deskMessageIds')

/** Whether an instance marks a message as a member of a merged unit. */
export const marksUnit = ({ side, method, path, body }: Asked): boolean =>
  side === 'api' && method === 'PUT' && path.includes('/messages/') && body.includes('sentAs')

/** The desk rejects every write with this text. */
export const rejects = ({ sandbox }: Session, text: string): void => {
  sandbox.server.addFault({
    kind: 'status',
    ...sandbox.refusal,
    times: Number.POSITIVE_INFINITY,
    matches: ({ method, body }) =>
      method !== 'GET' && decodeURIComponent(body.toString('utf8').replaceAll('+', ' ')).includes(text),
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

/** The plugin forwards a message of a user, or of the bot itself, to the session. */
export const saysAs = async ({ stage, sessionId }: Session, text: string, userId?: string): Promise<void> => {
  const { runtime } = stage.botpress
  const payload = userId === undefined ? { text } : { text, userId }
  const message = { conversationId: sessionId(), userId: runtime.identity.botId, type: 'text', payload, tags: {} }
  await stage.finish(runtime.botCall('POST', '/v1/chat/messages', message))
}

type Outcome = Awaited<ReturnType<typeof flushOutbox>>['outcome']

/** Flushes the outbox as a webhook or the end of the session does. */
export const flushed = async (
  session: Session,
  options: Parameters<typeof flushOutbox>[3]
): Promise<Outcome | undefined> => {
  let result: Outcome | undefined
  await asRouter(session, async (call, ofSession, desk) => {
    result = (await flushOutbox(call, ofSession, desk, options)).outcome
  })
  return result
}

type Work = (call: Call, session: RouterSession, desk: Desk) => Promise<void>

/** Runs code of the router in this session. */
export const asRouter = ({ stage, sessionId, sandbox, instances }: Session, work: Work): Promise<void> =>
  stage.finish(
    instances.run(async (call) => {
      const session = await getSession(call, sessionId())
      const desk = connectDesk(call, sandbox.name)
      if (!session || !desk) throw new Error('There is no session')
      await work(call, session, desk)
    })
  )
