import type { ManualClock } from './botpress'
import type { World } from './world'

const STEP_MS = 20

export interface SimulatedTime {
  /** Advances simulated time and settles everything that is due. */
  pass(ms: number): Promise<void>
  /** Advances time in small steps until `work` settles. */
  finish<T>(work: Promise<T>): Promise<T>
}

/** Controls the clock of a world. */
export const simulatedTime = (world: World, clock: ManualClock): SimulatedTime => ({
  pass: async (ms) => {
    await world.settle()
    await clock.advance(ms)
    await world.settle()
  },
  finish: async (work) => {
    let isDone = false
    const end = () => {
      isDone = true
    }
    work.then(end, end)
    await clock.settle()
    while (!isDone) await clock.advance(STEP_MS)
    return work
  },
})
