import type { Call } from './call'

/** The work took too long. It still runs, and idempotent work may be started again. */
export class TooSlow extends Error {
  public override readonly name = 'TooSlow'
}

/** Resolves as `work` does, or rejects with TooSlow after `ms` milliseconds. */
export const within = <T>(call: Call, ms: number, work: Promise<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    const cancel = call.environment.setTimer(() => reject(new TooSlow(`No result within ${ms} ms`)), ms)
    work.then(resolve, reject).finally(cancel)
  })

export interface RetryPolicy {
  /** Attempts in all. */
  tries?: number
  /** No attempt starts after this moment, in milliseconds since the epoch. */
  until?: number
  /** Pause before the next attempt, in milliseconds. */
  pauseMs: number
  /** An attempt that takes longer is repeated at once, in milliseconds. */
  timeoutMs?: number
  /** False: the error is thrown at once. Every error is retried by default. */
  isRetried?(error: unknown): boolean
  /** The pause is at least this long, in milliseconds. */
  retryAfterMs?(error: unknown): number | undefined
  /** Called before each further attempt, with the error of the last one. */
  onRetry?(error: unknown): void
}

/** Runs idempotent work until it succeeds. Throws its last error when the policy gives up. */
export const retry = async <T>(call: Call, policy: RetryPolicy, work: () => Promise<T>): Promise<T> => {
  const { tries = Number.POSITIVE_INFINITY, until = Number.POSITIVE_INFINITY, timeoutMs } = policy
  const { now, sleep } = call.environment
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await (timeoutMs === undefined ? work() : within(call, timeoutMs, work()))
    } catch (error) {
      const pause = error instanceof TooSlow ? 0 : Math.max(policy.pauseMs, policy.retryAfterMs?.(error) ?? 0)
      if (attempt >= tries || now() + pause > until || policy.isRetried?.(error) === false) throw error
      policy.onRetry?.(error)
      if (pause > 0) await sleep(pause)
    }
  }
}
