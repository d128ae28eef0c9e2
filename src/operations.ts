/**
 * The code of each operation, loaded at its first call. An instance that starts cold for a webhook loads neither the
 * set-up nor the start of a handoff, and one that opens a session loads no delivery.
 */
const _atFirstUse = <T>(load: () => Promise<T>): (() => Promise<T>) => {
  let loaded: Promise<T> | undefined
  return () => (loaded ??= load())
}

export const operations = {
  setup: _atFirstUse(() => import('./actions/setup')),
  createUser: _atFirstUse(() => import('./actions/create-user')),
  startHitl: _atFirstUse(() => import('./actions/start-hitl')),
  stopHitl: _atFirstUse(() => import('./actions/stop-hitl')),
  explain: _atFirstUse(() => import('./actions/explain')),
  channel: _atFirstUse(() => import('./to-desk/channel')),
  webhook: _atFirstUse(() => import('./from-desk/receive')),
}

/** Loads everything at once. In simulated time, loading would take no time for the router and much for the clock. */
export const loadOperations = async (): Promise<void> => {
  await Promise.all(Object.values(operations).map((load) => load()))
}
