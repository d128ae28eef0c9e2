/** Compares what people wrote with what arrived at both sides, once everything has settled. */
import type { Seen } from '../../playground/botpress'
import { INJECTED_FAULT } from '../../playground/botpress/faults'
import type { SandboxEntry, SandboxTicket } from '../../providers/kit/sandbox'
import { AGENT_CLOSED, AGENT_JOINED, NOBODY_CAME, SESSION_ENDED } from '../../playground/botpress/plugin/texts'
import { EDITED, type PlayedHandoff, type Utterance } from './actors'
import { SESSION_LANGUAGES, sessionTexts } from '../../src/botpress/session-texts'
import { MARKS, ownTickets, sessionTagsOf, type TicketsOf } from './places'
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
  'waiting',
  'orphan',
  'undeleted',
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

type CaseTicket = SandboxTicket & { desk: string; isMergeTarget: boolean }

interface HandoffCase extends Evidence {
  played: PlayedHandoff
  /** The session's tickets: one, and what agents merged it into. */
  tickets: CaseTicket[]
  /** Tickets of this handoff that its session doesn't have, at all desks. */
  orphans: CaseTicket[]
  /** The session's Botpress conversation. */
  sessionId: string | undefined
  report(kind: ViolationKind, what: string): void
}

/** In the router's first note at Intercom. */
const REFERENCE = 'Handoff reference'
/** The router's note about undelivered messages. Its note about a ticket without a session reads differently. */
const NOT_DELIVERED = /w(?:as|ere) not delivered/

/** Vendors retry for less than this. An agent who holds a ticket for a shorter time may go unnoticed. */
const LAST_TRY_MS = 16 * 60_000
/** The router's name for an agent whose name the desk did not return in time. */
const UNKNOWN_AGENT = 'Agent'
/** Intercom shows whole seconds. */
const SECOND_MS = 1_000
/** A message this close to an end races with it. */
const CROSSING_MS = 5_000
/** What is scheduled for the customer can't be taken back. Nothing is scheduled further ahead. */
const UNSTOPPABLE_MS = 16_000
/** Tags record when the customer hears of the end. The router decided it up to this much earlier. */
const BEFORE_CLOSING_MS = 5_000

export const judge = (evidence: Evidence): Violation[] => {
  const violations: Violation[] = []
  for (const played of evidence.all) {
    const { handoff } = played.script
    const { bot, runtime } = evidence.stage.world.botpress
    const found = evidence.ticketsOf(handoff)
    const own = ownTickets(found, played.script, sessionTagsOf(bot, runtime, played.conversationId))
    const [tickets, orphans] = [own, found.filter((one) => !own.includes(one))].map((some) =>
      some.map(({ sandbox, ticket, isMergeTarget }): CaseTicket => ({ ...ticket, desk: sandbox.name, isMergeTarget }))
    ) as [CaseTicket[], CaseTicket[]]
    const sessionId = bot.downstreamOf(played.conversationId)
    const report = (kind: ViolationKind, what: string) => violations.push({ handoff, kind, what })
    const handoffCase: HandoffCase = { ...evidence, played, tickets, orphans, sessionId, report }
    _tickets(handoffCase)
    _orphans(handoffCase)
    if (played.started !== 'yes' || sessionId === undefined) continue
    if (played.forgottenAt !== undefined) {
      _forgotten(handoffCase, played.forgottenAt)
      continue
    }
    _toDesk(handoffCase)
    _toCustomer(handoffCase)
    _announcements(handoffCase)
    _ending(handoffCase)
    if (evidence.stage.chaos.injected.length > 0) continue
    _corrections(handoffCase)
    _analytics(handoffCase)
  }
  return violations
}

/** Words with which the router tells a customer of an edit or a deletion. */
const CHANGES = new RegExp(
  SESSION_LANGUAGES.map(sessionTexts)
    .flatMap(({ correction, withdrawn }) => [correction, withdrawn.split('{message}')[0] ?? correction])
    .map((words) => words.trim().replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('|')
)

const ENDINGS = new Set<string>([AGENT_CLOSED, SESSION_ENDED, NOBODY_CAME])

const HAS_PHOTO = /imageUrl/

const _isChange = (message: { payload: unknown }): boolean => CHANGES.test(JSON.stringify(message.payload))

const _marksIn = (text: string): string[] => text.match(MARKS) ?? []

/** Botpress gave up without an answer: the router may have opened a ticket and cannot know that the start failed. */
export const isStartUnknown = ({ started, refusal }: PlayedHandoff): boolean =>
  started === 'refused' && ['No answer', 'did not answer', INJECTED_FAULT].some((text) => refusal?.includes(text))

const _tickets = ({ played, tickets, report }: HandoffCase): void => {
  if (played.started === undefined) report('crashed', 'Start HITL never returned')
  if (played.forgottenAt !== undefined) return
  const expected = played.started === 'yes' ? 1 : 0
  const counted = tickets.filter(({ isMergeTarget }) => !isMergeTarget)
  const relevant = expected === 0 ? counted.filter(({ status }) => status === 'open') : counted
  if (relevant.length === expected || (relevant.length === 1 && isStartUnknown(played))) return
  const where = relevant.map(({ desk, id, status }) => `${desk} ${id} ${status}`).join(', ')
  report('tickets', `${relevant.length} instead of ${expected}: ${where}`)
}

/** A ticket without a session is closed, and whoever has written in it is told. */
const _orphans = ({ played, orphans, report }: HandoffCase): void => {
  if (isStartUnknown(played)) return
  for (const { desk, id, status, entries } of orphans) {
    if (status === 'open') report('orphan', `${desk} ${id} is still open`)
    const first = entries.findIndex(({ text }) => saysIn(played, text))
    // One note is enough: the ticket is closed with it.
    if (first >= 0 && !entries.some(({ kind }, index) => kind === 'note' && index > first))
      report('orphan', `nobody was told in ${desk} ${id} about ${_marksIn(entries[first]?.text ?? '').join(' ')}`)
  }
}

/** Whether this is what an agent said in the handoff. */
export const saysIn = ({ said }: PlayedHandoff, text: string): boolean =>
  said.some(({ by, mark }) => by === 'agent' && text.includes(mark))

const _isInOrphan = ({ orphans }: HandoffCase, said: Utterance): boolean =>
  orphans.some(({ desk, id }) => desk === said.desk && id === said.ticketId)

/** Botpress has forgotten the session's conversation: an agent who writes is told, and the ticket is closed. */
const _forgotten = ({ played, tickets, report }: HandoffCase, at: number): void => {
  // A ticket that the router did not open is nobody's once the session is forgotten that was merged into it.
  // Neither is a conversation at Intercom whose start died before our reference was in it.
  const own = new Set(
    tickets
      .filter(({ isMergeTarget }) => !isMergeTarget)
      .filter(({ desk, entries: all }) => desk !== 'intercom' || all.some(({ text }) => text.includes(REFERENCE)))
      .map(({ id }) => id)
  )
  const unheard = played.said.filter(
    (said) => said.by === 'agent' && said.at > at + CROSSING_MS && own.has(said.ticketId ?? '')
  )
  if (unheard.length === 0) return
  const entries = tickets.flatMap((ticket) => ticket.entries)
  if (!entries.some((entry) => entry.kind === 'note' && entry.at > at - SECOND_MS))
    report(
      'lost',
      `what agents wrote after Botpress had forgotten the conversation: ${unheard.map(({ mark }) => mark)}`
    )
  const open = tickets.filter(({ id, status }) => status === 'open' && own.has(id))
  if (open.length > 0) report('unsolved', `forgotten: ${open.map(({ desk, id }) => `${desk} ${id}`).join(', ')}`)
}

/** Customer messages reach the ticket once and in order. A message refused after the end isn't lost. */
const _toDesk = ({ stage, played, sessionId, tickets, ticketsOf, all, report }: HandoffCase): void => {
  const { runtime } = stage.world.botpress
  const expected = runtime.store.messagesOf(sessionId ?? '').filter((message) => message.direction === 'outgoing')
  const arrivals = tickets.flatMap(({ desk, id, entries, isMergeTarget }) =>
    // Where tickets are merged, the agent who does it quotes the last words.
    entries
      .filter(({ kind }) => !isMergeTarget || kind === 'customer')
      .flatMap((entry) => _marksIn(entry.text).map((mark) => ({ mark, entry, place: `${desk} ${id}` })))
  )
  const order: string[] = []
  for (const message of expected) {
    const [mark] = _marksIn(JSON.stringify(message.payload))
    if (mark === undefined) continue
    const found = arrivals.filter((arrival) => arrival.mark === mark)
    if (found.length === 0) {
      if (!_isRefused(stage, sessionId ?? '', message.id)) report('lost', `the customer’s ${mark} (${message.id})`)
      continue
    }
    order.push(mark)
    // A desk may copy what was said before into the ticket that another one is merged into.
    if (found.length > new Set(found.map(({ place }) => place)).size)
      report('duplicated', `the customer’s ${mark}, ${found.length} times`)
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
  const everything = bot.seen(played.conversationId)
  _changes(everything.filter(_isChange), report)
  const seen = everything.filter((message) => !_isChange(message))
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
    if (_isInOrphan(handoffCase, said)) {
      if (found.length > 0) report('misrouted', `${said.mark}, written in an orphan, was shown to the customer`)
      continue
    }
    if (found.length === 0) {
      // What an agent has deleted may be gone.
      if (said.deletedAt === undefined && !_failedAtPlugin(handoffCase, said)) undelivered.push(said)
      continue
    }
    const lateMs = (found[0]?.message.at ?? 0) - (said.deletedAt ?? Number.POSITIVE_INFINITY)
    if (lateMs > UNSTOPPABLE_MS)
      report('undeleted', `${said.mark} was shown ${lateMs} ms after ${said.name} deleted it`)
    order.push(said.mark)
    if (found.length > 1) report('duplicated', `the agent’s ${said.mark}, ${found.length} times`)
    const isNamed = entries.some(({ kind, text }) => kind === 'note' && text.includes('did not get the file'))
    if (said.hasFile && !isNamed && !found.some(({ message }) => HAS_PHOTO.test(JSON.stringify(message.payload))))
      report('lost', `the file of the agent’s ${said.mark}`)
    for (const { message } of found) {
      if (message.from !== 'agent') report('wrong agent', `${said.mark} appeared as ${message.from}`)
      else if (message.name !== said.name && message.name !== UNKNOWN_AGENT && !_isNameless(stage, message))
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

/** Where nothing fails, an agent's edit of what the customer has follows it, unless the session ends meanwhile. */
const _corrections = ({ stage, played, report }: HandoffCase): void => {
  const seen = stage.world.botpress.bot.seen(played.conversationId)
  const endedAt = Math.min(
    ...played.ends.map(({ at }) => at),
    ...seen.filter(({ text }) => ENDINGS.has(text)).map(({ at }) => at)
  )
  for (const { mark, name, editedAt, deletedAt } of played.said) {
    if (editedAt === undefined || deletedAt !== undefined || editedAt > endedAt - CROSSING_MS) continue
    const shown = seen.map(({ payload }) => JSON.stringify(payload)).filter((payload) => payload.includes(mark))
    if (shown.length > 0 && !shown.some((payload) => payload.includes(EDITED)))
      report('lost', `the correction of ${name}’s ${mark}`)
  }
}

/** Where nothing fails, the bot learns of each agent, of the first answer and of the end for analytics, once. */
const _analytics = ({ stage, sessionId, report }: HandoffCase): void => {
  const events = stage.world.botpress.runtime.store.events
    .withTags({})
    .filter(({ payload }) => payload['hitlConversationId'] === sessionId)
  const count = (type: string) => events.filter((event) => event.type === type).length
  const isEnded = _closed(stage, sessionId ?? '') !== undefined
  if (count('handoffEnded') !== (isEnded ? 1 : 0)) report('ended', `${count('handoffEnded')} summaries for analytics`)
  if (count('handoffAnswered') > 1) report('duplicated', `the first answer, ${count('handoffAnswered')} times`)
  const agents = events.filter(({ type }) => type === 'handoffAssigned').map(({ payload }) => payload['agentId'])
  if (new Set(agents).size < agents.length) report('duplicated', `agents for analytics: ${agents.join(', ')}`)
}

/** A change of a message is told once. */
const _changes = (changes: Seen[], report: HandoffCase['report']): void => {
  const told = changes.map(({ payload }) => JSON.stringify(payload))
  for (const one of new Set(told)) {
    const times = told.filter((other) => other === one).length
    if (times > 1) report('duplicated', `the change of ${_marksIn(one).join(' ')}, ${times} times`)
  }
}

/** Botpress forgot the agent's user while the plugin was about to show what they wrote. */
const _failedAtPlugin = ({ stage, sessionId }: HandoffCase, { mark }: Utterance): boolean => {
  const { store, deliveries } = stage.world.botpress.runtime
  const message = store.messagesOf(sessionId ?? '').find(({ payload }) => JSON.stringify(payload).includes(mark))
  if (!message || store.users.get(message.userId)) return false
  return deliveries.some(({ to, id, status }) => to === 'bot' && id === message.id && status === 500)
}

/**
 * How many announcements failed at the plugin since Botpress had forgotten the agent's user: by their event, or by the
 * session's first message.
 */
const _failedAnnouncements = ({ stage, sessionId }: HandoffCase): number => {
  const { store, deliveries } = stage.world.botpress.runtime
  const isForgotten = (userId: unknown): boolean => store.users.get(String(userId)) === undefined
  const events = store.events.withTags({}).filter(({ type, status, payload }) => {
    const isOwn = type === 'hitlAssigned' && payload['conversationId'] === sessionId
    return isOwn && status === 'failed' && isForgotten(payload['userId'])
  })
  const messages = store.messagesOf(sessionId ?? '').filter(({ id, userId, direction }) => {
    const hasFailed = deliveries.some(
      (delivery) => delivery.to === 'bot' && delivery.id === id && delivery.status === 500
    )
    return direction === 'incoming' && hasFailed && isForgotten(userId)
  })
  return events.length + messages.length
}

const _isNameless = ({ plugin }: Stage, { name }: Seen): boolean =>
  name === undefined && plugin.useHumanAgentInfo === false

/** Exactly one note names each undelivered message. No note names a delivered one, except in a race with the end. */
const _failureNotes = (
  handoffCase: HandoffCase,
  entries: SandboxEntry[],
  undelivered: Utterance[],
  shownAt: (said: Utterance) => number
): void => {
  const { played, report, stage } = handoffCase
  const closings = stage.world.botpress.bot
    .seen(played.conversationId)
    .filter(({ text }) => text === AGENT_CLOSED || text === SESSION_ENDED || text === NOBODY_CAME)
  const ends = [...played.ends, ...closings].map(({ at }) => at)
  const noted = entries.flatMap(({ kind, text }) =>
    kind === 'note' && NOT_DELIVERED.test(text) && !CHANGES.test(text) ? _marksIn(text) : []
  )
  for (const said of played.said) {
    if (said.by !== 'agent') continue
    if (_isInOrphan(handoffCase, said)) continue
    const times = noted.filter((mark) => mark === said.mark).length
    const isLost = undelivered.includes(said)
    if (isLost && times === 0) report('lost', `the agent’s ${said.mark}, without a note to ${said.name}`)
    if (isLost && times > 1)
      report('wrong note', `${times} notes to ${said.name} say that ${said.mark} was not delivered`)
    const isCrossing = (at: number): boolean => ends.some((end) => Math.abs(at - end) < CROSSING_MS)
    const isShown = !Number.isNaN(shownAt(said))
    if (
      isShown &&
      !isLost &&
      said.deletedAt === undefined &&
      times > 0 &&
      !isCrossing(said.at) &&
      !isCrossing(shownAt(said))
    )
      report('wrong note', `a note to ${said.name} says that ${said.mark} was not delivered, but it was`)
  }
}

const _announcements = (handoffCase: HandoffCase): void => {
  const { stage, played, report } = handoffCase
  const seen = stage.world.botpress.bot.seen(played.conversationId)
  const joined = seen.filter(({ text }) => text === AGENT_JOINED).length
  const shown = new Set(seen.flatMap(({ payload }) => _marksIn(JSON.stringify(payload))))
  const wrote = new Set(
    played.said.flatMap(({ by, mark, name }) => (by === 'agent' && shown.has(mark) ? (name ?? []) : []))
  )
  const possible = new Set([
    ...wrote,
    ...played.takes.map(({ name }) => name),
    ...played.said.flatMap(({ name }) => name ?? []),
  ])
  // The plugin ends a session, too, when nobody has come in time.
  const nobodyCameAt = seen.find(({ text }) => text === NOBODY_CAME)?.at ?? Number.POSITIVE_INFINITY
  const endedAt = Math.min(played.ends[0]?.at ?? Number.POSITIVE_INFINITY, nobodyCameAt)
  const certain = new Set([
    ...wrote,
    // Slack has no reassignment: a second claim has no effect.
    ...played.takes
      .filter(({ desk }) => desk !== 'slack' && !played.script.anyDesk)
      .filter(({ at }) => at + LAST_TRY_MS < endedAt)
      // The router may never see an assignee who was replaced soon and wrote nothing.
      .filter(({ at }) => !played.takes.some((other) => other.at > at && other.at < at + LAST_TRY_MS))
      .map(({ name }) => name),
  ])
  if (joined + _failedAnnouncements(handoffCase) < certain.size || joined > possible.size)
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
  if (stage.plugin.flowOnHitlStopped === false && continued > 0) report('ended', 'the flow continued')
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
