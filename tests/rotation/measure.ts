/** Starts handoffs on several processes of the router at once and counts the handoffs of each desk. */
import type { ChildProcess } from 'node:child_process'
import { createWorld } from '../../playground/world'
import { startProcess } from './process'

export interface Measurement {
  /** Desks with their weights, in order. */
  weights: Record<string, number>
  processes: number
  handoffs: number
  /** Number of handoffs in flight at a time. */
  parallel: number
  /** Kills one process once half of the handoffs have started. */
  kill: boolean
  /** The script of each process. Default: the sources. */
  script?: string
  onProgress?(done: number): void
}

export interface Shares {
  desk: string
  weight: number
  got: number
  /** The share according to the weight. */
  expected: number
}

export interface Result {
  shares: Shares[]
  /** Handoffs that failed despite retries. */
  failed: number
  tickets: number
  /** Handoffs that went to another desk because the chosen desk failed. */
  failedOver: number
  seconds: number
}

export const measureRotation = async (measurement: Measurement): Promise<Result> => {
  const desks = Object.keys(measurement.weights)
  const world = await createWorld({ desks })
  const children: ChildProcess[] = []
  try {
    await world.save(
      world.configuration({
        strategy: 'round-robin',
        order: desks,
        desks: desks.map((desk) => ({ desk, weight: measurement.weights[desk] })),
      })
    )
    // Webhooks don't matter here, so the sandboxes hold them back.
    for (const sandbox of Object.values(world.sandboxes)) sandbox.deliveries.mode = 'held'
    const started = await Promise.all(
      Array.from({ length: measurement.processes }, () => startProcess(world, measurement.script))
    )
    children.push(...started.map(({ child }) => child))
    world.botpress.connect(...started.map(({ origin }) => origin))
    const began = performance.now()
    const kill = () => {
      // Work in flight is lost. The platform stops sending requests to the process.
      children[0]?.kill('SIGKILL')
      world.botpress.connect(...started.slice(1).map(({ origin }) => origin))
    }
    const failed = await _handOver(world, measurement, kill)
    const seconds = (performance.now() - began) / 1_000
    const failedOver = world.botpress.bot.events.filter(({ type }) => type.endsWith('handoffFailedOver')).length
    return { ..._count(world, measurement), failed, failedOver, seconds }
  } finally {
    for (const child of children) child.kill('SIGKILL')
    await world.close()
  }
}

type RunningWorld = Awaited<ReturnType<typeof createWorld>>

/** Starts each handoff with a new customer. Resolves to the number of failed handoffs. */
const _handOver = async (world: RunningWorld, measurement: Measurement, kill: () => void): Promise<number> => {
  const { bot } = world.botpress
  let next = 0
  let done = 0
  let failed = 0
  const worker = async () => {
    while (next < measurement.handoffs) {
      const number = next
      next += 1
      if (measurement.kill && number === Math.floor(measurement.handoffs / 2)) kill()
      const { conversationId } = bot.newCustomer({ name: `Customer ${number}` })
      await bot.customerSays(conversationId, `This is handoff ${number}`)
      await bot.startHitl(conversationId, { title: `Handoff ${number}` }).catch(() => {
        failed += 1
      })
      done += 1
      measurement.onProgress?.(done)
    }
  }
  await Promise.all(Array.from({ length: measurement.parallel }, worker))
  return failed
}

const _count = (world: RunningWorld, { weights }: Measurement): { shares: Shares[]; tickets: number } => {
  const got = Object.fromEntries(
    Object.entries(world.sandboxes).map(([desk, sandbox]) => [
      desk,
      sandbox.tickets().filter(({ conversationId }) => conversationId !== undefined).length,
    ])
  )
  const tickets = Object.values(got).reduce((sum, count) => sum + count, 0)
  const total = Object.values(weights).reduce((sum, weight) => sum + weight, 0)
  const shares = Object.entries(weights).map(([desk, weight]) => ({
    desk,
    weight,
    got: got[desk] ?? 0,
    expected: (tickets * weight) / total,
  }))
  return { shares, tickets }
}
