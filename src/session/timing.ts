import type { Call } from '../botpress/call'

/**
 * How long the plugin is given to listen after a session was opened. It needs five calls of its own after startHitl has returned; until then it answers 200 and drops
 * messages, assignments and endings for good. When the answer of startHitl is lost, Botpress asks again after one, two and three seconds, and the plugin listens only after the last answer.
 */
export const ACTIVATION_MS = 8_000
/** The plugin reads, links and writes before it has handled an event: what depends on that waits this long. */
export const HANDLING_MS = 1_500
/** Two messages of one session closer than this may overlap in the bot, and overtake each other. */
export const SPACING_MS = 250
/** What is given to the bot so shortly before the end may be shown or not. */
export const UNSURE_MS = 700

/** The first moment at which the plugin listens to this session, in milliseconds since the epoch. */
export const activatedAt = (session: { openedAt: number | undefined }): number =>
  (session.openedAt ?? 0) + ACTIVATION_MS

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
