/**
 * Saves calls. Every value can be read again, so an empty cache is correct. Bounded, since an instance may live long.
 */
export interface Cache<T> {
  get(key: string): T | undefined
  set(key: string, value: T): void
  delete(key: string): void
}

export const createCache = <T>(now: () => number, options: { lifetimeMs: number; size: number }): Cache<T> => {
  const entries = new Map<string, { value: T; until: number }>()
  return {
    get: (key) => {
      const entry = entries.get(key)
      if (!entry) return undefined
      if (entry.until > now()) return entry.value
      entries.delete(key)
      return undefined
    },
    set: (key, value) => {
      entries.delete(key)
      entries.set(key, { value, until: now() + options.lifetimeMs })
      const oldest = entries.keys().next()
      if (entries.size > options.size && !oldest.done) entries.delete(oldest.value)
    },
    delete: (key) => {
      entries.delete(key)
    },
  }
}

/**
 * Runs the work of one key in the order of the calls. A failure doesn't stop the work behind it. Work that never ends
 * is overtaken after `longestWaitMs`.
 */
export const createQueue = (setTimer: (task: () => void, ms: number) => () => void, longestWaitMs: number) => {
  const tails = new Map<string, Promise<void>>()
  const waitFor = (before: Promise<void>): Promise<void> =>
    new Promise((resolve) => {
      const cancel = setTimer(resolve, longestWaitMs)
      void before.then(resolve).finally(cancel)
    })
  return <T>(key: string, work: () => Promise<T>): Promise<T> => {
    const before = tails.get(key)
    const result = before ? waitFor(before).then(work) : work()
    const settled = result.then(
      () => undefined,
      () => undefined
    )
    tails.set(key, settled)
    void settled.then(() => {
      if (tails.get(key) === settled) tails.delete(key)
    })
    return result
  }
}
