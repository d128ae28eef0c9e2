/** The state that the page shows. The page's own code imports its types. */
import { healthOf, parseBreaker } from '../../src/routing/breaker'
import type { Seen } from '../botpress'
import type { Condition } from './conditions'
import { countDelivered, type Counter } from './delivered'
import type { Exchange } from './exchanges'
import { withoutContents } from './observer'
import { customerOf, titleOf, type Customer, type Play, type Profile } from './play'
import { ATTACHMENTS, SAMPLES } from './samples'
import { SCENARIOS } from './scenarios'
import { downstreamTags, sessionsOf, type Session } from './sessions'
import { ACTIVATION_MS } from '../../src/botpress/timing'

/** What is to be said about a message that has not simply arrived. */
export interface Remark {
  kind: 'held' | 'waiting' | 'lost'
  text: string
  /** Until when it is held, by the playground's clock. */
  until?: number
}

export interface ChatEntry {
  id: string
  from: Seen['from']
  name: string
  text: string
  at: number
  files: { kind: string; url: string; title: string }[]
  remark?: Remark
}

export interface TicketEntry {
  id: string
  from: 'customer' | 'agent' | 'note' | 'system'
  name: string
  text: string
  at: number
  /** Names of attached files. */
  files?: string[]
  remark?: Remark
}

export interface TicketView {
  /** Position among the desk's tickets. */
  index: number
  id: string
  title: string
  status: string
  customer: string
  customerKey?: string
  assignee?: { id: string; name: string }
  tags: string[]
  isOpen: boolean
  entries: TicketEntry[]
}

export interface DeskView {
  name: string
  title: string
  condition: Condition
  breaker: { state: 'closed' | 'open' | 'half-open'; failures: number; until?: number }
  limit?: number
  agents: { id: string; name: string }[]
  tickets: TicketView[]
}

export interface CustomerView extends Profile {
  key: string
  isActive: boolean
  desk?: string
  refusal?: string
  /** The router's explanation of the last handoff, line by line. */
  explanation?: string[]
  chat: ChatEntry[]
}

export type ExchangeView = Omit<Exchange, 'request' | 'response'>

export interface PageView {
  /** Changes when the page's own code does. */
  build: string
  /** Changes with every start of the server. */
  server: string
  aheadMs: number
  counter: Counter
  customers: CustomerView[]
  desks: DeskView[]
  timeline: ExchangeView[]
  configuration: Record<string, unknown>
  scenario?: { id: string; customer?: string; isRunning: boolean }
  scenarios: { id: string; title: string; watch: string }[]
  samples: { id: string; label: string }[]
  attachments: { id: string; label: string }[]
  notices: string[]
}

const LONGEST_TIMELINE = 400

export const viewOf = (play: Play, server: { build: string; id: string }): PageView => {
  const sessions = sessionsOf(play)
  return {
    build: server.build,
    server: server.id,
    aheadMs: Math.round(play.clock.aheadMs / 1_000) * 1_000,
    counter: countDelivered(play),
    customers: [...play.customers.values()].map((customer) => _customer(play, customer, sessions)),
    desks: Object.keys(play.world.sandboxes).map((name) => _desk(play, name, sessions)),
    timeline: play.exchanges.list.slice(-LONGEST_TIMELINE).flatMap((exchange) => {
      const key = customerOf(play, exchange)?.key
      // The bot also writes into the ticket's conversation, which the next line shows.
      if (exchange.kind === 'message' && key === undefined) return []
      const { customer: _customer, ...shown } = withoutContents(exchange)
      return [{ ...shown, ...(key ? { customer: key } : {}) }]
    }),
    configuration: play.configuration,
    ...(play.scenario ? { scenario: { ...play.scenario } } : {}),
    scenarios: SCENARIOS.map(({ id, title, watch }) => ({ id, title, watch })),
    samples: Object.entries(SAMPLES).map(([id, { label }]) => ({ id, label })),
    attachments: Object.entries(ATTACHMENTS).map(([id, { label }]) => ({ id, label })),
    notices: play.notices,
  }
}

const _customer = (play: Play, customer: Customer, sessions: Session[]): CustomerView => {
  const { bot } = play.world.botpress
  const { conversationId, explanation, ...profile } = customer
  const own = sessions.filter((session) => session.customer === customer)
  const latest = own.toSorted((a, b) => a.openedAt - b.openedAt).at(-1)
  return {
    ...profile,
    ...(explanation ? { explanation: [...explanation] } : {}),
    isActive: bot.isActive(conversationId),
    ...(latest ? { desk: latest.desk } : {}),
    chat: bot.transcript(conversationId).map((message) => {
      const remark = message.from === 'customer' ? _remarkToDesk(play, own, message.messageId) : undefined
      return {
        id: message.messageId,
        from: message.from,
        name: _author(message, customer.name),
        text: _textOf(message),
        at: message.at,
        files: _filesOf(message.type, message.payload),
        ...(remark ? { remark } : {}),
      }
    }),
  }
}

const _author = ({ from, name }: Seen, customer: string): string => {
  if (from === 'customer') return customer
  return from === 'agent' ? (name ?? 'Agent') : 'Bot'
}

interface Item {
  type: string
  payload: Record<string, unknown>
}
const _itemsOf = (payload: Record<string, unknown>): Item[] => (payload['items'] as Item[] | undefined) ?? []

/** Several pieces of one message come as one `bloc`. */
const _textOf = ({ type, text, payload }: Pick<Seen, 'type' | 'text' | 'payload'>): string => {
  if (type !== 'bloc') return type === 'text' || type === 'markdown' ? text : ''
  const texts = _itemsOf(payload).map((item) => String(item.payload['text'] ?? item.payload['markdown'] ?? ''))
  return texts.filter(Boolean).join('\n\n')
}

const _filesOf = (type: string, payload: Record<string, unknown>): ChatEntry['files'] => {
  if (type === 'bloc') return _itemsOf(payload).flatMap((item) => _filesOf(item.type, item.payload))
  if (type === 'text' || type === 'markdown') return []
  const url = payload['imageUrl'] ?? payload['audioUrl'] ?? payload['videoUrl'] ?? payload['fileUrl'] ?? ''
  return [{ kind: type, url: String(url), title: String(payload['title'] ?? type) }]
}

const WHY: Record<Condition, string> = {
  up: 'Under way to the desk',
  full: 'Under way to the desk',
  slow: 'The desk is slow',
  error: 'The desk answers 500. It goes out with the next message or event once the desk is up',
  unauthorized: 'The desk refuses the credentials. It goes out once they are right again',
}

/** Why a customer's message is not at the desk yet. */
const _remarkToDesk = (play: Play, sessions: Session[], messageId: string): Remark | undefined => {
  for (const { downstream, desk, isOpen } of sessions) {
    const copy = downstream.find(({ tags }) => tags['hitl#upstream'] === messageId)
    if (!copy || copy.tags[downstreamTags.deskMessageIds]) continue
    const refused = copy.tags[downstreamTags.refused]
    if (refused) return { kind: 'lost', text: `${titleOf(desk)} refused it: ${refused}` }
    const text = WHY[play.conditions[desk] ?? 'up']
    return isOpen ? { kind: 'waiting', text } : { kind: 'lost', text: 'The session ended before it was delivered' }
  }
  return undefined
}

const _desk = (play: Play, name: string, sessions: Session[]): DeskView => {
  const sandbox = play.world.sandbox(name)
  const { store, identity } = play.world.botpress.runtime
  const key = [identity.alias, 'integration', identity.integrationId, 'installation'].join('|')
  const { health = {} } = (store.states.get(key)?.payload ?? {}) as { health?: Record<string, string> }
  const breaker = parseBreaker(health[name])
  const { capacity } = (play.configuration[name] ?? {}) as { capacity?: number }
  return {
    name,
    title: titleOf(name),
    condition: play.conditions[name] ?? 'up',
    breaker: { failures: breaker?.failures ?? 0, ...healthOf(breaker, play.clock.now()) },
    ...(capacity === undefined ? {} : { limit: capacity }),
    agents: sandbox.agents.map((agent) => ({ id: agent.id, name: agent.name })),
    tickets: sandbox
      .tickets()
      .map((ticket, index) => {
        const session = sessions.find((candidate) => candidate.desk === name && candidate.index === index)
        const assignee = sandbox.agents.find(({ id }) => id === ticket.assignee)
        return {
          index,
          id: ticket.id,
          title: ticket.title,
          status: ticket.status,
          customer: ticket.customer,
          ...(session ? { customerKey: session.customer.key } : {}),
          ...(assignee ? { assignee: { id: assignee.id, name: assignee.name } } : {}),
          tags: ticket.tags,
          isOpen: session?.isOpen ?? false,
          entries: ticket.entries.map(({ id, kind, author, text, at, files }) => {
            const remark = session && kind === 'agent' ? _remarkToCustomer(play, session, id) : undefined
            const attached = files?.map((file) => file.name)
            return {
              id,
              from: kind,
              name: author,
              text,
              at,
              ...(attached ? { files: attached } : {}),
              ...(remark ? { remark } : {}),
            }
          }),
        }
      })
      .filter(({ status }) => status !== 'deleted')
      .toReversed(),
  }
}

/** Why the customer does not see an agent's message yet. */
const _remarkToCustomer = (play: Play, session: Session, entryId: string): Remark | undefined => {
  const { customer, desk, downstream, isOpen, openedAt } = session
  const copies = downstream.filter(({ tags }) => tags[downstreamTags.deskMessageId] === `${desk}:${entryId}`)
  const ids = copies.map(({ id }) => id)
  const { store } = play.world.botpress.runtime
  const isShown = store
    .messagesOf(customer.conversationId)
    .some(({ tags }) => ids.includes(tags['hitl#downstream'] ?? ''))
  if (isShown) return undefined
  const until = openedAt + ACTIVATION_MS
  if (play.clock.now() < until + 500) return { kind: 'held', text: 'Held until the plugin listens', until }
  if (!isOpen) return { kind: 'lost', text: 'The session had ended: the customer doesn’t see it' }
  return { kind: 'waiting', text: 'Under way to the customer' }
}
