import { afterEach } from 'vitest'
import { manualClock, type ManualClock } from '../../playground/botpress'
import { simulatedTime, type SimulatedTime } from '../../playground/simulated-time'
import { createWorld, type World, type WorldOptions } from '../../playground/world'

export interface Stage extends World, SimulatedTime {
  clock: ManualClock
}

const _open: World[] = []

afterEach(async () => {
  await Promise.all(_open.splice(0).map((world) => world.close()))
})

/** A world in simulated time, by default without sockets. It is closed when the test ends. */
export const createStage = async (options: Omit<WorldOptions, 'clock'> = {}): Promise<Stage> => {
  const clock = manualClock()
  const world = await createWorld({ sockets: false, ...options, clock })
  _open.push(world)
  const time = simulatedTime(world, clock)
  return { ...world, ...time, clock, save: (configuration) => time.finish(world.save(configuration)) }
}
