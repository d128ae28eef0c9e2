/** Compares what was said with what arrived, on both sides, once everything has settled. */
import type { SandboxEntry, SandboxTicket } from '../../providers/kit/sandbox'
import { AGENT_CLOSED, AGENT_JOINED, SESSION_ENDED } from '../../playground/botpress/plugin/texts'
import { MARKS, type Played, type Said, type TicketsOf } from './actors'
import type { Stage } from './stage'

export const VIOLATIONS = [
  'lost',
  'doubled',
  'reordered',
  'misrouted',
  'wrong agent',
  'announced',
  'ended',
  'tickets',
  'customer as bot',
  'leaked',
  'unsolved',
  'untold',
  'late answer',
  'crashed',
] as const
export type ViolationKind = (typeof VIOLATIONS)[number]

export interface Violation {
  handoff: number
  kind: ViolationKind
  what: string
}

interface Evidence {
  stage: Stage
  ticketsOf: TicketsOf
  all: Played[]
}

interface Case extends Evidence {
  played: Played
  /** Every ticket of this handoff, at all desks. */
  tickets: (SandboxTicket & { desk: string })[]
  /** The session's Botpress conversation. */
  sessionId: string | undefined
  report(kind: ViolationKind, what: string): void
}

/** As the router tells an agent; that a ticket as a whole reaches nobody any more is another note. */
const NOT_DELIVERED = /w(?:as|ere) not delivered/

/** An agent who took a ticket and wrote nothing is certain to be announced only if the session outlasts the vendor's last try at saying so. */
const LAST_TRY_MS = 16 * 60_000
/** Whom the desk did not name in time: nobody is taken for somebody else. */
const NAMELESS = 'Agent'
const CROSSING_MS = 5_000
/** What is decided is written down with the moment at which the customer hears of it. */
const BEFORE_CLOSING_MS = 5_000

export const judge = (evidence: Evidence): Violation[] => {
  const violations: Violation[] = []
  for (const played of evidence.all) {
    const { handoff } = played.script
    const tickets = evidence.ticketsOf(handoff).map(({ sandbox, ticket }) => ({ ...ticket, desk: sandbox.name }))
    const sessionId = evidence.stage.world.botpress.bot.downstreamOf(played.conversationId)
    const report = (kind: ViolationKind, what: string) => violations.push({ handoff, kind, what })
    const one: Case = { ...evidence, played, tickets, sessionId, report }
    _tickets(one)
    if (played.started !== 'yes' || sessionId === undefined) continue
    _toDesk(one)
    _toCustomer(one)
    _announcements(one)
    _ending(one)
  }
  return violations
}

const _marksIn = (text: string): string[] => text.match(MARKS) ?? []

/** Botpress gave up asking while it heard no answer: the router may have opened the ticket, and cannot know that nobody listens. */
const _isUnheard = ({ started, refusal }: Played): boolean =>
  started === 'refused' && /No answer|did not answer|by an injected fault/.test(refusal ?? '')

const _tickets = ({ played, tickets, report }: Case): void => {
  if (played.started === undefined) report('crashed', 'Start HITL never returned')
  const expected = played.started === 'yes' ? 1 : 0
  const left = expected === 0 ? tickets.filter(({ status }) => status === 'open') : tickets
  if (left.length === expected || (left.length === 1 && _isUnheard(played))) return
  const where = left.map(({ desk, id, status }) => `${desk} ${id} ${status}`).join(', ')
  report('tickets', `${left.length} instead of ${expected}: ${where}`)
}

/** What the plugin wrote into the session's conversation, in its order; refused after the end is told, not lost. */
const _toDesk = ({ stage, played, sessionId, tickets, ticketsOf, all, report }: Case): void => {
  const { runtime } = stage.world.botpress
  const expected = runtime.store.messagesOf(sessionId ?? '').filter((message) => message.direction === 'outgoing')
  const arrivals = tickets.flatMap(({ entries }) =>
    entries.flatMap((entry) => _marksIn(entry.text).map((mark) => ({ mark, entry })))
  )
  const order: string[] = []
  for (const message of expected) {
    const [mark] = _marksIn(String(message.payload['text'] ?? ''))
    if (mark === undefined) continue
    const found = arrivals.filter((arrival) => arrival.mark === mark)
    if (found.length === 0) {
      if (!_isRefused(stage, sessionId ?? '', message.id)) report('lost', `the customer’s ${mark} (${message.id})`)
      continue
    }
    order.push(mark)
    if (found.length > 1) report('doubled', `the customer’s ${mark}, ${found.length} times`)
    if (found.some(({ entry }) => entry.kind !== 'customer'))
      report('customer as bot', `${mark} came as ${found.map(({ entry }) => entry.kind).join(', ')}`)
  }
  const seen = arrivals.map(({ mark }) => mark).filter((mark) => order.includes(mark))
  const first = [...new Set(seen)]
  if (first.join() !== order.join())
    report('reordered', `to the desk: ${first.join(' ')} instead of ${order.join(' ')}`)
  for (const other of all) {
    if (other === played) continue
    for (const { ticket } of ticketsOf(other.script.handoff)) {
      const astray = ticket.entries
        .flatMap(({ text }) => _marksIn(text))
        .filter((mark) => played.said.some((said) => said.mark === mark))
      if (astray.length > 0) report('misrouted', `${astray.join(' ')} in the ticket of handoff ${other.script.handoff}`)
    }
  }
}

/** The handler threw, at a time when the session had ended: the bot’s log says so, and the plugin sends no more. */
const _isRefused = (stage: Stage, sessionId: string, messageId: string): boolean => {
  const { runtime } = stage.world.botpress
  const closedAt = _closed(stage, sessionId)?.at
  const outcomes = runtime.deliveries.filter(
    ({ kind, to, id }) => kind === 'message' && to === 'integration' && id === messageId
  )
  return closedAt !== undefined && outcomes.some(({ status, at }) => status === 400 && at >= closedAt)
}

/** Who ended the session first and when, as its tags have it. */
const _closed = (stage: Stage, sessionId: string): { by: 'agent' | 'bot'; at: number } | undefined => {
  const tags = stage.world.botpress.runtime.store.conversations.get(sessionId)?.tags
  const endOf = (by: 'agent' | 'bot') => Date.parse(tags?.[`desk:${by}EndedAt`] ?? '') - BEFORE_CLOSING_MS
  const [agent, bot] = [endOf('agent'), endOf('bot')]
  if (Number.isNaN(agent)) return Number.isNaN(bot) ? undefined : { by: 'bot', at: bot }
  return { by: 'agent', at: Number.isNaN(bot) ? agent : Math.min(agent, bot) }
}

const _toCustomer = (one: Case): void => {
  const { stage, played, tickets, all, report } = one
  const { bot } = stage.world.botpress
  const seen = bot.seen(played.conversationId)
  const arrivals = seen.flatMap((message) =>
    _marksIn(JSON.stringify(message.payload)).map((mark) => ({ mark, message }))
  )
  const entries = tickets.flatMap((ticket) => ticket.entries)
  const undelivered: Said[] = []
  const order: string[] = []
  for (const said of played.said) {
    const found = arrivals.filter(({ mark }) => mark === said.mark)
    if (said.by === 'note' || said.by === 'vendor-bot' || said.by === 'mail') {
      if (found.length > 0) report('leaked', `${said.by} ${said.mark}`)
    }
    if (said.by !== 'agent') continue
    if (found.length === 0) {
      undelivered.push(said)
      continue
    }
    order.push(said.mark)
    if (found.length > 1) report('doubled', `the agent’s ${said.mark}, ${found.length} times`)
    for (const { message } of found) {
      if (message.from !== 'agent') report('wrong agent', `${said.mark} appeared as ${message.from}`)
      else if (message.name !== said.name && message.name !== NAMELESS)
        report('wrong agent', `${said.mark} by ${said.name} appeared as ${message.name}`)
    }
  }
  const shownAt = (said: Said): number => arrivals.find(({ mark }) => mark === said.mark)?.message.at ?? Number.NaN
  _told(one, entries, undelivered, shownAt)
  const first = [...new Set(arrivals.map(({ mark }) => mark))].filter((mark) => order.includes(mark))
  if (first.join() !== order.join())
    report('reordered', `to the customer: ${first.join(' ')} instead of ${order.join(' ')}`)
  for (const other of all) {
    if (other === played) continue
    const astray = bot
      .seen(other.conversationId)
      .flatMap(({ payload }) => _marksIn(JSON.stringify(payload)))
      .filter((mark) => played.said.some((said) => said.mark === mark))
    if (astray.length > 0)
      report('misrouted', `${astray.join(' ')} shown to the customer of handoff ${other.script.handoff}`)
  }
}

/** Each message that did not reach the customer is named by a note that says so; no note says so of another one, unless it crossed with the end. */
const _told = (
  { played, report, stage }: Case,
  entries: SandboxEntry[],
  undelivered: Said[],
  shownAt: (said: Said) => number
): void => {
  const closings = stage.world.botpress.bot
    .seen(played.conversationId)
    .filter(({ text }) => text === AGENT_CLOSED || text === SESSION_ENDED)
  const ends = [...played.ends, ...closings].map(({ at }) => at)
  const told = entries.flatMap(({ kind, text }) => (kind === 'note' && NOT_DELIVERED.test(text) ? _marksIn(text) : []))
  for (const said of played.said) {
    if (said.by !== 'agent') continue
    const times = told.filter((mark) => mark === said.mark).length
    const isLost = undelivered.includes(said)
    if (isLost && times === 0) report('lost', `the agent’s ${said.mark}, and nobody told ${said.name}`)
    if (isLost && times > 1)
      report('untold', `${said.name} was told ${times} times that ${said.mark} was not delivered`)
    const crosses = (at: number): boolean => ends.some((end) => Math.abs(at - end) < CROSSING_MS)
    if (!isLost && times > 0 && !crosses(said.at) && !crosses(shownAt(said)))
      report('untold', `${said.name} was told that ${said.mark} was not delivered, but it was`)
  }
}

const _announcements = ({ stage, played, report }: Case): void => {
  const seen = stage.world.botpress.bot.seen(played.conversationId)
  const joined = seen.filter(({ text }) => text === AGENT_JOINED).length
  const wrote = new Set(seen.filter(({ from }) => from === 'agent').map(({ name }) => name))
  const possible = new Set([
    ...wrote,
    ...played.takes.map(({ name }) => name),
    ...played.said.flatMap(({ name }) => name ?? []),
  ])
  const endedAt = played.ends[0]?.at ?? Number.POSITIVE_INFINITY
  const certain = new Set([
    ...wrote,
    // Claiming what somebody has claimed has no effect at a desk that knows no reassignment.
    ...(played.script.desk === 'slack' ? [] : played.takes)
      .filter(({ at }) => at + LAST_TRY_MS < endedAt)
      // Who had it for a moment and wrote nothing is past when the desk is asked who has it.
      .filter(({ at }) => !played.takes.some((other) => other.at > at && other.at < at + LAST_TRY_MS))
      .map(({ name }) => name),
  ])
  if (joined < certain.size || joined > possible.size)
    report(
      'announced',
      `${joined} times, with ${[...certain].join(', ') || 'nobody'} certain and ${[...possible].join(', ') || 'nobody'} possible`
    )
}

const _ending = ({ stage, played, sessionId, tickets, report }: Case): void => {
  const { bot, runtime } = stage.world.botpress
  const seen = bot.seen(played.conversationId)
  const closed = seen.filter(({ text }) => text === AGENT_CLOSED).length
  const ended = seen.filter(({ text }) => text === SESSION_ENDED).length
  const continued = bot.continued.filter(({ conversationId }) => conversationId === played.conversationId).length
  if (bot.isActive(played.conversationId)) report('ended', 'never: the customer still waits')
  if (closed > 1 || ended > 1) report('ended', `the customer was told ${closed + ended} times`)
  if (continued > 1 && closed + ended < 2) report('ended', `the flow went on ${continued} times`)
  const stops = runtime.store.events
    .withTags({})
    .filter(({ type, payload }) => type === 'hitlStopped' && payload['conversationId'] === sessionId)
  if (stops.length > 1 && closed > 1) report('ended', `${stops.length} hitlStopped were emitted`)
  const last = seen.findLastIndex(({ from }) => from === 'agent')
  const end = seen.findIndex(({ text }) => text === AGENT_CLOSED)
  if (end !== -1 && last > end) report('ended', 'before the agent’s last message')
  const open = tickets.filter(({ status }) => status === 'open')
  if (open.length > 0 && _closed(stage, sessionId ?? '')?.by === 'bot' && !_wasReopened(played))
    report('unsolved', open.map(({ desk, id }) => `${desk} ${id}`).join(', '))
}

const _wasReopened = (played: Played): boolean =>
  played.script.steps.some(({ move }) => move === 'agent-reopens' || move === 'customer-mails')
