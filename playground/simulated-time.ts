import type { ManualClock } from './botpress'
import type { World } from './world'

const STEP_MS = 20

export interface SimulatedTime {
  /** Lets simulated time pass and everything in it happen. */
  pass(ms: number): Promise<void>
  /** Lets as much time pass as this work needs, and little more. */
  finish<T>(work: Promise<T>): Promise<T>
}

/** A world's time, moved by hand. */
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
