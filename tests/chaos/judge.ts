/** Compares what people wrote with what arrived at both sides, once everything has settled. */
import { INJECTED_FAULT } from '../../playground/botpress/faults'
import type { SandboxEntry, SandboxTicket } from '../../providers/kit/sandbox'
import { AGENT_CLOSED, AGENT_JOINED, SESSION_ENDED } from '../../playground/botpress/plugin/texts'
import { MARKS, type PlayedHandoff, type Utterance, type TicketsOf } from './actors'
import type { Stage } from './stage'

export const VIOLATIONS = [
  'lost',
  'duplicated',
  'reordered',
  'misrouted',
  'wrong agent',
  'announced',
  'ended',
  'tickets',
  'customer as bot',
  'leaked',
  'unsolved',
  'wrong note',
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
  all: PlayedHandoff[]
}

interface HandoffCase extends Evidence {
  played: PlayedHandoff
  /** Every ticket of this handoff, at all desks. */
  tickets: (SandboxTicket & { desk: string })[]
  /** The session's Botpress conversation. */
  sessionId: string | undefined
  report(kind: ViolationKind, what: string): void
}

/** The router's note about undelivered messages. Its note about a ticket without a session reads differently. */
const NOT_DELIVERED = /w(?:as|ere) not delivered/

/** Vendors retry for less than this. An agent who holds a ticket for a shorter time may go unnoticed. */
const LAST_TRY_MS = 16 * 60_000
/** The router's name for an agent whose name the desk did not return in time. */
const UNKNOWN_AGENT = 'Agent'
/** A message this close to an end races with it. */
const CROSSING_MS = 5_000
/** Tags record when the customer hears of the end. The router decided it up to this much earlier. */
const BEFORE_CLOSING_MS = 5_000

export const judge = (evidence: Evidence): Violation[] => {
  const violations: Violation[] = []
  for (const played of evidence.all) {
    const { handoff } = played.script
    const tickets = evidence.ticketsOf(handoff).map(({ sandbox, ticket }) => ({ ...ticket, desk: sandbox.name }))
    const sessionId = evidence.stage.world.botpress.bot.downstreamOf(played.conversationId)
    const report = (kind: ViolationKind, what: string) => violations.push({ handoff, kind, what })
    const handoffCase: HandoffCase = { ...evidence, played, tickets, sessionId, report }
    _tickets(handoffCase)
    if (played.started !== 'yes' || sessionId === undefined) continue
    _toDesk(handoffCase)
    _toCustomer(handoffCase)
    _announcements(handoffCase)
    _ending(handoffCase)
  }
  return violations
}

const _marksIn = (text: string): string[] => text.match(MARKS) ?? []

/** Botpress gave up without an answer: the router may have opened a ticket and cannot know that the start failed. */
const _isStartUnknown = ({ started, refusal }: PlayedHandoff): boolean =>
  started === 'refused' && ['No answer', 'did not answer', INJECTED_FAULT].some((text) => refusal?.includes(text))

const _tickets = ({ played, tickets, report }: HandoffCase): void => {
  if (played.started === undefined) report('crashed', 'Start HITL never returned')
  const expected = played.started === 'yes' ? 1 : 0
  const relevant = expected === 0 ? tickets.filter(({ status }) => status === 'open') : tickets
  if (relevant.length === expected || (relevant.length === 1 && _isStartUnknown(played))) return
  const where = relevant.map(({ desk, id, status }) => `${desk} ${id} ${status}`).join(', ')
  report('tickets', `${relevant.length} instead of ${expected}: ${where}`)
}

/** Customer messages reach the ticket once and in order. A message refused after the end isn't lost. */
const _toDesk = ({ stage, played, sessionId, tickets, ticketsOf, all, report }: HandoffCase): void => {
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
    if (found.length > 1) report('duplicated', `the customer’s ${mark}, ${found.length} times`)
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
      const misrouted = ticket.entries
        .flatMap(({ text }) => _marksIn(text))
        .filter((mark) => played.said.some((said) => said.mark === mark))
      if (misrouted.length > 0)
        report('misrouted', `${misrouted.join(' ')} in the ticket of handoff ${other.script.handoff}`)
    }
  }
}

/** Whether the router refused the message because the session had ended. The bot's log says so. */
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

const _toCustomer = (handoffCase: HandoffCase): void => {
  const { stage, played, tickets, all, report } = handoffCase
  const { bot } = stage.world.botpress
  const seen = bot.seen(played.conversationId)
  const arrivals = seen.flatMap((message) =>
    _marksIn(JSON.stringify(message.payload)).map((mark) => ({ mark, message }))
  )
  const entries = tickets.flatMap((ticket) => ticket.entries)
  const undelivered: Utterance[] = []
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
    if (found.length > 1) report('duplicated', `the agent’s ${said.mark}, ${found.length} times`)
    for (const { message } of found) {
      if (message.from !== 'agent') report('wrong agent', `${said.mark} appeared as ${message.from}`)
      else if (message.name !== said.name && message.name !== UNKNOWN_AGENT)
        report('wrong agent', `${said.mark} by ${said.name} appeared as ${message.name}`)
    }
  }
  const shownAt = (said: Utterance): number => arrivals.find(({ mark }) => mark === said.mark)?.message.at ?? Number.NaN
  _failureNotes(handoffCase, entries, undelivered, shownAt)
  const first = [...new Set(arrivals.map(({ mark }) => mark))].filter((mark) => order.includes(mark))
  if (first.join() !== order.join())
    report('reordered', `to the customer: ${first.join(' ')} instead of ${order.join(' ')}`)
  for (const other of all) {
    if (other === played) continue
    const misrouted = bot
      .seen(other.conversationId)
      .flatMap(({ payload }) => _marksIn(JSON.stringify(payload)))
      .filter((mark) => played.said.some((said) => said.mark === mark))
    if (misrouted.length > 0)
      report('misrouted', `${misrouted.join(' ')} shown to the customer of handoff ${other.script.handoff}`)
  }
}

/** Exactly one note names each undelivered message. No note names a delivered one, except in a race with the end. */
const _failureNotes = (
  { played, report, stage }: HandoffCase,
  entries: SandboxEntry[],
  undelivered: Utterance[],
  shownAt: (said: Utterance) => number
): void => {
  const closings = stage.world.botpress.bot
    .seen(played.conversationId)
    .filter(({ text }) => text === AGENT_CLOSED || text === SESSION_ENDED)
  const ends = [...played.ends, ...closings].map(({ at }) => at)
  const noted = entries.flatMap(({ kind, text }) => (kind === 'note' && NOT_DELIVERED.test(text) ? _marksIn(text) : []))
  for (const said of played.said) {
    if (said.by !== 'agent') continue
    const times = noted.filter((mark) => mark === said.mark).length
    const isLost = undelivered.includes(said)
    if (isLost && times === 0) report('lost', `the agent’s ${said.mark}, without a note to ${said.name}`)
    if (isLost && times > 1)
      report('wrong note', `${times} notes to ${said.name} say that ${said.mark} was not delivered`)
    const isCrossing = (at: number): boolean => ends.some((end) => Math.abs(at - end) < CROSSING_MS)
    if (!isLost && times > 0 && !isCrossing(said.at) && !isCrossing(shownAt(said)))
      report('wrong note', `a note to ${said.name} says that ${said.mark} was not delivered, but it was`)
  }
}

const _announcements = ({ stage, played, report }: HandoffCase): void => {
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
    // Slack has no reassignment: a second claim has no effect.
    ...(played.script.desk === 'slack' ? [] : played.takes)
      .filter(({ at }) => at + LAST_TRY_MS < endedAt)
      // The router may never see an assignee who was replaced soon and wrote nothing.
      .filter(({ at }) => !played.takes.some((other) => other.at > at && other.at < at + LAST_TRY_MS))
      .map(({ name }) => name),
  ])
  if (joined < certain.size || joined > possible.size)
    report(
      'announced',
      `${joined} times; certain: ${[...certain].join(', ') || 'none'}; possible: ${[...possible].join(', ') || 'none'}`
    )
}

const _ending = ({ stage, played, sessionId, tickets, report }: HandoffCase): void => {
  const { bot, runtime } = stage.world.botpress
  const seen = bot.seen(played.conversationId)
  const closed = seen.filter(({ text }) => text === AGENT_CLOSED).length
  const ended = seen.filter(({ text }) => text === SESSION_ENDED).length
  const continued = bot.continued.filter(({ conversationId }) => conversationId === played.conversationId).length
  if (bot.isActive(played.conversationId)) report('ended', 'never: the session is still open')
  if (closed > 1 || ended > 1) report('ended', `the customer was notified ${closed + ended} times`)
  if (continued > 1 && closed + ended < 2) report('ended', `the flow continued ${continued} times`)
  const stops = runtime.store.events
    .withTags({})
    .filter(({ type, payload }) => type === 'hitlStopped' && payload['conversationId'] === sessionId)
  if (stops.length > 1 && closed > 1) report('ended', `${stops.length} hitlStopped events`)
  const last = seen.findLastIndex(({ from }) => from === 'agent')
  const end = seen.findIndex(({ text }) => text === AGENT_CLOSED)
  if (end !== -1 && last > end) report('ended', 'before the agent’s last message')
  const open = tickets.filter(({ status }) => status === 'open')
  if (open.length > 0 && _closed(stage, sessionId ?? '')?.by === 'bot' && !_wasReopened(played))
    report('unsolved', open.map(({ desk, id }) => `${desk} ${id}`).join(', '))
}

const _wasReopened = (played: PlayedHandoff): boolean =>
  played.script.steps.some(({ move }) => move === 'agent-reopens' || move === 'customer-mails')
