/** Starts and ends sessions on several processes of the router at once, and watches a desk's most open sessions. */
import type { ChildProcess } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
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
  /** Moves the processes' clocks on instead of waiting until what the killed process held is over. */
  isHurried?: boolean
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
  /** Seconds from the last end until all places were free; the killed process was working until then. */
  freeAfter: number
  /** Why starts and ends failed, and how often. */
  failures: Map<string, number>
  seconds: number
}

/** How long the killed process may hold its places, and how often that is looked into. */
const LONGEST_HOLD_MS = 4 * 60_000
const LOOK_EVERY_MS = 15_000

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
    await _endAll(world)
    const endedAt = performance.now()
    let free = await _fill(world, limited, capacity)
    while (free < capacity && performance.now() - endedAt < LONGEST_HOLD_MS) {
      if (measurement.isHurried) for (const child of children.slice(1)) child.send({ aheadMs: LONGEST_HOLD_MS })
      await sleep(measurement.isHurried ? 100 : LOOK_EVERY_MS)
      await _endAll(world)
      free = await _fill(world, limited, capacity)
    }
    const now = performance.now()
    const most = Math.max(result.most, free)
    return { ...result, most, free, freeAfter: (now - endedAt) / 1_000, seconds: (now - began) / 1_000 }
  } finally {
    for (const child of children) child.kill('SIGKILL')
    await world.close()
  }
}

interface OpenSession {
  id: string
  desk: string | undefined
}

/** A start that lost its answer may write its status after the session's end: the end counts. */
const _open = (world: World): OpenSession[] =>
  world.botpress.runtime.store.conversations
    .withTags({})
    .filter(({ tags }) => tags['desk:status'] === 'open' && !tags['desk:botEndedAt'] && !tags['desk:agentEndedAt'])
    .map(({ id, tags }) => ({ id, desk: tags['desk:provider'] }))

const _openAt = (world: World, desk: string): number => _open(world).filter((session) => session.desk === desk).length

/** Ends what is open: a start whose every answer was lost has left a session that no bot knows. */
const _endAll = async (world: World): Promise<void> => {
  for (const { id } of _open(world)) {
    await world.botpress.runtime.gateway.action('stopHitl', { conversationId: id })
  }
}

const _play = async (
  world: World,
  { desks: [limited], sessions, parallel, kill: kills, onProgress }: Measurement,
  kill: () => void
): Promise<Pick<Result, 'most' | 'taken' | 'failures'>> => {
  const { bot } = world.botpress
  const counts = { most: 0, taken: 0, failures: new Map<string, number>() }
  let next = 0
  let done = 0
  const watch = (): void => {
    counts.most = Math.max(counts.most, _openAt(world, limited))
  }
  const worker = async (): Promise<void> => {
    while (next < sessions) {
      const number = next
      next += 1
      if (kills && number === Math.floor(sessions / 2)) kill()
      const { conversationId } = bot.newCustomer({ name: `Customer ${number}` })
      await bot.customerSays(conversationId, `This is session ${number}`)
      try {
        await bot.startHitl(conversationId, { title: `Session ${number}` })
        watch()
        const downstream = bot.downstreamOf(conversationId) ?? ''
        if (world.botpress.runtime.store.conversations.get(downstream)?.tags['desk:provider'] === limited)
          counts.taken += 1
        await bot.stopHitl(conversationId)
      } catch (error) {
        const [reason = ''] = (error instanceof Error ? error.message : 'unknown').split('\n')
        counts.failures.set(reason, 1 + (counts.failures.get(reason) ?? 0))
        watch()
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
  await Promise.all(
    Array.from({ length: capacity + 3 }, async (_slot, number) => {
      const { conversationId } = bot.newCustomer({ name: `Last customer ${number}` })
      await bot.customerSays(conversationId, `This is the last session ${number}`)
      await bot.startHitl(conversationId, { title: `Last session ${number}` }).catch(() => undefined)
    })
  )
  return _openAt(world, limited)
}
