/** The moments and durations that depend on each other, in milliseconds. timing.test.ts holds their inequalities. */

/**
 * Longest wait for one answer of Botpress. The client's own 60 s is longer than any desk waits for the answer to a
 * webhook.
 */
export const API_TIMEOUT_MS = 6_000
/** Longest wait for one answer of a desk: slower than any healthy one, and short enough for two in a start's budget. */
export const VENDOR_TIMEOUT_MS = 8_000

/**
 * A holder that has neither renewed nor released its lock for this long has died: the next caller takes the lock over.
 */
export const LEASE_MS = 20_000
/**
 * The same for a start. It is shorter: Botpress repeats a lost start after 1, 2 and 3 s, and the run that waits for a
 * dead one still has to ask a desk within its own budget.
 */
export const START_LEASE_MS = 12_000
/** A holder whose work takes long renews its lease this often. */
export const RENEWAL_MS = 3_000
/** Waiting callers ask again after this time, then less and less often. */
export const POLL_MS = 150
export const LONGEST_POLL_MS = 1_000
/** One message to the desk. A post that starts in time ends before anyone can take the lock over. */
export const LONGEST_POST_MS = 9_000

/**
 * How long the plugin is given to listen after a session was opened. It makes five calls of its own after startHitl has
 * returned; until then it answers 200 and drops messages, assignments and ends for good. When the answer of startHitl
 * is lost, Botpress repeats the call after one, two and three seconds, and the plugin listens only after the last
 * answer.
 */
export const ACTIVATION_MS = 8_000
/** How long the plugin usually takes for that, at most. */
export const STARTING_MS = 5_000
/** Botpress's client repeats a lost call after this time, then after twice and three times as long. */
export const REPETITION_PAUSE_MS = 1_000
/** A repetition usually comes this much later at most: the answer takes its time to get lost, the call to arrive. */
export const REPETITION_SLACK_MS = 2_500
/** It may come this much later when an instance has crashed and another one has to be started first. */
export const LONGEST_REPETITION_SLACK_MS = 12_500
/** The plugin reads, links and writes before it has handled an event: whatever depends on that waits this long. */
export const HANDLING_MS = 1_500
/** Two messages of one session that follow each other more closely may overlap in the bot and arrive out of order. */
export const SPACING_MS = 250
/** What reaches the bot this shortly before the end may or may not be shown. */
export const UNSURE_MS = 700
/**
 * A message that reaches the bot within this time after its session was read comes before any end that begins later:
 * such an end lists the messages first, and comes a handling after them.
 */
export const FRESH_MS = HANDLING_MS - 600
/** Nothing is scheduled further ahead than this. */
export const LONGEST_SCHEDULE_MS = 15_000
/** This long after the customer has heard of the end, what they said before it may still arrive. */
export const JUST_ENDED_MS = 10_000

/** A delay up to this is waited out here. A longer one is scheduled, since the desk waits for its answer. */
export const LONGEST_WAIT_MS = 500

/** How long a note for agents waits for other holders of the lock to its desk. */
export const NOTE_PATIENCE_MS = 25_000

/** The whole of startHitl. Botpress gives an action 60 s. */
export const START_BUDGET_MS = 25_000
/** The part of that which is kept for writing down that a ticket exists. */
export const START_RESERVE_MS = 2_000
/** A desk that is down or silent is left for the next one after this time. One answer may take 40 % of it. */
export const FAILOVER_MS = 6_000
/** The last desk is asked for this long whether a ticket exists after all. Then the bot learns that it failed. */
export const LAST_SETTLING_MS = 8_000
/** The whole of stopHitl, what it goes on with after its answer included. */
export const STOP_BUDGET_MS = 30_000
/**
 * How long stopHitl waits for the desk. The customer waits for the closing text meanwhile, so what a slow desk leaves
 * is owed (src/to-desk/owed.ts).
 */
export const STOP_WAIT_MS = 2_500
/** How long a stop empties the outbox before it solves the ticket: longer than a dead holder keeps the lock. */
export const FLUSH_BUDGET_MS = 22_000
/** How long a message is offered to a desk that is limited or silent. Botpress gives a delivery 60 s. */
export const DELIVERY_BUDGET_MS = 40_000

/** The first moment at which the plugin listens to this session, in milliseconds since the epoch. */
export const activatedAt = (session: { openedAt: number | undefined }): number =>
  (session.openedAt ?? 0) + ACTIVATION_MS
