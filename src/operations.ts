/**
 * The code of each operation, loaded at its first call. An instance that starts cold for a webhook loads neither the
 * set-up nor the start of a handoff, and one that opens a session loads no delivery.
 */
const _atFirstUse = <T>(load: () => Promise<T>): (() => Promise<T>) => {
  let loaded: Promise<T> | undefined
  return () => (loaded ??= load())
}

export const operations = {
  register: _atFirstUse(async () => (await import('./actions/setup')).register),
  unregister: _atFirstUse(async () => (await import('./actions/setup')).unregister),
  createUser: _atFirstUse(async () => (await import('./actions/create-user')).createUser),
  startHitl: _atFirstUse(async () => (await import('./actions/start-hitl')).startHitl),
  stopHitl: _atFirstUse(async () => (await import('./actions/stop-hitl')).stopHitl),
  checkAvailability: _atFirstUse(async () => (await import('./actions/explain')).checkAvailability),
  endIdleSessions: _atFirstUse(async () => (await import('./actions/end-idle-sessions')).endIdleSessions),
  explainRouting: _atFirstUse(async () => (await import('./actions/explain')).explainRouting),
  deliverToDesk: _atFirstUse(async () => (await import('./to-desk/channel')).deliverToDesk),
  readBack: _atFirstUse(async () => (await import('./from-desk/read-back')).readBack),
  receiveWebhook: _atFirstUse(async () => (await import('./from-desk/receive')).receiveWebhook),
}

/**
 * Loads everything at once, with the libraries that operations load when they need them. In simulated time, loading
 * would take no time for the router and much for the clock.
 */
export const loadOperations = async (): Promise<void> => {
  const [{ detectLanguage }, { loadRedaction }] = await Promise.all([
    import('./routing/detect-language'),
    import('./redaction/redact'),
    ...Object.values(operations).map((load) => load()),
  ])
  await Promise.all([detectLanguage(['hello'], ['en', 'fr']), loadRedaction()])
}
