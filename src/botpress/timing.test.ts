import { describe, expect, it } from 'vitest'
import { providers } from '../definition/registry'
import { BREAKER_SETTINGS } from '../routing/breaker'
import * as timing from './timing'

const BOTPRESS_ACTION_MS = 60_000
/** Botpress repeats a lost answer three times. */
const REPETITIONS_MS = (1 + 2 + 3) * timing.REPETITION_PAUSE_MS

describe('durations fit into each other', () => {
  it.each<[string, number, number]>([
    ['a call that starts in time ends before the lease', 2 * timing.API_TIMEOUT_MS, timing.LEASE_MS],
    ['a post that starts in time ends before the lease', timing.LONGEST_POST_MS + timing.RENEWAL_MS, timing.LEASE_MS],
    ['a renewal comes before the lease is unsafe', timing.RENEWAL_MS, timing.LEASE_MS - 2 * timing.API_TIMEOUT_MS],
    ['one answer of a desk fits into a post', timing.VENDOR_TIMEOUT_MS, timing.LONGEST_POST_MS],
    ['two answers of a desk fit into a start', 2 * timing.VENDOR_TIMEOUT_MS, timing.START_BUDGET_MS],
    [
      'a renewal of a start that is sent in time lands before the lease ends',
      timing.API_TIMEOUT_MS,
      timing.START_LEASE_MS,
    ],
    ['one answer of a desk fits into the lease of a start', timing.VENDOR_TIMEOUT_MS, timing.START_LEASE_MS],
    [
      'a start waits out a dead one and still asks a desk',
      timing.START_LEASE_MS + timing.VENDOR_TIMEOUT_MS + timing.START_RESERVE_MS,
      timing.START_BUDGET_MS,
    ],
    ['a waiting caller outlives a dead holder within a start', timing.LEASE_MS, timing.START_BUDGET_MS],
    ['the plugin listens after every repetition of a start', REPETITIONS_MS, timing.ACTIVATION_MS],
    ['a repetition is usually not late', timing.REPETITION_SLACK_MS, timing.LONGEST_REPETITION_SLACK_MS],
    ['a crashed start is repeated', timing.START_LEASE_MS, timing.LONGEST_REPETITION_SLACK_MS],
    ['the end comes after what is unsure', timing.UNSURE_MS, timing.HANDLING_MS],
    ['messages follow each other before an end', timing.SPACING_MS, timing.UNSURE_MS],
    ['what is waited out here is shorter than what is unsure', timing.LONGEST_WAIT_MS, timing.UNSURE_MS],
    [
      'a message that is waited out here comes before an end that begins later',
      timing.FRESH_MS + timing.LONGEST_WAIT_MS,
      timing.HANDLING_MS,
    ],
    [
      'an announcement and its message are scheduled while the plugin is not listening',
      timing.ACTIVATION_MS + timing.HANDLING_MS + timing.SPACING_MS,
      timing.LONGEST_SCHEDULE_MS,
    ],
    ['a note waits out a dead holder', timing.LEASE_MS, timing.NOTE_PATIENCE_MS],
    ['last words arrive after the end was handled', timing.HANDLING_MS, timing.JUST_ENDED_MS],
    ['polls grow', timing.POLL_MS, timing.LONGEST_POLL_MS],
    ['the next desk takes over soon', timing.FAILOVER_MS + 1_500, 8_001],
    [
      'three desks that are down fit into a start',
      2 * timing.FAILOVER_MS + timing.LAST_SETTLING_MS + timing.START_RESERVE_MS,
      timing.START_BUDGET_MS,
    ],
    ['a start fits into an action', timing.START_BUDGET_MS, BOTPRESS_ACTION_MS],
    [
      'a stop fits into an action, with one call in flight',
      timing.STOP_BUDGET_MS + timing.API_TIMEOUT_MS,
      BOTPRESS_ACTION_MS,
    ],
    ['a delivery fits, with its last answer', timing.DELIVERY_BUDGET_MS + timing.VENDOR_TIMEOUT_MS, BOTPRESS_ACTION_MS],
    ['a stop waits out a dead holder before it solves the ticket', timing.LEASE_MS, timing.FLUSH_BUDGET_MS],
    ['a stop has time to solve the ticket after that', timing.FLUSH_BUDGET_MS, timing.STOP_BUDGET_MS],
    ['a probe of a desk outlasts a start', timing.START_BUDGET_MS, BREAKER_SETTINGS.probeMs],
  ])('%s', (_what, shorter, longer) => {
    expect(shorter).toBeLessThan(longer)
  })

  it.each(Object.values(providers).map((provider) => [provider.title, provider.answerWithinMs] as const))(
    '%s waits longer for an answer than two messages need',
    (_title, answerWithinMs) => {
      expect(timing.LONGEST_WAIT_MS + timing.HANDLING_MS).toBeLessThanOrEqual(answerWithinMs)
    }
  )
})
