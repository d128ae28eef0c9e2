/** Injected time. Everything in the local Botpress waits through a clock, so that tests can advance it. */
import { watchTraffic } from './traffic'

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Runs `task` once after `ms`, and tracks a promise that it returns. Returns a function that cancels the timer. */
  setTimer(task: () => unknown, ms: number): () => void
  sleep(ms: number): Promise<void>
  /** Tracks `work` as pending until it settles. Returns it unchanged. */
  track<T>(work: Promise<T>): Promise<T>
  /**
   * Resolves when no work is pending, or when all pending work waits for time to pass. Timers that are not due don't
   * count. Tracked work must not await it.
   */
  settle(): Promise<void>
}

export interface ManualClock extends Clock {
  /** Advances time from timer to timer, in order. The work that a timer starts settles before the next timer fires. */
  advance(ms: number): Promise<void>
  /** Number of timers and sleepers that are not due yet. */
  readonly waiting: number
}

/** Yields to the event loop, so that everything that is ready runs: timers, sockets and promises. */
export const yieldToEventLoop = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve)
  })

const _createTracker = () => {
  const pending = new Set<Promise<unknown>>()
  const tracker = {
    pending,
    /** Incremented whenever work starts or ends. */
    changes: 0,
    track: <T>(work: Promise<T>): Promise<T> => {
      pending.add(work)
      tracker.changes += 1
      const end = (): void => {
        pending.delete(work)
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

/** The system clock. */
export const realClock = (): Clock => {
  const tracker = _createTracker()
  return {
    now: () => Date.now(),
    setTimer: (task, ms) => {
      // A timer far in the future must not keep the process alive.
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
        await Promise.allSettled(tracker.pending)
        await yieldToEventLoop()
      } while (tracker.pending.size > 0)
    },
  }
}

interface Timer {
  due: number
  task: () => unknown
}

/** After this many turns of the event loop without a change, nothing in this process is ready to run. */
const QUIET_TURNS = 20

/**
 * A clock that stands still until it is advanced. It doesn't advance while an HTTP request of this process is in
 * flight. Other real I/O, such as a child process, is awaited only while no task sleeps on this clock.
 */
export const manualClock = (options: { start?: number } = {}): ManualClock => {
  const traffic = watchTraffic()
  const tracker = _createTracker()
  let time = options.start ?? Date.UTC(2026, 5, 1, 9, 0, 0)
  let timers: Timer[] = []
  let sleepers = 0

  const setTimer: Clock['setTimer'] = (task, ms) => {
    const timer = { due: time + Math.max(0, ms), task }
    // Sorted by due time. Timers that are due at the same time keep the order in which they were set.
    const previous = timers.findLastIndex((other) => other.due <= timer.due)
    timers.splice(previous + 1, 0, timer)
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
    let lastChange = tracker.changes + traffic.changes
    let quietTurns = 0
    for (;;) {
      await yieldToEventLoop()
      if (fireDue() || tracker.changes + traffic.changes !== lastChange) {
        lastChange = tracker.changes + traffic.changes
        quietTurns = 0
        continue
      }
      quietTurns += 1
      if (tracker.pending.size === 0 && quietTurns > 2) return
      if (quietTurns <= QUIET_TURNS) continue
      if (sleepers > 0 && traffic.onTheWay === 0) return
      // Other processes need real time. A busy loop would take the processor from them.
      await new Promise((resolve) => {
        setTimeout(resolve, 1)
      })
    }
  }

  return {
    now: () => time,
    setTimer,
    sleep: async (ms) => {
      if (ms <= 0) return yieldToEventLoop()
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
