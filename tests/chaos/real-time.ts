/** The machine's own time, for handoffs that are played with processes that really die. As much of it passes as is needed. */
import { realClock, type Clock } from '../../playground/botpress'
import type { StageTime } from './time'

/** Nobody waits longer for anything in a play that goes on. */
const LONGEST_PLAY_MS = 5 * 60_000
/** What is left to happen after this long has to do without being seen. */
const LONGEST_DRAIN_MS = 60_000
/** Processes do not say when they are done: when none has asked for anything for this long, nothing more is expected. */
const QUIET_MS = 1_000
const LOOKING_MS = 50

/** `activity` grows with whatever the processes do. */
export const realTime = (activity: () => number): StageTime => {
  const own = realClock()
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
    return own.track(work)
  }

  // A wait that nobody is interested in any more keeps no process from ending.
  const sleep = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      setTimeout(resolve, ms).unref()
    })

  return {
    now: own.now,
    settle: own.settle,
    sleep,
    track,
    setTimer: (task, ms) => {
      const end = begin()
      const cancel = own.setTimer(() => {
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
      const tooLong = sleep(LONGEST_PLAY_MS).then(() => {
        throw new Error('Something is waited for that does not come')
      })
      return Promise.race([work, tooLong])
    },
    drain: async (limitMs) => {
      const until = own.now() + Math.min(limitMs, LONGEST_DRAIN_MS)
      for (let seen = -1, since = own.now(); own.now() < until && own.now() - since < QUIET_MS;) {
        await sleep(LOOKING_MS)
        const now = changes + activity()
        if (pending > 0 || now !== seen) since = own.now()
        seen = now
      }
    },
  }
}
