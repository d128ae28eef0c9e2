/** Any handoffs at any desk, in good weather, against what people must see of them: whatever they do, in whatever order, and whatever of it comes twice. */
import * as fc from 'fast-check'
import type { Switches } from '../../playground/botpress'
import { createModel, habitsOf } from './model'
import { openScene, type Scene } from './scene'
import { settleAndCompare, step, steps, type Played } from './steps'

const MOST_STEPS = 16

export interface Surroundings extends Partial<Switches> {
  /** Of the router. */
  instances: number
  /** The first step comes before the router counts on the plugin. */
  isEarly: boolean
}

const surroundings: fc.Arbitrary<Surroundings> = fc.record({
  instances: fc.constantFrom(1, 2),
  isEarly: fc.boolean(),
  delivery: fc.constantFrom('concurrent', 'serial'),
  getOrCreate: fc.constantFrom('exact', 'contains'),
})

/** A handover, and what follows. */
export const play = async (
  desk: string,
  { instances, isEarly, ...switches }: Surroundings,
  commands: Iterable<fc.AsyncCommand<Played, Scene>>
): Promise<void> => {
  const scene = await openScene({ desk, instances, switches })
  try {
    const played: Played = { model: createModel(habitsOf(desk), scene.agents), steps: 0, hurried: 0 }
    await step({ kind: 'hand-over' }, isEarly).run(played, scene)
    await fc.asyncModelRun(() => ({ model: played, real: scene }), commands)
    await settleAndCompare(played, scene)
  } finally {
    await scene.close()
  }
}

export interface SequencesOptions {
  desk: string
  runs: number
  /** As fast-check reports it; of its path only the first number, which is the run that failed. */
  seed?: number
  path?: string
  onPlayed?(): void
  /** At once for every sequence that fails; making it shorter takes a while. */
  onFailed?(what: string): void
}

/** Plays random sequences at this desk and makes the first one that fails as short as possible. */
export const checkSequences = ({ desk, runs, seed, path, onPlayed, onFailed }: SequencesOptions) => {
  const property = fc.asyncProperty(surroundings, steps(MOST_STEPS), async (around, commands) => {
    onPlayed?.()
    await play(desk, around, commands).catch((error: unknown) => {
      onFailed?.(error instanceof Error ? error.message : String(error))
      throw error
    })
  })
  return fc.check(property, {
    numRuns: runs,
    includeErrorInReport: true,
    ...(seed === undefined ? {} : { seed }),
    ...(path === undefined ? {} : { path }),
  })
}

export type SequencesResult = Awaited<ReturnType<typeof checkSequences>>

/** What fast-check says of a failure, with the shortest sequence. */
export const describeFailure = async (result: SequencesResult): Promise<string> =>
  [await fc.asyncDefaultReportMessage(result), ..._comparison(result.errorInstance)].join('\n')

/** What was seen and what must be, where both are known. */
const _comparison = (error: unknown): string[] => {
  if (typeof error !== 'object' || error === null || !('actual' in error) || !('expected' in error)) return []
  const text = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))
  return [`seen:     ${text(error.actual)}`, `expected: ${text(error.expected)}`]
}
