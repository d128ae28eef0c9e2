import { describe, expect, test } from 'vitest'
import { describeTime, isOpen, nextClosing, nextOpening, type Calendar } from './hours'
import { parseSpecialDates } from './special-dates'
import { timeZoneProblem } from './time-zone'
import { parseWeek } from './week-hours'

const calendar = (timeZone: string, week: string, dates = ''): Calendar => ({
  timeZone,
  week: parseWeek(week).value ?? [],
  dates: parseSpecialDates(dates).value ?? [],
})

const at = (text: string): number => Date.parse(text)
const iso = (instant: number | undefined): string | undefined =>
  instant === undefined ? undefined : new Date(instant).toISOString()

describe('business hours', () => {
  const paris = calendar('Europe/Paris', 'Mon-Fri 09:00-12:30, 13:30-17:00; Sat 10:00-14:00')

  test('include the start of a period and exclude its end', () => {
    expect(isOpen(paris, at('2026-01-05T07:59:59.999Z'))).toBe(false)
    expect(isOpen(paris, at('2026-01-05T08:00Z'))).toBe(true)
    expect(isOpen(paris, at('2026-01-05T11:29:59.999Z'))).toBe(true)
    expect(isOpen(paris, at('2026-01-05T11:30Z'))).toBe(false)
  })

  test('opens after lunch, on the next day, after the weekend', () => {
    expect(iso(nextOpening(paris, at('2026-01-05T11:45Z')))).toBe('2026-01-05T12:30:00.000Z')
    expect(iso(nextOpening(paris, at('2026-01-05T18:00Z')))).toBe('2026-01-06T08:00:00.000Z')
    expect(iso(nextOpening(paris, at('2026-01-03T15:00Z')))).toBe('2026-01-05T08:00:00.000Z')
    expect(iso(nextOpening(paris, at('2026-01-05T09:00:00.123Z')))).toBe('2026-01-05T09:00:00.123Z')
    expect(iso(nextClosing(paris, at('2026-01-05T09:00Z')))).toBe('2026-01-05T11:30:00.000Z')
  })

  test('adjacent periods are one: 24/7 never closes, Friday night runs into Saturday', () => {
    expect(nextClosing(calendar('UTC', '24/7'), at('2026-01-05T09:00Z'))).toBeUndefined()
    const night = calendar('UTC', 'Fri 20:00-24:00; Sat 00:00-03:00')
    expect(iso(nextClosing(night, at('2026-01-09T21:00Z')))).toBe('2026-01-10T03:00:00.000Z')
  })

  test('there is no next opening for a desk that never opens', () => {
    expect(nextOpening(calendar('Europe/Paris', 'Mon-Sun closed'), at('2026-01-05T09:00Z'))).toBeUndefined()
    expect(iso(nextOpening(calendar('UTC', 'Mon-Sun closed', '01-04 all day'), at('2026-01-05T09:00Z')))).toBe(
      '2027-01-04T00:00:00.000Z'
    )
  })

  test('a period past midnight belongs to the day on which it starts, even if the next day is closed', () => {
    const bar = calendar('Europe/Paris', 'Thu 22:00-02:00', '12-25 closed')
    expect(isOpen(bar, at('2026-12-25T00:30Z'))).toBe(true)
    expect(isOpen(bar, at('2026-12-25T01:00Z'))).toBe(false)
    const christmasEve = calendar('Europe/Paris', 'Thu 22:00-02:00', '12-24 closed')
    expect(isOpen(christmasEve, at('2026-12-25T00:30Z'))).toBe(false)
  })

  test('a date with a year takes precedence over the yearly one', () => {
    const shop = calendar('UTC', 'Mon-Sun 09:00-17:00', '12-24 closed; 2026-12-24 09:00-12:00')
    expect(isOpen(shop, at('2026-12-24T10:00Z'))).toBe(true)
    expect(isOpen(shop, at('2026-12-24T13:00Z'))).toBe(false)
    expect(isOpen(shop, at('2027-12-24T10:00Z'))).toBe(false)
  })

  test('a yearly range may span New Year', () => {
    const shop = calendar('UTC', 'Mon-Sun all day', '12-27 to 01-02 closed')
    expect(isOpen(shop, at('2026-12-26T10:00Z'))).toBe(true)
    expect(isOpen(shop, at('2026-12-31T10:00Z'))).toBe(false)
    expect(isOpen(shop, at('2027-01-02T23:59Z'))).toBe(false)
    expect(isOpen(shop, at('2027-01-03T00:00Z'))).toBe(true)
  })
})

describe('clock changes', () => {
  test('the skipped hour: a period that starts within it starts when the clocks jump', () => {
    const early = calendar('Europe/Paris', 'Sun 02:30-04:00')
    expect(iso(nextOpening(early, at('2026-03-29T00:00Z')))).toBe('2026-03-29T01:00:00.000Z')
    expect(iso(nextClosing(early, at('2026-03-29T01:00Z')))).toBe('2026-03-29T02:00:00.000Z')
  })

  test('the skipped hour: a period that lies within it does not happen', () => {
    const lost = calendar('Europe/Paris', 'Sun 02:10-02:50')
    expect(iso(nextOpening(lost, at('2026-03-28T12:00Z')))).toBe('2026-04-05T00:10:00.000Z')
  })

  test('the repeated hour counts twice', () => {
    const late = calendar('Europe/Paris', 'Sun 02:00-02:30')
    const night = at('2026-10-24T22:00Z')
    const opens = nextOpening(late, night)
    const closes = nextClosing(late, opens ?? 0)
    const opensAgain = nextOpening(late, closes ?? 0)
    const closesAgain = nextClosing(late, opensAgain ?? 0)
    expect([opens, closes, opensAgain, closesAgain].map(iso)).toEqual([
      '2026-10-25T00:00:00.000Z',
      '2026-10-25T00:30:00.000Z',
      '2026-10-25T01:00:00.000Z',
      '2026-10-25T01:30:00.000Z',
    ])
  })

  test('a day that a zone skipped has no hours', () => {
    const apia = calendar('Pacific/Apia', 'Fri 09:00-17:00')
    // 30 December 2011, a Friday, did not exist in Samoa.
    expect(iso(nextOpening(apia, at('2011-12-29T12:00Z')))).toBe('2012-01-05T19:00:00.000Z')
  })
})

describe('texts for people', () => {
  test('a time is in the zone of the desk, with its date when it is a week or more ahead', () => {
    const now = at('2026-01-02T12:00Z')
    expect(describeTime(at('2026-01-05T08:00Z'), 'Europe/Paris', now)).toBe('Monday 09:00 Europe/Paris')
    expect(describeTime(at('2026-01-12T08:00Z'), 'Europe/Paris', now)).toBe('Monday 2026-01-12 09:00 Europe/Paris')
  })

  test.each([
    ['Paris', `"Paris" isn't a time zone; write Europe/Paris`],
    ['Europe/Berln', `"Europe/Berln" isn't a time zone; write Europe/Berlin`],
    ['Mars/Olympus', `"Mars/Olympus" isn't a time zone; write an IANA name such as Europe/Paris`],
    [
      '+01:00',
      '"+01:00" is an offset, which is wrong for part of the year where clocks change; write a zone such as Europe/Paris',
    ],
  ])('refuses the zone %s', (zone, problem) => expect(timeZoneProblem(zone)).toBe(problem))

  test.each(['Europe/Paris', 'UTC', 'America/Argentina/Buenos_Aires', 'Europe/Kyiv'])('accepts the zone %s', (zone) =>
    expect(timeZoneProblem(zone)).toBeUndefined()
  )
})
