/** Starts and ends sessions on several processes of the router at once, and watches a desk's most open sessions. */
import type { ChildProcess } from 'node:child_process'
import { createWorld, type World } from '../../playground/world'
import { startProcess } from '../rotation/process'

export interface Measurement {
  /** The desk with the limit, and the desk that takes the rest. */
  desks: [string, string]
  capacity: number
  processes: number
  /** Number of sessions that start and end. */
  sessions: number
  /** Number of them at a time. */
  parallel: number
  /** Kills one process halfway. */
  kill: boolean
  /** The script of each process. Default: the sources. */
  script?: string
  onProgress?(done: number): void
}

export interface Result {
  /** The most sessions that were open at the desk with the limit at one moment. */
  most: number
  /** Sessions that the desk with the limit had in all. */
  taken: number
  /** Sessions that start at the desk with the limit once all others have ended: as many as it has places. */
  free: number
  failed: number
  seconds: number
}

export const measureCapacity = async (measurement: Measurement): Promise<Result> => {
  const { capacity, desks, processes, script } = measurement
  const [limited, other] = desks
  const world = await createWorld({ desks })
  const children: ChildProcess[] = []
  try {
    await world.save(
      world.configuration({ strategy: 'priority', order: desks, desks: [{ desk: limited, capacity }, { desk: other }] })
    )
    const started = await Promise.all(Array.from({ length: processes }, () => startProcess(world, script)))
    children.push(...started.map(({ child }) => child))
    world.botpress.connect(...started.map(({ origin }) => origin))
    const began = performance.now()
    const kill = (): void => {
      children[0]?.kill('SIGKILL')
      world.botpress.connect(...started.slice(1).map(({ origin }) => origin))
    }
    const result = await _play(world, measurement, kill)
    const free = await _fill(world, limited, capacity)
    return { ...result, free, seconds: (performance.now() - began) / 1_000 }
  } finally {
    for (const child of children) child.kill('SIGKILL')
    await world.close()
  }
}

const _openAt = (world: World, desk: string): number =>
  world.botpress.runtime.store.conversations
    .withTags({})
    .filter(({ tags }) => tags['desk:provider'] === desk && tags['desk:status'] === 'open').length

const _play = async (
  world: World,
  { desks: [limited], sessions, parallel, kill: kills, onProgress }: Measurement,
  kill: () => void
): Promise<Pick<Result, 'most' | 'taken' | 'failed'>> => {
  const { bot } = world.botpress
  const counts = { most: 0, taken: 0, failed: 0 }
  let next = 0
  let done = 0
  const worker = async (): Promise<void> => {
    while (next < sessions) {
      const number = next
      next += 1
      if (kills && number === Math.floor(sessions / 2)) kill()
      const { conversationId } = bot.newCustomer({ name: `Customer ${number}` })
      await bot.customerSays(conversationId, `This is session ${number}`)
      try {
        await bot.startHitl(conversationId, { title: `Session ${number}` })
        counts.most = Math.max(counts.most, _openAt(world, limited))
        const downstream = bot.downstreamOf(conversationId) ?? ''
        if (world.botpress.runtime.store.conversations.get(downstream)?.tags['desk:provider'] === limited)
          counts.taken += 1
        await bot.stopHitl(conversationId)
      } catch {
        counts.failed += 1
      }
      done += 1
      onProgress?.(done)
    }
  }
  await Promise.all(Array.from({ length: parallel }, worker))
  return counts
}

/** Starts more sessions than the desk has places. Resolves to how many of them it takes. */
const _fill = async (world: World, limited: string, capacity: number): Promise<number> => {
  const { bot } = world.botpress
  const before = _openAt(world, limited)
  await Promise.all(
    Array.from({ length: capacity + 3 }, async (_slot, number) => {
      const { conversationId } = bot.newCustomer({ name: `Last customer ${number}` })
      await bot.customerSays(conversationId, `This is the last session ${number}`)
      await bot.startHitl(conversationId, { title: `Last session ${number}` }).catch(() => undefined)
    })
  )
  return _openAt(world, limited) - before
}
