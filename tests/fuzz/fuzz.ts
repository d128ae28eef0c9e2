/** Runs attacks many times against worlds that are renewed now and then. */
import fc from 'fast-check'
import { captureConsole } from '../chaos/console-capture'
import { ATTACKS } from './attacks'
import type { Attack } from './requests'
import { createTarget, type Target } from './target'

export interface FuzzOptions {
  runs: number
  seed: number
  desks: string[]
  onProgress?(done: number, about: string): void
  /** Called when an attack gets through, before its request is shrunk. */
  onBreakthrough?(attack: string, what: string): void
}

export interface FuzzResult {
  runs: number
  /** For each attack that got through, the report of fast-check with its smallest request. */
  failures: { attack: string; report: string }[]
  /** The most CPU time that one request took, in milliseconds. */
  slowestMs: number
}

/** A world slows down as it fills up. */
const RENEW_EVERY = 400
/** Comparing states takes longer than a request, so it happens only this often. */
const COMPARE_EVERY = 40
/**
 * A request is too slow if its CPU time exceeds both this and `SLOW_FACTOR` times the average. The average adapts the
 * limit to slow machines.
 */
const SLOW_MS = 3_000
const SLOW_FACTOR = 300

const _cpuMs = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}

const _isPolluted = (): boolean => ({}) instanceof Object && Object.keys(Object.prototype).length > 0

/** Runs one kind of attack `runs` times. Returns a report if it got through. */
const _runAttack = async (
  attack: Attack,
  options: { runs: number; seed: number; desks: string[] },
  onRequest: (ms: number) => void,
  onBreakthrough: (what: string) => void
): Promise<string | undefined> => {
  let target: Target | undefined
  let requests = 0
  let spent = 0
  let state = ''
  const rejections: string[] = []
  const onRejection = (reason: unknown) => rejections.push(reason instanceof Error ? reason.name : String(reason))
  process.on('unhandledRejection', onRejection)

  /** Replaces the world by a new one. */
  const renew = async (): Promise<Target> => {
    await target?.close()
    target = await createTarget(options.desks)
    state = attack.isHarmless ? target.state() : ''
    return target
  }

  const runOnce = async (request: unknown): Promise<void> => {
    const current = !target || requests % RENEW_EVERY === 0 ? await renew() : target
    const from = _cpuMs()
    const failure = await attack.run(current, request)
    const ms = _cpuMs() - from
    const average = spent / requests
    spent += ms
    requests += 1
    onRequest(ms)
    if (failure) throw new Error(failure)
    if (requests > 1 && ms > Math.max(SLOW_MS, SLOW_FACTOR * average)) throw new Error(`took ${ms.toFixed(0)} ms`)
    if (_isPolluted()) throw new Error('Object.prototype was changed')
    if (rejections.length > 0) throw new Error(`unhandled rejection: ${rejections.splice(0).join(', ')}`)
    if (attack.isHarmless && requests % COMPARE_EVERY === 0 && current.state() !== state)
      throw new Error('the state has changed')
  }
  const property = fc.asyncProperty(attack.request, (request) =>
    runOnce(request).catch((error: unknown) => {
      onBreakthrough(error instanceof Error ? error.message : String(error))
      throw error
    })
  )
  try {
    const result = await fc.check(property, { numRuns: options.runs, seed: options.seed, includeErrorInReport: true })
    if (result.failed) return (await fc.asyncDefaultReportMessage(result)) ?? 'failed'
    if (attack.isHarmless && target && (target as Target).state() !== state) return 'the state has changed'
    return undefined
  } finally {
    await (target as Target | undefined)?.close()
    process.off('unhandledRejection', onRejection)
  }
}

export const fuzz = async ({ runs, seed, desks, onProgress, onBreakthrough }: FuzzOptions): Promise<FuzzResult> => {
  const capture = captureConsole()
  const result: FuzzResult = { runs: 0, failures: [], slowestMs: 0 }
  try {
    for (const [index, attack] of ATTACKS.entries()) {
      const onRequest = (ms: number): void => {
        result.runs += 1
        result.slowestMs = Math.max(result.slowestMs, ms)
        onProgress?.(result.runs, attack.name)
      }
      // The attacks share the runs. What doesn't divide goes to the first ones.
      const share = Math.floor(runs / ATTACKS.length) + (index < runs % ATTACKS.length ? 1 : 0)
      if (share === 0) break
      const options = { runs: share, seed, desks }
      const report = await _runAttack(attack, options, onRequest, (what) => onBreakthrough?.(attack.name, what))
      if (report !== undefined) result.failures.push({ attack: attack.name, report })
    }
    const leaks = capture.takeCanaries()
    const [first] = leaks
    if (first !== undefined)
      result.failures.push({ attack: 'logs', report: `${leaks.length} canaries, first: ${first}` })
    return result
  } finally {
    capture.stop()
  }
}
