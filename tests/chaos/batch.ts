/** Plays a few handoffs in one world and judges the outcome. */
import { createActors, CUSTOMERS_PHOTO, PHOTO, type PlayedHandoff } from './actors'
import { judge, isStartUnknown, saysIn, type Violation } from './judge'
import { MARKS, orphansOf, sessionTagsOf, type FoundTicket, type TicketsOf } from './places'
import { createRandom } from './random'
import type { Weather } from './kinds'
import type { InjectedFault } from './chaos'
import { vendorTimeoutMs } from './deliveries'
import type { Interceptor } from './instances'
import { makeScript, type Script } from './script'
import { createStage, type Stage } from './stage'
import { AGENT_CLOSED, NOBODY_CAME, SESSION_ENDED } from '../../playground/botpress/plugin/texts'
import { traceOf } from './trace'

export interface BatchOptions {
  seed: string
  /** Number of the first handoff. */
  first: number
  count: number
  desks: string[]
  weather: Weather
  /** Replaces the scripts made from the seed and the handoff numbers. */
  scripts?: Script[]
  /** Keys of faults to leave out. */
  without?: string[]
  intercept?: Interceptor
  /** Number of the handoff to trace. */
  trace?: number
}

export interface BatchResult {
  handoffs: number
  messages: number
  refused: number
  faults: Record<string, number>
  injected: InjectedFault[]
  violations: Violation[]
  /** Handoffs that another desk than the first one has taken. */
  failedOver: number
  /** Tickets without a session. */
  orphans: number
  ticketsMost: number
  longestAnswer: { ms: number; desk: string }
  trace: string[]
}

/** Longer than any vendor retries a webhook and than any delayed work of the router. */
const SETTLING_MS = 20 * 60_000
const BETWEEN_MS = 15_000

export const runBatch = async (options: BatchOptions): Promise<BatchResult> => {
  const { first, count, desks, seed } = options
  const scripts =
    options.scripts ??
    Array.from({ length: count }, (_, index) => makeScript(seed, first + index, desks, options.weather))
  const stage = await createStage({
    seed: `${seed}/batch ${first}`,
    desks,
    weather: options.weather,
    without: new Set(options.without),
    ...(options.intercept ? { intercept: options.intercept } : {}),
  })
  return play(stage, scripts, options.trace)
}

/** Plays and judges the handoffs on this stage, then closes the stage. `trace` is the number of one of them. */
export const play = async (stage: Stage, scripts: Script[], trace?: number): Promise<BatchResult> => {
  const rejections: string[] = []
  const onRejection = (reason: unknown): void => {
    rejections.push(reason instanceof Error ? (reason.stack ?? reason.message) : String(reason))
  }
  process.on('unhandledRejection', onRejection)
  try {
    return await _play(stage, scripts, rejections, trace)
  } finally {
    await stage.close()
    process.off('unhandledRejection', onRejection)
  }
}

const _play = async (
  stage: Stage,
  scripts: Script[],
  rejections: string[],
  trace: number | undefined
): Promise<BatchResult> => {
  const { clock, chaos, world, webhooks } = stage
  const { bot } = world.botpress
  world.web.publish(CUSTOMERS_PHOTO, PHOTO)
  const actors = createActors(bot, world.botpress.runtime, world.sandboxes, clock)
  const all = scripts.map((script) => actors.open(script))
  chaos.isActive = true
  const hangs: string[] = []
  const plays = Promise.all(all.map((played) => actors.play(played)))
  await clock.run(Promise.all([plays, stage.disturb(plays)])).catch((error: unknown) => {
    hangs.push(error instanceof Error ? error.message : String(error))
  })
  chaos.isActive = false
  await clock.drain(SETTLING_MS)
  const waiting = await _closeAll(stage, actors, all)

  const ticketsOf = actors.allTickets()
  const violations = [...waiting, ...judge({ stage, ticketsOf, all })]
  const [{ script } = { script: { handoff: 0 } }] = all
  for (const what of [...hangs, ...rejections]) violations.push({ handoff: script.handoff, kind: 'crashed', what })
  // In real time the answer time depends on the machine, so it proves nothing.
  for (const { desk, ms } of stage.weather.kill === 0 ? webhooks.answers : []) {
    const what = `answered ${desk} after ${ms} ms; it waits ${vendorTimeoutMs(desk)} ms`
    if (ms >= vendorTimeoutMs(desk)) violations.push({ handoff: script.handoff, kind: 'late answer', what })
  }
  const faults: Record<string, number> = {}
  const moved = all.flatMap((played) => played.moved)
  for (const kind of [...chaos.injected.map((fault) => fault.kind), ...moved]) faults[kind] = (faults[kind] ?? 0) + 1
  const desksOf = all.flatMap(({ script, conversationId, started }) =>
    script.anyDesk && started === 'yes' ? [sessionTagsOf(bot, world.botpress.runtime, conversationId).desk] : []
  )
  const longest = webhooks.answers.reduce((most, answer) => (answer.ms > most.ms ? answer : most), { ms: 0, desk: '' })
  return {
    handoffs: all.length,
    messages: all.reduce(
      (sum, { said }) => sum + said.filter(({ by }) => by === 'customer' || by === 'agent').length,
      0
    ),
    refused: all.filter(({ started }) => started === 'refused').length,
    faults,
    injected: chaos.injected,
    violations,
    failedOver: desksOf.filter((desk) => desk !== stage.order[0]).length,
    orphans: orphansOf(stage, ticketsOf, all).length,
    ticketsMost: Math.max(0, ...all.map(({ script: { handoff } }) => ticketsOf(handoff).length)),
    longestAnswer: { ms: longest.ms, desk: longest.desk },
    trace: all.flatMap((played) => (played.script.handoff === trace ? traceOf(stage, ticketsOf, played) : [])),
  }
}

/**
 * Ends everything in calm weather. The router finds a webhook that a vendor gave up with the next event of the ticket,
 * and sends what its outbox holds with the next event of the session, from either side. So every ticket gets one more
 * event, and in half of the batches an agent speaks first. Agents end the sessions that are still open.
 *
 * Returns what still waits although an agent has spoken, and agents' words in orphans that nobody has answered.
 */
const _closeAll = async (
  stage: Stage,
  actors: ReturnType<typeof createActors>,
  all: PlayedHandoff[]
): Promise<Violation[]> => {
  const { clock, world, webhooks } = stage
  const { bot } = world.botpress
  const performAll = async (
    chosen: PlayedHandoff[],
    move: 'customer-says' | 'agent-says' | 'agent-solves'
  ): Promise<void> => {
    for (const played of chosen) await actors.perform(played, { after: 0, move, agent: 0 })
    await clock.drain(BETWEEN_MS)
  }
  const started = all.filter(({ started }) => started === 'yes')
  const open = started.filter(({ conversationId }) => bot.isActive(conversationId))
  const unanswered = orphansOf(stage, actors.allTickets(), all).flatMap((orphan) =>
    _unansweredIn(orphan, all, webhooks)
  )
  const doesAgentBegin = createRandom(`who begins ${all.map(({ script }) => script.handoff).join()}`).chance(
    stage.weather.outage > 0 ? 0.8 : 0.5
  )
  const waiting: Violation[] = [...unanswered]
  if (doesAgentBegin) {
    await performAll(open, 'agent-says')
    waiting.push(...open.flatMap((played) => _waitingIn(stage, actors.allTickets(), played)))
  }
  await performAll(open, 'customer-says')
  if (!doesAgentBegin) await performAll(open, 'agent-says')
  await performAll(open, 'agent-solves')
  const ticketsOf = actors.allTickets()
  const { runtime } = world.botpress
  const failed = new Set(
    runtime.deliveries.flatMap(({ kind, to, id, status }) =>
      kind === 'message' && to === 'integration' && status !== 200
        ? [runtime.store.messages.get(id)?.conversationId]
        : []
    )
  )
  // The plugin sends its closing text once its stopHitl call is answered.
  const isStopLost = ({ conversationId, ends, isStopLost: isLost }: PlayedHandoff): boolean =>
    isLost === true ||
    (ends.some(({ move }) => move === 'customer-ends') &&
      !bot
        .seen(conversationId)
        .some(({ text }) => text === SESSION_ENDED || text === AGENT_CLOSED || text === NOBODY_CAME))
  const isIncomplete = (played: PlayedHandoff): boolean =>
    (played.started === 'yes' && bot.isActive(played.conversationId)) ||
    isStopLost(played) ||
    // Includes orphan tickets: the start gave up before learning that its ticket existed. An agent picks them up.
    ticketsOf(played.script.handoff).some(({ ticket }) => ticket.status === 'open') ||
    failed.has(bot.downstreamOf(played.conversationId)) ||
    webhooks.givenUp.some(({ body }) => ticketsOf(played.script.handoff).some(({ ticket }) => body.includes(ticket.id)))
  await performAll(all.filter(isIncomplete), 'agent-says')
  // The router learns of an orphan only when somebody acts in it.
  for (const played of all.filter(({ script }) => script.anyDesk)) {
    for (const { sandbox, ticket } of ticketsOf(played.script.handoff))
      if (ticket.status === 'open') actors.speakIn(played, { sandbox, ticketId: ticket.id })
  }
  await clock.drain(SETTLING_MS)
  return waiting
}

/**
 * What an agent has written into a ticket without a session, if nobody has told them. A start that has died may be
 * repeated for longer than the desk repeats a webhook: then the agent's next act is answered.
 */
const _unansweredIn = (
  { sandbox, ticket }: FoundTicket,
  all: PlayedHandoff[],
  { givenUp }: Stage['webhooks']
): Violation[] => {
  if (givenUp.some(({ desk, body }) => desk === sandbox.name && body.includes(ticket.id))) return []
  const marks = new Set(ticket.entries.flatMap(({ text }) => text.match(MARKS) ?? []))
  const first = ticket.entries.findIndex(({ text }) => all.some((played) => saysIn(played, text)))
  const isTold = ticket.entries.some(({ kind }, index) => kind === 'note' && index > first)
  // Where every answer of a start was lost, the router has a session, and nothing shows it that the bot has none.
  const known = all.filter((played) => played.started !== undefined && !isStartUnknown(played))
  return known.flatMap(({ script: { handoff }, said }) =>
    said
      .filter(({ by, mark }) => by === 'agent' && marks.has(mark) && !isTold)
      .map(({ mark }) => ({
        handoff,
        kind: 'orphan',
        what: `nobody has answered ${mark} in ${sandbox.name} ${ticket.id}`,
      }))
  )
}

/** An open session's messages that an agent's sign of life has not sent to the desk. */
const _waitingIn = (stage: Stage, ticketsOf: TicketsOf, played: PlayedHandoff): Violation[] => {
  const { bot, runtime } = stage.world.botpress
  const { conversationId, script, forgottenAt } = played
  if (!bot.isActive(conversationId) || forgottenAt !== undefined) return []
  const posted = new Set(
    ticketsOf(script.handoff).flatMap(({ ticket }) => ticket.entries.flatMap(({ text }) => text.match(MARKS) ?? []))
  )
  return runtime.store
    .messagesOf(bot.downstreamOf(conversationId) ?? '')
    .filter(({ direction }) => direction === 'outgoing')
    .flatMap(({ payload }) => String(payload['text'] ?? '').match(MARKS) ?? [])
    .filter((mark) => !posted.has(mark))
    .map((mark) => ({ handoff: script.handoff, kind: 'waiting', what: `${mark} waits although an agent has written` }))
}
