/** Shrinks a failing run: fewer handoffs, steps and faults, while the same kind of violation remains. */
import { runBatch, type BatchOptions, type BatchResult } from './batch'
import type { InjectedFault } from './chaos'
import { firstOf, batchOptions, type BatchesOptions } from './run'
import { makeScript, type Script } from './script'
import type { ViolationKind } from './judge'

export interface Shortest {
  script: Script
  /** Other handoffs that the failure needs. */
  others: Script[]
  faults: InjectedFault[]
  kind: ViolationKind
  what: string
  trace: string[]
  tries: number
}

/** The most batches that shrinking may run. */
const MAX_TRIES = 150

export const shrink = async (
  options: BatchesOptions,
  handoff: number,
  kind: ViolationKind
): Promise<Shortest | undefined> => {
  const base = batchOptions(options, firstOf(handoff))
  let scripts = Array.from({ length: base.count }, (_, index) =>
    makeScript(base.seed, base.first + index, base.desks, base.weather)
  )
  const without = new Set<string>()
  let tries = 0
  let best: BatchResult | undefined

  const fails = async (changes: Pick<BatchOptions, 'scripts' | 'without'>): Promise<boolean> => {
    if (tries >= MAX_TRIES) return false
    tries += 1
    const result = await runBatch({ ...base, scripts, without: [...without], ...changes, trace: handoff })
    const isSame = result.violations.some((violation) => violation.handoff === handoff && violation.kind === kind)
    if (isSame) best = result
    return isSame
  }

  if (!(await fails({}))) return undefined

  const keep = async (candidate: Script[]): Promise<boolean> => {
    if (!(await fails({ scripts: candidate }))) return false
    scripts = candidate
    return true
  }
  const failing = (): Script | undefined => scripts.find((script) => script.handoff === handoff)

  // The other handoffs first: most failures don't need them.
  const own = failing()
  if (own && !(await keep([own]))) {
    for (const other of scripts) if (other.handoff !== handoff) await keep(scripts.filter((script) => script !== other))
  }
  for (const list of ['steps', 'early'] as const) {
    for (let index = (failing()?.[list].length ?? 0) - 1; index >= 0; index -= 1) {
      await keep(
        scripts.map((script) =>
          script.handoff === handoff ? { ...script, [list]: script[list].filter((_, at) => at !== index) } : script
        )
      )
    }
  }
  // Leave out faults by halves, then one by one.
  for (let size = Math.ceil((best?.injected.length ?? 0) / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    const keys = (best?.injected ?? []).map(({ key }) => key)
    for (let from = 0; from < keys.length; from += size) {
      const some = keys.slice(from, from + size)
      if (await fails({ without: [...without, ...some] })) some.forEach((key) => without.add(key))
    }
  }

  const script = failing()
  const found = best?.violations.find((violation) => violation.handoff === handoff && violation.kind === kind)
  if (!best || !script || !found) return undefined
  const others = scripts.filter((other) => other.handoff !== handoff)
  return { script, others, faults: best.injected, kind, what: found.what, trace: best.trace, tries }
}
