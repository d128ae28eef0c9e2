/**
 * Botpress's time, as this instance knows it.
 *
 * Instances compare moments that others have written, and their own clocks differ. So whatever other instances read or
 * have written is compared with Botpress's time: the time of its rows, and of the Date header of its answers. Both come
 * with calls that are made anyway. As in NTP, a call narrows down how far Botpress's clock is ahead: its stamp was made
 * between sending and receiving. Deadlines and pauses keep to the machine's own clock, which doesn't jump.
 */
export interface BotpressClock {
  /** Milliseconds since the epoch. Within the bounds, the machine's own clock is believed. */
  now(): number
  /**
   * Botpress's clock shows at least this. What is scheduled by it never comes too early. The same as `now` while
   * nothing is known.
   */
  earliest(): number
  /** Botpress's time at an earlier moment of the machine's clock. Both in milliseconds since the epoch. */
  at(local: number): number
  learn(sample: Sample): void
}

/** What an answer says about Botpress's clock: it showed `from` to `until` between `sentAt` and `receivedAt`. */
export interface Sample {
  /** Moments of the machine's clock, in milliseconds since the epoch. */
  sentAt: number
  receivedAt: number
  /** Moments of Botpress's clock. Without `until`, the stamp may be of any time before. */
  from: number
  until?: number
}

/** The bounds of how far Botpress's clock is ahead, in milliseconds. */
interface Bounds {
  low: number
  high: number
}

const UNKNOWN: Bounds = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY }

/** A machine's clock goes wrong by less than this per millisecond. */
const DRIFT = 0.0005

export const createBotpressClock = (localNow: () => number): BotpressClock => {
  let learned = UNKNOWN
  let learnedAt = localNow()

  const bounds = (): Bounds => {
    const drift = Math.abs(localNow() - learnedAt) * DRIFT
    return { low: learned.low - drift, high: learned.high + drift }
  }
  const offset = (): number => {
    const { low, high } = bounds()
    return Math.round(Math.min(Math.max(0, low), high))
  }

  return {
    now: () => localNow() + offset(),
    earliest: () => {
      const { low } = bounds()
      return localNow() + (Number.isFinite(low) ? Math.min(Math.ceil(low), offset()) : offset())
    },
    at: (local) => local + offset(),
    learn: ({ sentAt, receivedAt, from, until }) => {
      const sample: Bounds = { low: from - receivedAt, high: until === undefined ? UNKNOWN.high : until - sentAt }
      const known = bounds()
      const both = { low: Math.max(known.low, sample.low), high: Math.min(known.high, sample.high) }
      // One of the clocks was set: what was known before is wrong.
      learned = both.low <= both.high ? both : sample
      learnedAt = localNow()
    },
  }
}
