/**
 * The playground's clock: it runs with the machine's time, can be moved ahead, and stands still while a session is
 * played again. Timers fire in order in each case.
 */
import { manualClock, type Clock } from '../botpress'

export interface LiveClock extends Clock {
  /** Follows the machine's time from now on. */
  run(): void
  stop(): void
  /** Moves ahead. Whatever is due on the way happens, in order. Resolves when it has. */
  move(ms: number): Promise<void>
  /** The same up to a moment, in milliseconds since the epoch. */
  moveTo(at: number): Promise<void>
  /** How far this clock is ahead of the machine's, in milliseconds. */
  readonly aheadMs: number
}

const TICK_MS = 20

/** `start`: milliseconds since the epoch. */
export const liveClock = (start: number): LiveClock => {
  const manual = manualClock({ start })
  let queue: Promise<void> = Promise.resolve()
  let timer: NodeJS.Timeout | undefined
  /** Of the machine, when this clock last followed it. */
  let followed = 0

  const advance = (ms: () => number): Promise<void> => {
    queue = queue.then(() => manual.advance(Math.max(0, ms())))
    return queue
  }
  const move = (ms: number): Promise<void> => advance(() => ms)
  const tick = async (): Promise<void> => {
    const now = performance.now()
    const passed = Math.floor(now - followed)
    followed += passed
    await move(passed)
    if (timer) timer = setTimeout(() => void tick(), TICK_MS)
  }

  return {
    ...manual,
    move,
    moveTo: (at) => advance(() => at - manual.now()),
    run: () => {
      followed = performance.now()
      timer ??= setTimeout(() => void tick(), TICK_MS)
    },
    stop: () => {
      clearTimeout(timer)
      timer = undefined
    },
    get aheadMs() {
      return Math.round(manual.now() - Date.now())
    },
  }
}

/** The machine's own time as such a clock. It can't be moved. */
export const machineClock = (clock: Clock): LiveClock => ({
  ...clock,
  move: () => Promise.resolve(),
  moveTo: () => Promise.resolve(),
  run: () => {},
  stop: () => {},
  aheadMs: 0,
})
