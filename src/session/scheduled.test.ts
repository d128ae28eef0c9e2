import { describe, expect, it } from 'vitest'
import {
  assertInSight,
  assertNotInDoubt,
  fitting,
  keyOf,
  readScheduled,
  ScheduleInDoubt,
  scheduledAt,
  scheduledTag,
  stillNeeded,
  type Scheduled,
} from './scheduled'

const NOW = Date.UTC(2026, 5, 1)

const many = (count: number, isCertain = true): Scheduled[] =>
  Array.from({ length: count }, (_unused, index) => ({ key: keyOf(`desk:${index}`), at: NOW + 250 * index, isCertain }))

describe('the record of scheduled messages', () => {
  it('is read as it was written', () => {
    const scheduled = [...many(3), ...many(5, false).slice(3)]
    expect(readScheduled(scheduledTag(scheduled))).toEqual(scheduled)
  })

  it.each([undefined, '', 'nonsense', 'a@', '@b', 'a@b c@?', '%%@1'])('is empty or harmless for %j', (tag) => {
    for (const { at, key } of readScheduled(tag)) expect([Number.isFinite(at), key.length > 0]).toEqual([true, true])
  })

  it('fits into a tag, with doubts and without', () => {
    const kept = fitting(many(100, false))
    expect(kept.length).toBeGreaterThan(30)
    expect(scheduledTag(kept).length).toBeLessThan(500)
    expect(fitting(many(5))).toHaveLength(5)
  })

  it('forgets what a listing shows', () => {
    const scheduled = [...many(1), ...many(2, false).slice(1)]
    expect(stillNeeded(scheduled, NOW + 1_000)).toEqual(scheduled)
    expect(stillNeeded(scheduled, NOW + 5_000)).toEqual(scheduled.slice(1))
    expect(stillNeeded(scheduled, NOW + 60_000)).toEqual([])
  })

  it('tells when a message comes only if that is certain', () => {
    expect(scheduledAt({ scheduled: many(2) }, 'desk:1')).toBe(NOW + 250)
    expect(scheduledAt({ scheduled: many(2, false) }, 'desk:1')).toBeUndefined()
    expect(scheduledAt({ scheduled: many(2) }, 'desk:9')).toBeUndefined()
  })

  it('leaves a message in doubt until it must have appeared', () => {
    const session = { scheduled: many(1, false) }
    expect(() => assertNotInDoubt(session, 'desk:0', NOW)).toThrow(ScheduleInDoubt)
    expect(() => assertNotInDoubt(session, 'desk:0', NOW + 30_000)).not.toThrow()
    expect(() => assertNotInDoubt(session, 'desk:1', NOW)).not.toThrow()
  })

  it('knows late messages that nobody can see yet', () => {
    const session = { scheduled: many(2) }
    const look = (seen: string[], since: number) => () => assertInSight(session, { seen, since, now: NOW })
    expect(look(['desk:0'], NOW - 1)).toThrow(ScheduleInDoubt)
    expect(look(['desk:0', 'desk:1'], NOW - 1)).not.toThrow()
    expect(look([], NOW + 1_000)).not.toThrow()
  })
})
