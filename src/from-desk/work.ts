import type { Call } from '../botpress/call'
import type { Desk } from '../botpress/desk'
import type { Progress } from '../session/progress'

/** What the events of one ticket are applied with. Moments in milliseconds since the epoch. */
export interface Work {
  call: Call
  desk: Desk
  /** Updated with every message that is delivered. */
  progress: Progress
  /** When the session was last read. */
  readAt: number
  /** When the events came. */
  cameAt: number
}

/** How long a webhook waits for the outbox, in milliseconds. */
export const patienceOf = (desk: Desk): number => desk.provider.answerWithinMs * 0.6

/** How much longer a webhook may wait for another holder of the session's lock, in milliseconds. */
export const patienceLeft = ({ call, desk, cameAt }: Work): number =>
  Math.max(0, cameAt + desk.provider.answerWithinMs * 0.75 - call.environment.now())
