/** Handoffs that arrive at a steady rate while the published rate limits are on, in simulated time. */
import { connectInstances } from '../support/instances'
import { limitRates, type Refusals } from './limits'
import { LATENCY } from './record'
import { createStage } from './scene'

const INSTANCES = 8
/** After the last handoff: what waits for a limit is done by then. */
const AFTER_MS = 180_000

export interface Load {
  /** In the order in which the router asks them. */
  desks: string[]
  handoffsPerSecond: number
  handoffs: number
  /** Handoffs that a desk has taken, by desk. */
  taken: Record<string, number>
  /** Handoffs that startHitl has refused: the bot is told so and goes on. */
  refused: number
  /** Of startHitl, in milliseconds: median and 95th percentile of those that were taken, longest of all. */
  medianMs: number
  p95Ms: number
  longestMs: number
  /** Calls refused by a rate limit, by limit. */
  refusals: Refusals
  /** Tickets beyond those of the handoffs taken. More than none would be duplicates, or orphans. */
  tickets: number
}

const _at = (sorted: number[], part: number): number => sorted[Math.floor((sorted.length - 1) * part)] ?? 0

/** Starts `rate` handoffs a second for so many seconds, each of a new customer. */
export const measureUnderLoad = async (
  desks: string[],
  rate: number,
  seconds: number,
  onProgress?: (done: number, of: number) => void
): Promise<Load> => {
  const stage = await createStage(desks)
  await stage.save(stage.configuration({ order: desks }))
  connectInstances(stage, INSTANCES, { latency: LATENCY })
  const refusals = limitRates(stage, desks)
  const { clock } = stage
  const handoffs = Math.round(rate * seconds)
  const durations: number[] = []
  const all: number[] = []
  let refused = 0
  const start = async (number: number): Promise<void> => {
    const { runtime } = stage.botpress
    const reply = await runtime.gateway.action('createUser', {
      name: `Customer ${number}`,
      email: `customer-${number}@customer.example`,
    })
    const { output } = JSON.parse(reply.body ?? '{}') as { output?: Record<string, string> }
    const startedAt = clock.now()
    const { status } = await runtime.gateway.action('startHitl', {
      userId: output?.['userId'],
      title: `Handoff ${number}`,
      messageHistory: [],
    })
    const ms = clock.now() - startedAt
    all.push(ms)
    if (status === 200) durations.push(ms)
    else refused += 1
  }
  const before = Object.fromEntries(desks.map((desk) => [desk, stage.sandbox(desk).tickets().length]))
  const pending: Promise<void>[] = []
  for (let number = 0; number < handoffs; number += 1) {
    pending.push(start(number))
    await clock.advance(1_000 / rate)
    if ((number + 1) % 500 === 0) onProgress?.(number + 1, handoffs)
  }
  await stage.pass(AFTER_MS)
  await Promise.all(pending)
  const sorted = durations.toSorted((one, other) => one - other)
  const opened = Object.fromEntries(
    desks.map((desk) => [desk, stage.sandbox(desk).tickets().length - (before[desk] ?? 0)])
  )
  const taken: Record<string, number> = {}
  for (const { tags } of stage.botpress.runtime.store.conversations.withTags({ 'desk:status': 'open' })) {
    const desk = tags['desk:provider'] ?? ''
    taken[desk] = (taken[desk] ?? 0) + 1
  }
  return {
    desks,
    handoffsPerSecond: rate,
    handoffs,
    taken,
    refused,
    medianMs: _at(sorted, 0.5),
    p95Ms: _at(sorted, 0.95),
    longestMs: Math.max(0, ...all),
    refusals,
    tickets: Object.values(opened).reduce((sum, count) => sum + count, 0) - durations.length,
  }
}

export const loadLine = ({ desks, handoffsPerSecond, handoffs, ...load }: Load): string => {
  const list = (counts: Record<string, number>): string =>
    Object.entries(counts)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ') || 'none'
  return (
    `${desks.join(', ')}: ${handoffsPerSecond} a second, ${handoffs} handoffs; taken: ${list(load.taken)}; ` +
    `refused: ${load.refused}; startHitl ${load.medianMs} ms (95 %: ${load.p95Ms}, longest: ${load.longestMs}); ` +
    `calls refused: ${list(load.refusals)}; tickets without a handoff: ${load.tickets}`
  )
}
