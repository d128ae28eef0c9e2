import type { Call } from './call'
import type { Session } from './sessions'

/**
 * How long the plugin is given to listen after a session was opened. It needs five calls of its own after startHitl has returned; until then it answers 200 and drops
 * messages, assignments and endings for good.
 */
export const ACTIVATION_MS = 3_000
/** The plugin reads, links and writes before it has handled an event: what depends on that waits this long. */
export const HANDLING_MS = 1_500
/** Two messages of one session closer than this may overtake each other in the bot. */
const SPACING_MS = 250

/** Milliseconds until the plugin listens to this session; 0 when it does. */
export const activationDelay = (call: Call, session: Session): number => {
  return Math.max(0, (session.openedAt ?? 0) + ACTIVATION_MS - call.environment.now())
}

/**
 * Reserves the moment at which the next thing for the bot is delivered, after everything reserved before: the order in which this is called is the order in which the customer
 * sees it. Returns the delay in milliseconds; short ones are waited for, long ones are left to the runtime's scheduling.
 */
export const reserve = (call: Call, session: Session, options: { notBefore: number; spacingMs?: number }): number => {
  const now = call.environment.now()
  const key = `${call.installation}/${session.conversationId}`
  const last = call.memory.delivered.get(key)
  const earliest = Math.max(now, now + activationDelay(call, session), options.notBefore)
  const moment = last === undefined ? earliest : Math.max(earliest, last + (options.spacingMs ?? SPACING_MS))
  call.memory.delivered.set(key, moment)
  return moment - now
}

/** A delay up to this is waited for here; a longer one would keep the desk waiting for its answer. */
export const LONGEST_WAIT_MS = 500

/** What was begun may go on or not; done once more it happens once. Whoever waits for it is answered in time and asked to deliver again. */
export class TooSlow extends Error {
  public override readonly name = 'TooSlow'
}

/** Resolves as `work` does, or rejects with TooSlow after `ms` milliseconds. */
export const within = <T>(call: Call, ms: number, work: Promise<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    const cancel = call.environment.setTimer(() => reject(new TooSlow(`No result within ${ms} ms`)), ms)
    work.then(resolve, reject).finally(cancel)
  })
