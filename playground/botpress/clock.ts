/** Time, injected: everything in the local Botpress that waits does so here, so that a test can move time instead of sleeping. */
import { watchTraffic } from './traffic'

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Runs `task` once after `ms`; a promise it returns counts as work under way. Returns its cancellation. */
  setTimer(task: () => unknown, ms: number): () => void
  sleep(ms: number): Promise<void>
  /** Counts `work` as under way until it ends. Returns it unchanged. */
  track<T>(work: Promise<T>): Promise<T>
  /**
   * Resolves when nothing is under way, or when all that is under way waits for time to pass. Timers that are not due are no work.
   * Not to be awaited by tracked work itself.
   */
  settle(): Promise<void>
}

export interface ManualClock extends Clock {
  /** Moves time, timer by timer in their order; what each one sets off is settled before the next. */
  advance(ms: number): Promise<void>
  /** Timers and sleepers that are not due yet. */
  readonly waiting: number
}

/** Lets everything that is ready run: timers of the event loop, sockets, promises. */
export const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve)
  })

const _createTracker = () => {
  const works = new Set<Promise<unknown>>()
  const tracker = {
    works,
    /** Changes whenever something starts or ends. */
    changes: 0,
    track: <T>(work: Promise<T>): Promise<T> => {
      works.add(work)
      tracker.changes += 1
      const end = (): void => {
        works.delete(work)
        tracker.changes += 1
      }
      work.then(end, end)
      return work
    },
  }
  return tracker
}

const _run = (tracker: ReturnType<typeof _createTracker>, task: () => unknown): void => {
  const result = task()
  if (result instanceof Promise) void tracker.track(result)
}

/** The machine's own time. */
export const realClock = (): Clock => {
  const tracker = _createTracker()
  return {
    now: () => Date.now(),
    setTimer: (task, ms) => {
      // What is scheduled far ahead keeps nobody from ending the process.
      const timer = setTimeout(() => _run(tracker, task), ms).unref()
      return () => clearTimeout(timer)
    },
    sleep: (ms) =>
      new Promise((resolve) => {
        setTimeout(resolve, ms)
      }),
    track: tracker.track,
    settle: async () => {
      do {
        await Promise.allSettled(tracker.works)
        await turn()
      } while (tracker.works.size > 0)
    },
  }
}

interface Timer {
  due: number
  task: () => unknown
}

/** Turns of the event loop without a change after which nothing that is ready can be left in this process. */
const QUIET_TURNS = 20

/**
 * Time that stands still until it is moved. It does not move while an HTTP request of this process is on its way. Work that waits for anything else of the
 * real world is waited for only while nothing sleeps.
 */
export const manualClock = (options: { start?: number } = {}): ManualClock => {
  const traffic = watchTraffic()
  const tracker = _createTracker()
  let time = options.start ?? Date.UTC(2026, 5, 1, 9, 0, 0)
  let timers: Timer[] = []
  let sleepers = 0

  const setTimer: Clock['setTimer'] = (task, ms) => {
    const timer = { due: time + Math.max(0, ms), task }
    // Kept in order of time, those of one time in the order in which they were set.
    const before = timers.findLastIndex((other) => other.due <= timer.due)
    timers.splice(before + 1, 0, timer)
    tracker.changes += 1
    return () => {
      timers = timers.filter((other) => other !== timer)
    }
  }

  const fireDue = (): boolean => {
    const due = timers.filter((timer) => timer.due <= time)
    timers = timers.filter((timer) => timer.due > time)
    for (const timer of due) _run(tracker, timer.task)
    if (due.length > 0) tracker.changes += 1
    return due.length > 0
  }

  const settle = async (): Promise<void> => {
    let seen = tracker.changes + traffic.changes
    let quiet = 0
    for (;;) {
      await turn()
      if (fireDue() || tracker.changes + traffic.changes !== seen) {
        seen = tracker.changes + traffic.changes
        quiet = 0
        continue
      }
      quiet += 1
      if (tracker.works.size === 0 && quiet > 2) return
      if (quiet <= QUIET_TURNS) continue
      if (sleepers > 0 && traffic.onTheWay === 0) return
      // Other processes need real time; turning as fast as possible would only keep the processor from them.
      await new Promise((resolve) => {
        setTimeout(resolve, 1)
      })
    }
  }

  return {
    now: () => time,
    setTimer,
    sleep: async (ms) => {
      if (ms <= 0) return turn()
      sleepers += 1
      await new Promise<void>((resolve) => {
        setTimer(resolve, ms)
      })
      sleepers -= 1
    },
    track: tracker.track,
    settle,
    advance: async (ms) => {
      const target = time + ms
      await settle()
      for (let next = timers[0]; next && next.due <= target; next = timers[0]) {
        time = Math.max(time, next.due)
        await settle()
      }
      time = target
      await settle()
    },
    get waiting() {
      return timers.length
    },
  }
}
