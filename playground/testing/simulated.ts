import { afterEach } from 'vitest'
import { manualClock, type ManualClock } from '../runtime'
import { createWorld, type World, type WorldOptions } from '../world'

export interface Stage extends World {
  clock: ManualClock
  /** Lets simulated time pass and everything in it happen. */
  pass(ms: number): Promise<void>
  /** Lets as much time pass as this work needs, and little more. */
  finish<T>(work: Promise<T>): Promise<T>
}

const _open: World[] = []
const STEP_MS = 20

afterEach(async () => {
  await Promise.all(_open.splice(0).map((world) => world.close()))
})

/** A world in simulated time that is closed when the test ends. */
export const createStage = async (options: Omit<WorldOptions, 'clock'> = {}): Promise<Stage> => {
  const clock = manualClock()
  const world = await createWorld({ ...options, clock })
  _open.push(world)
  const finish: Stage['finish'] = async (work) => {
    let isDone = false
    const end = () => {
      isDone = true
    }
    work.then(end, end)
    await clock.settle()
    while (!isDone) await clock.advance(STEP_MS)
    return work
  }
  return {
    ...world,
    clock,
    finish,
    save: (configuration) => finish(world.save(configuration)),
    pass: async (ms) => {
      await world.settle()
      await clock.advance(ms)
      await world.settle()
    },
  }
}
