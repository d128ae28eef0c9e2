import type { Call } from '../botpress/call'
import type { Desk } from '../botpress/desk'
import type { Progress } from '../session/progress'

/** What the events of one ticket are applied with. */
export interface Work {
  call: Call
  desk: Desk
  /** Updated with every message that is delivered. */
  progress: Progress
  /** When the session was last read, in milliseconds since the epoch. */
  readAt: number
}

/** How long a webhook waits for another holder of the session's lock, in milliseconds. */
export const patienceOf = (desk: Desk): number => desk.provider.answerWithinMs * 0.6
