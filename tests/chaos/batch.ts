/** A few handoffs in one world, from beginning to judgement. */
import { createActors, type Played } from './actors'
import { judge, type Violation } from './judge'
import type { Weather } from './kinds'
import type { Injected } from './chaos'
import { patienceOfVendor } from './deliveries'
import type { Bend } from './instances'
import { makeScript, type Script } from './script'
import { createStage, type Stage } from './stage'
import { AGENT_CLOSED, SESSION_ENDED } from '../../playground/botpress/plugin/texts'
import { traceOf } from './trace'

export interface BatchOptions {
  seed: string
  /** Number of the first handoff. */
  first: number
  count: number
  desks: string[]
  weather: Weather
  /** Instead of those that follow from seed and numbers. */
  scripts?: Script[]
  /** Keys of faults that do not happen. */
  without?: string[]
  bend?: Bend
  /** Number of a handoff that is to be traced. */
  trace?: number
}

export interface BatchResult {
  handoffs: number
  messages: number
  refused: number
  faults: Record<string, number>
  injected: Injected[]
  violations: Violation[]
  ticketsMost: number
  longestAnswer: { ms: number; desk: string }
  trace: string[]
}

/** Longer than any vendor goes on trying, and than anything that the router leaves for later. */
const SETTLING_MS = 20 * 60_000
const BETWEEN_MS = 15_000

export const runBatch = async (options: BatchOptions): Promise<BatchResult> => {
  const { first, count, desks, seed } = options
  const scripts = options.scripts ?? Array.from({ length: count }, (_, index) => makeScript(seed, first + index, desks))
  const stage = await createStage({
    seed: `${seed}/batch ${first}`,
    desks,
    weather: options.weather,
    without: new Set(options.without),
    ...(options.bend ? { bend: options.bend } : {}),
  })
  return play(stage, scripts, options.trace)
}

/** Plays and judges these handoffs on a stage of their own, which is closed afterwards. `trace` names one of them. */
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
  const { clock, chaos, world, couriers } = stage
  const { bot } = world.botpress
  const actors = createActors(bot, world.sandboxes, clock)
  const all = scripts.map((script) => actors.open(script))
  chaos.isActive = true
  const stuck: string[] = []
  const plays = Promise.all(all.map((played) => actors.play(played)))
  await clock.run(Promise.all([plays, stage.disturb(plays)])).catch((error: unknown) => {
    stuck.push(error instanceof Error ? error.message : String(error))
  })
  chaos.isActive = false
  await clock.drain(SETTLING_MS)
  await _closeAll(stage, actors, all)

  const ticketsOf = actors.allTickets()
  const violations = judge({ stage, ticketsOf, all })
  const [{ script } = { script: { handoff: 0 } }] = all
  for (const what of [...stuck, ...rejections]) violations.push({ handoff: script.handoff, kind: 'crashed', what })
  // On the machine's own time it depends on the machine.
  for (const { desk, ms } of stage.weather.kill === 0 ? couriers.answers : []) {
    const what = `${desk} was answered after ${ms} ms, and waits for ${patienceOfVendor(desk)}`
    if (ms >= patienceOfVendor(desk)) violations.push({ handoff: script.handoff, kind: 'late answer', what })
  }
  const faults: Record<string, number> = {}
  for (const { kind } of chaos.injected) faults[kind] = (faults[kind] ?? 0) + 1
  const longest = couriers.answers.reduce((most, answer) => (answer.ms > most.ms ? answer : most), { ms: 0, desk: '' })
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
    ticketsMost: Math.max(0, ...all.map(({ script: { handoff } }) => ticketsOf(handoff).length)),
    longestAnswer: { ms: longest.ms, desk: longest.desk },
    trace: all.flatMap((played) => (played.script.handoff === trace ? traceOf(stage, ticketsOf, played) : [])),
  }
}

/**
 * Good weather again. What a vendor has given up comes to light with the next thing that happens in its ticket, and what the router holds back goes out with the next thing
 * that touches the session: so something happens in every ticket once more. Sessions that are still open are ended by their agents.
 */
const _closeAll = async (stage: Stage, actors: ReturnType<typeof createActors>, all: Played[]): Promise<void> => {
  const { clock, world, couriers } = stage
  const { bot } = world.botpress
  const doAll = async (chosen: Played[], move: 'customer-says' | 'agent-says' | 'agent-solves'): Promise<void> => {
    for (const played of chosen) await actors.perform(played, { after: 0, move, agent: 0 })
    await clock.drain(BETWEEN_MS)
  }
  const started = all.filter(({ started }) => started === 'yes')
  const open = started.filter(({ conversationId }) => bot.isActive(conversationId))
  await doAll(open, 'customer-says')
  await doAll(open, 'agent-says')
  await doAll(open, 'agent-solves')
  const ticketsOf = actors.allTickets()
  const { runtime } = world.botpress
  const failed = new Set(
    runtime.deliveries.flatMap(({ kind, to, id, status }) =>
      kind === 'message' && to === 'integration' && status !== 200
        ? [runtime.store.messages.get(id)?.conversationId]
        : []
    )
  )
  // The plugin's closing text comes after its call for the end has been answered.
  const isStopLost = ({ conversationId, ends, isStopLost: isLost }: Played): boolean =>
    isLost === true ||
    (ends.some(({ move }) => move === 'customer-ends') &&
      !bot.seen(conversationId).some(({ text }) => text === SESSION_ENDED || text === AGENT_CLOSED))
  const isIncomplete = (played: Played): boolean =>
    (played.started === 'yes' && bot.isActive(played.conversationId)) ||
    isStopLost(played) ||
    // Also those of starts that had to give up without knowing that there was a ticket: an agent picks them up.
    ticketsOf(played.script.handoff).some(({ ticket }) => ticket.status === 'open') ||
    failed.has(bot.downstreamOf(played.conversationId)) ||
    couriers.givenUp.some(({ body }) => ticketsOf(played.script.handoff).some(({ ticket }) => body.includes(ticket.id)))
  await doAll(all.filter(isIncomplete), 'agent-says')
  await clock.drain(SETTLING_MS)
}
