/** Plays sequences of moves at a desk, and compares what people see with the model. */
import * as fc from 'fast-check'
import type { Switches } from '../../playground/botpress'
import { createModel, habitsOf } from './model'
import { openScene, type Scene } from './scene'
import { settleAndCompare, step, steps, type Played } from './steps'

const MOST_STEPS = 16

export interface Surroundings extends Partial<Switches> {
  /** How many instances of the router share the work. */
  instances: number
  /** The first step comes before the plugin is certain to listen. */
  isEarly: boolean
  /** How far the second instance's clock is ahead, in milliseconds. */
  skewMs?: number
  /** What the customer types to end the session. */
  command?: string
}

const drawn: fc.Arbitrary<Surroundings> = fc.record({
  instances: fc.constantFrom(1, 2),
  isEarly: fc.boolean(),
  delivery: fc.constantFrom('concurrent', 'serial'),
  getOrCreate: fc.constantFrom('exact', 'contains'),
  tagsVisibleToIntegration: fc.boolean(),
  pageSize: fc.constantFrom(5, 20),
  activationDelayMs: fc.constantFrom(0, 2_000),
  scheduledMessages: fc.constantFrom('visible', 'hidden'),
  command: fc.constantFrom('/end', 'stop'),
})

/** Clocks differ, too. That takes no draw of its own: a seed plays the same moves as before. */
const surroundings = drawn.map((around): Surroundings => {
  const skewMs = around.instances === 2 ? (around.activationDelayMs === 0 ? 2_000 : -5_000) : 0
  return { ...around, skewMs }
})

/** Plays a handoff and then these steps. Rejects when people don't see what they must. */
export const play = async (
  desk: string,
  { instances, isEarly, skewMs = 0, command = '/end', ...switches }: Surroundings,
  commands: Iterable<fc.AsyncCommand<Played, Scene>>
): Promise<void> => {
  const plugin = { userHitlCloseCommand: command }
  const scene = await openScene({ desk, instances, switches, skewMs, plugin })
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
  /** As fast-check reports them; only the path's first number counts, the failing run. */
  seed?: number
  path?: string
  onPlayed?(): void
  /** Called at once for every failing sequence; shrinking it takes a while. */
  onFailed?(what: string): void
}

/** Plays random sequences at this desk, and shrinks the first one that fails. */
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

/** fast-check's report of a failure, with the shortest sequence. */
export const describeFailure = async (result: SequencesResult): Promise<string> =>
  [await fc.asyncDefaultReportMessage(result), ..._comparison(result.errorInstance)].join('\n')

/** What was seen and what must be, where both are known. */
const _comparison = (error: unknown): string[] => {
  if (typeof error !== 'object' || error === null || !('actual' in error) || !('expected' in error)) return []
  const text = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))
  return [`seen:     ${text(error.actual)}`, `expected: ${text(error.expected)}`]
}
