/** Simulated time: it stands still until all ready work is done, then jumps to the next timer. No real time passes. */
import type { Clock } from '../../playground/botpress'
import { yieldToEventLoop } from '../../playground/botpress/clock'

/** The clock of a stage. */
export interface StageTime extends Clock {
  /** Lets time pass until the work is done. Rejects if it waits for something that never happens. */
  run<T>(work: Promise<T>): Promise<T>
  /** Lets `limitMs` pass and runs everything that is due meanwhile. */
  drain(limitMs: number): Promise<void>
}

export interface SimulatedTime extends StageTime {
  /** Replaces the global timers and `Date.now`, for libraries that use them. Returns a function that restores them. */
  install(): () => void
}

interface Timer {
  due: number
  number: number
  task: () => unknown
  isCancelled: boolean
}

const START = Date.UTC(2026, 5, 1, 9, 0, 0)
/** After this many turns of the event loop without a change, no work is ready. Simulated work needs at most one. */
const QUIET_TURNS = 3

const _isBefore = (a: Timer, b: Timer): boolean => a.due < b.due || (a.due === b.due && a.number < b.number)

/** A binary heap of timers by due time; equal times in the order in which they were set. */
const _createHeap = () => {
  const items: Timer[] = []
  const swap = (a: number, b: number): void => {
    const [first, second] = [items[a], items[b]]
    if (!first || !second) return
    items[a] = second
    items[b] = first
  }
  const isBefore = (a: number, b: number): boolean => {
    const [first, second] = [items[a], items[b]]
    return first !== undefined && second !== undefined && _isBefore(first, second)
  }
  return {
    peek: () => items[0],
    push: (item: Timer): void => {
      items.push(item)
      for (let at = items.length - 1; at > 0;) {
        const parent = (at - 1) >> 1
        if (!isBefore(at, parent)) break
        swap(at, parent)
        at = parent
      }
    },
    pop: (): void => {
      swap(0, items.length - 1)
      items.pop()
      for (let at = 0; ;) {
        const [left, right] = [2 * at + 1, 2 * at + 2]
        let first = at
        if (isBefore(left, first)) first = left
        if (isBefore(right, first)) first = right
        if (first === at) break
        swap(at, first)
        at = first
      }
    },
  }
}

export const simulatedTime = (): SimulatedTime => {
  const heap = _createHeap()
  let time = START
  let count = 0
  let changes = 0

  const set = (task: () => unknown, ms: number): Timer => {
    count += 1
    changes += 1
    // Clocks show whole milliseconds.
    const timer = { due: time + Math.max(0, Math.ceil(ms)), number: count, task, isCancelled: false }
    heap.push(timer)
    return timer
  }

  const setTimer: Clock['setTimer'] = (task, ms) => {
    const timer = set(task, ms)
    return () => {
      timer.isCancelled = true
    }
  }

  const track: Clock['track'] = (work) => {
    changes += 1
    const end = (): void => {
      changes += 1
    }
    work.then(end, end)
    return work
  }

  const settle = (): Promise<void> =>
    new Promise((resolve) => {
      let quiet = 0
      let seen = changes
      const check = (): void => {
        quiet = changes === seen ? quiet + 1 : 0
        seen = changes
        if (quiet === QUIET_TURNS) resolve()
        else setImmediate(check)
      }
      setImmediate(check)
    })

  /** Advances to the next due time and runs its timers. Returns false if none is due before the limit. */
  const step = (limit: number): boolean => {
    let next = heap.peek()
    while (next?.isCancelled) {
      heap.pop()
      next = heap.peek()
    }
    if (!next || next.due > limit) return false
    time = Math.max(time, next.due)
    for (; next && next.due <= time; next = heap.peek()) {
      heap.pop()
      if (next.isCancelled) continue
      const result = next.task()
      if (result instanceof Promise) void track(result)
    }
    return true
  }

  return {
    now: () => time,
    setTimer,
    sleep: (ms) => {
      if (ms <= 0) return yieldToEventLoop()
      return new Promise((resolve) => {
        set(resolve, ms)
      })
    },
    track,
    settle,
    run: async (work) => {
      let isDone = false
      const end = (): void => {
        isDone = true
      }
      work.then(end, end)
      await settle()
      while (!isDone) {
        if (!step(Number.POSITIVE_INFINITY)) throw new Error('The work waits for something that never comes')
        await settle()
      }
      return work
    },
    drain: async (limitMs) => {
      const limit = time + limitMs
      await settle()
      while (step(limit)) await settle()
      time = Math.max(time, limit)
    },
    install: () => _install(() => time, set),
  }
}

const _install = (now: () => number, set: (task: () => unknown, ms: number) => Timer): (() => void) => {
  const original = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout, now: Date.now }
  const abortAfter = AbortSignal.timeout
  const timers = new Map<number, Timer>()
  Object.assign(globalThis, {
    setTimeout: (task: (...values: unknown[]) => unknown, ms = 0, ...values: unknown[]) => {
      const timer = set(() => {
        timers.delete(timer.number)
        return task(...values)
      }, ms)
      timers.set(timer.number, timer)
      return { unref: () => {}, ref: () => {}, [Symbol.toPrimitive]: () => timer.number }
    },
    clearTimeout: (handle: unknown) => {
      const number = Number(handle)
      const timer = timers.get(number)
      timers.delete(number)
      // Other timers were set before `install`.
      if (timer) timer.isCancelled = true
      else original.clearTimeout(handle as Parameters<typeof clearTimeout>[0])
    },
  })
  Date.now = now
  // A real time-out would make the outcome depend on the speed of the machine.
  AbortSignal.timeout = () => new AbortController().signal
  return () => {
    AbortSignal.timeout = abortAfter
    Object.assign(globalThis, { setTimeout: original.setTimeout, clearTimeout: original.clearTimeout })
    Date.now = original.now
  }
}
