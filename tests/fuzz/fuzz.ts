/** Fires attacks, many of them, at worlds that are renewed now and then. */
import fc from 'fast-check'
import { listen } from '../chaos/silence'
import { ATTACKS } from './attacks'
import type { Attack } from './shots'
import { createTarget, type Target } from './target'

export interface FuzzOptions {
  runs: number
  seed: number
  desks: string[]
  onProgress?(done: number, about: string): void
  /** At once when an attack gets through; making it smaller takes a while. */
  onThrough?(attack: string, what: string): void
}

export interface FuzzResult {
  runs: number
  /** What fast-check tells of each attack that got through, with the smallest one that does. */
  failures: { attack: string; report: string }[]
  /** The most CPU time that one request took, in milliseconds. */
  slowestMs: number
}

/** What accumulates in a world makes it slow. */
const RENEWED_AFTER = 400
/** States are compared this often: comparing is dearer than attacking. */
const COMPARED_AFTER = 40
/** A request that takes more CPU time than this, and so many times as much as the usual one, keeps the processor busy. On a slow machine both are slow. */
const SLOW_MS = 3_000
const SLOW_FACTOR = 300

const _cpuMs = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}

const _isPolluted = (): boolean => ({}) instanceof Object && Object.keys(Object.prototype).length > 0

/** One kind of attack, `runs` times. */
const _fire = async (
  attack: Attack,
  options: { runs: number; seed: number; desks: string[] },
  onShot: (ms: number) => void,
  onThrough: (what: string) => void
): Promise<string | undefined> => {
  let target: Target | undefined
  let shots = 0
  let spent = 0
  let state = ''
  const rejections: string[] = []
  const onRejection = (reason: unknown) => rejections.push(reason instanceof Error ? reason.name : String(reason))
  process.on('unhandledRejection', onRejection)

  /** A fresh world; also for each step of shrinking, so that it depends on nothing before. */
  const renew = async (): Promise<Target> => {
    await target?.close()
    target = await createTarget(options.desks)
    state = attack.isHarmless ? target.state() : ''
    return target
  }

  const fire = async (shot: unknown): Promise<void> => {
    const current = !target || shots % RENEWED_AFTER === 0 ? await renew() : target
    const from = _cpuMs()
    const wrong = await attack.fire(current, shot)
    const ms = _cpuMs() - from
    const usual = spent / shots
    spent += ms
    shots += 1
    onShot(ms)
    if (wrong) throw new Error(wrong)
    if (shots > 1 && ms > Math.max(SLOW_MS, SLOW_FACTOR * usual)) throw new Error(`took ${ms.toFixed(0)} ms`)
    if (_isPolluted()) throw new Error('Object.prototype was changed')
    if (rejections.length > 0) throw new Error(`not handled: ${rejections.splice(0).join(', ')}`)
    if (attack.isHarmless && shots % COMPARED_AFTER === 0 && current.state() !== state)
      throw new Error('the state has changed')
  }
  const property = fc.asyncProperty(attack.shot, (shot) =>
    fire(shot).catch((error: unknown) => {
      onThrough(error instanceof Error ? error.message : String(error))
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

export const fuzz = async ({ runs, seed, desks, onProgress, onThrough }: FuzzOptions): Promise<FuzzResult> => {
  const ear = listen()
  const result: FuzzResult = { runs: 0, failures: [], slowestMs: 0 }
  try {
    for (const attack of ATTACKS) {
      const onShot = (ms: number): void => {
        result.runs += 1
        result.slowestMs = Math.max(result.slowestMs, ms)
        onProgress?.(result.runs, attack.name)
      }
      const options = { runs: Math.ceil(runs / ATTACKS.length), seed, desks }
      const report = await _fire(attack, options, onShot, (what) => onThrough?.(attack.name, what))
      if (report !== undefined) result.failures.push({ attack: attack.name, report })
    }
    const leaks = ear.take()
    const [first] = leaks
    if (first !== undefined)
      result.failures.push({ attack: 'logs', report: `${leaks.length} canaries, first: ${first}` })
    return result
  } finally {
    ear.stop()
  }
}
