import { afterEach } from 'vitest'
import { manualClock, type ManualClock } from '../runtime'
import { createWorld, type World, type WorldOptions } from '../world'

export interface Stage extends World {
  clock: ManualClock
  /** Lets simulated time pass and everything in it happen. */
  pass(ms: number): Promise<void>
}

const _open: World[] = []

afterEach(async () => {
  await Promise.all(_open.splice(0).map((world) => world.close()))
})

/** A world in simulated time that is closed when the test ends. */
export const createStage = async (options: Omit<WorldOptions, 'clock'> = {}): Promise<Stage> => {
  const clock = manualClock()
  const world = await createWorld({ ...options, clock })
  _open.push(world)
  return {
    ...world,
    clock,
    pass: async (ms) => {
      await world.settle()
      await clock.advance(ms)
      await world.settle()
    },
  }
}
