/** Plays rounds on all cores until the time is over, and collects the failures. */
import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { withBundle } from '../chaos/bundle'
import type { Failure, Round, RoundResult, WorkerMessage } from './round'

export interface Search {
  workers: number
  /** The next round; undefined when there are no more. */
  next(): Round | undefined
  /** Resolves when the time is over. */
  over: Promise<void>
  onProgress(found: Found): void
}

export interface Found {
  counts: Record<string, number>
  /** The first failure of each title. */
  failures: Map<string, Failure>
}

/** Running rounds may finish within this time after the end; then they are cut off. */
const GRACE_MS = 6_000
const WORKER = fileURLToPath(new URL('worker.ts', import.meta.url))

export const search = async (options: Search): Promise<Found> => {
  const found: Found = { counts: {}, failures: new Map() }
  let isOver = false
  const noticed = new Map<string, Failure>()
  const children = new Set<ChildProcess>()

  const add = ({ counts, failures }: RoundResult): void => {
    for (const [name, count] of Object.entries(counts)) found.counts[name] = (found.counts[name] ?? 0) + count
    for (const failure of failures) if (!found.failures.has(failure.title)) found.failures.set(failure.title, failure)
    options.onProgress(found)
  }

  /** Runs one worker process, one round after the other. A process that crashes is replaced. */
  const work = async (script: string): Promise<void> => {
    const child = fork(script, {
      execArgv: ['--enable-source-maps', '--max-semi-space-size=64'],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
    children.add(child)
    let round: Round | undefined
    const ask = (): void => {
      round = isOver ? undefined : options.next()
      if (round) child.send({ ...round, isKnown: [...found.failures.keys()] })
      else child.disconnect()
    }
    child.on('message', (message: WorkerMessage) => {
      if ('noticed' in message) {
        noticed.set(message.noticed.title, message.noticed)
        return
      }
      add(message.result)
      ask()
    })
    const ended = new Promise<boolean>((resolve) => {
      child.once('exit', () => resolve(round === undefined || isOver))
    })
    ask()
    const isExpected = await ended
    children.delete(child)
    if (isExpected || !round) return
    const { kind, seed } = round as Round
    const again = `npm run explore -- --only ${kind} --seed ${seed}`
    add({ counts: {}, failures: [{ title: `${kind}: the worker crashed`, report: '', again }] })
    await work(script)
  }

  await withBundle(WORKER, async (script) => {
    const all = Promise.all(Array.from({ length: options.workers }, () => work(script)))
    const cut = options.over.then(async () => {
      isOver = true
      let timer: NodeJS.Timeout | undefined
      const patience = new Promise((resolve) => {
        timer = setTimeout(resolve, GRACE_MS)
      })
      await Promise.race([all, patience])
      clearTimeout(timer)
      for (const child of children) child.kill('SIGKILL')
    })
    await Promise.race([all, cut])
    await all
  })
  // A failure that was cut off while it was being shrunk still counts.
  for (const [title, failure] of noticed) if (!found.failures.has(title)) found.failures.set(title, failure)
  return found
}
