/** Real time, for handoffs with real processes. */
import { realClock, type Clock } from '../../playground/botpress'
import type { StageTime } from './time'

/** A run that takes longer hangs. */
const MAX_PLAY_MS = 5 * 60_000
/** `drain` waits no longer than this. */
const MAX_DRAIN_MS = 60_000
/** `drain` ends when no process has made a call for this long. */
const QUIET_MS = 1_000
const POLL_MS = 50

/** `activity` returns a counter that grows with every call of the processes. */
export const realTime = (activity: () => number): StageTime => {
  const clock = realClock()
  let pending = 0
  let changes = 0

  const begin = (): (() => void) => {
    let isOver = false
    pending += 1
    changes += 1
    return () => {
      if (isOver) return
      isOver = true
      pending -= 1
      changes += 1
    }
  }

  const track: Clock['track'] = (work) => {
    const end = begin()
    work.then(end, end)
    return clock.track(work)
  }

  // `unref`: a pending sleep doesn't keep the process running.
  const sleep = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      setTimeout(resolve, ms).unref()
    })

  return {
    now: clock.now,
    settle: clock.settle,
    sleep,
    track,
    setTimer: (task, ms) => {
      const end = begin()
      const cancel = clock.setTimer(() => {
        const result = task()
        if (result instanceof Promise) void track(result)
        end()
      }, ms)
      return () => {
        cancel()
        end()
      }
    },
    run: (work) => {
      const timeout = sleep(MAX_PLAY_MS).then(() => {
        throw new Error(`The run did not finish within ${MAX_PLAY_MS / 60_000} minutes`)
      })
      return Promise.race([work, timeout])
    },
    drain: async (limitMs) => {
      const until = clock.now() + Math.min(limitMs, MAX_DRAIN_MS)
      for (let seen = -1, since = clock.now(); clock.now() < until && clock.now() - since < QUIET_MS;) {
        await sleep(POLL_MS)
        const now = changes + activity()
        if (pending > 0 || now !== seen) since = clock.now()
        seen = now
      }
    },
  }
}
