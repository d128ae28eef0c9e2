/**
 * Random calendars and an independent evaluation of them, which uses Intl.DateTimeFormat and shares no code with the
 * implementation. Half of the instants lie near clock changes.
 */
import * as fc from 'fast-check'
import { isOpen, nextClosing, nextOpening, type Calendar } from './hours'
import { parseSpecialDates } from './special-dates'
import { parseWeek } from './week-hours'

const MINUTE = 60_000
const DAY = 1440

const ZONES = [
  'Europe/Paris',
  'Europe/London',
  'Europe/Dublin',
  'America/New_York',
  'America/St_Johns',
  'America/Sao_Paulo',
  'America/Havana', // Skips and repeats the hour at midnight.
  'America/Santiago',
  'Africa/Casablanca', // Changes its clocks around Ramadan.
  'Africa/Cairo',
  'Asia/Kolkata',
  'Asia/Kathmandu',
  'Asia/Beirut',
  'Asia/Gaza',
  'Australia/Lord_Howe', // Half an hour.
  'Antarctica/Troll', // Two hours.
  'Pacific/Apia', // 30 December 2011 did not exist.
  'Pacific/Chatham',
  'UTC',
]

// --------------------------------------------------------------------------------------------- the independent half

interface WallClock {
  date: string
  /** Monday is 0. */
  weekday: number
  /** Since midnight. */
  minute: number
}

const clocks = new Map(
  ZONES.map((timeZone) => [
    timeZone,
    new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      weekday: 'short',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
    }),
  ])
)

const wallClock = (timeZone: string, instant: number): WallClock => {
  const parts = Object.fromEntries(
    (clocks.get(timeZone)?.formatToParts(instant) ?? []).map(({ type, value }) => [type, value])
  )
  return {
    date: `${parts.year}-${parts.month}-${parts.day}`,
    weekday: ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'].indexOf(parts.weekday ?? ''),
    minute: Number(parts.hour) * 60 + Number(parts.minute),
  }
}

/**
 * What was drawn, before it became text. `[570, 750]` is 09:30-12:30; an end at or before its start is on the next day.
 */
interface Drawn {
  week: [number, number][][]
  dates: { date: string; periods: [number, number][] }[]
}

const isOpenByHand = (drawn: Drawn, timeZone: string, instant: number): boolean => {
  const { date, weekday, minute } = wallClock(timeZone, instant)
  const [year, month, day] = date.split('-').map(Number) as [number, number, number]
  const yesterday = new Date(Date.UTC(year, month - 1, day - 1)).toISOString().slice(0, 10)
  const periodsOf = (on: string, dayOfWeek: number): [number, number][] => {
    const exact = drawn.dates.find((special) => special.date === on)
    const yearly = drawn.dates.find((special) => special.date === on.slice(5))
    return (exact ?? yearly)?.periods ?? drawn.week[dayOfWeek] ?? []
  }
  for (const [start, end] of periodsOf(date, weekday)) {
    if (minute >= start && (end <= start || minute < end)) return true
  }
  for (const [start, end] of periodsOf(yesterday, (weekday + 6) % 7)) {
    if (end <= start && minute < end) return true
  }
  return false
}

/** Minutes around which the offset of a zone changes, 2011 to 2032, found by comparing wall clocks. */
const transitions = new Map(
  ZONES.map((timeZone) => {
    const offset = (instant: number): number => {
      const { date, minute } = wallClock(timeZone, instant)
      return Date.parse(`${date}T00:00Z`) + minute * MINUTE - instant
    }
    const found: number[] = []
    let last = offset(Date.UTC(2011, 0, 1))
    for (let at = Date.UTC(2011, 0, 1); at < Date.UTC(2032, 0, 1); at += DAY * MINUTE) {
      const next = offset(at + DAY * MINUTE)
      if (next === last) continue
      last = next
      let [before, change] = [at, at + DAY * MINUTE]
      while (change - before > MINUTE) {
        const middle = before + Math.floor((change - before) / MINUTE / 2) * MINUTE
        if (offset(middle) === offset(at)) before = middle
        else change = middle
      }
      found.push(change)
    }
    return [timeZone, found]
  })
)

// ------------------------------------------------------------------------------------------------------- generators

const NAMES = ['Mon', 'tue', 'WED', 'Thursday', 'Fri', 'saturday', 'Sun']

const time = (minute: number): string =>
  `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`

const periodsText = (periods: [number, number][]): string =>
  periods.length === 0 ? 'closed' : periods.map(([start, end]) => `${time(start)}-${time(end)}`).join(', ')

/** Stretches of the week's circle that do not touch, each cut at midnight when it is longer than a shift. */
const weeks = fc.uniqueArray(fc.nat(7 * 96 - 1), { maxLength: 24 }).map((quarters): [number, number][][] => {
  const week: [number, number][][] = NAMES.map(() => [])
  const points = quarters.toSorted((one, other) => one - other).map((quarter) => quarter * 15)
  for (let index = 0; index + 1 < points.length; index += 2) {
    let from = points[index] as number
    const to = points[index + 1] as number
    while (from < to) {
      const day = Math.floor(from / DAY)
      const midnight = (day + 1) * DAY
      const isShift = to <= midnight || (to - from <= 16 * 60 && to < midnight + DAY)
      const end = isShift ? to : midnight
      week[day]?.push([from % DAY, end === midnight ? DAY : end % DAY])
      from = end
    }
  }
  return week
})

const dayPeriods = fc.uniqueArray(fc.nat(95), { maxLength: 6 }).map((quarters) => {
  const points = quarters.toSorted((one, other) => one - other).map((quarter) => quarter * 15)
  return Array.from({ length: Math.floor(points.length / 2) }, (_period, index): [number, number] => [
    points[2 * index] as number,
    points[2 * index + 1] as number,
  ])
})

interface Case {
  drawn: Drawn
  calendar: Calendar
  timeZone: string
  instants: number[]
}

const instantsIn = (timeZone: string) => {
  const changes = transitions.get(timeZone) ?? []
  const anywhere = fc
    .integer({ min: Date.UTC(2011, 0, 3) / MINUTE, max: Date.UTC(2031, 11, 28) / MINUTE })
    .map((minute) => minute * MINUTE)
  if (changes.length === 0) return anywhere
  const around = fc
    .tuple(fc.constantFrom(...changes), fc.integer({ min: -26 * 60, max: 26 * 60 }))
    .map(([change, by]) => change + by * MINUTE)
  const at = fc
    .tuple(fc.constantFrom(...changes), fc.integer({ min: -61, max: 61 }))
    .map(([change, by]) => change + by * MINUTE)
  return fc.oneof({ weight: 2, arbitrary: anywhere }, around, at)
}

/** `count` instants for each calendar; the special dates lie near the instants, or they would never matter. */
const cases = (count: number): fc.Arbitrary<Case> =>
  fc.constantFrom(...ZONES).chain((timeZone) =>
    fc
      .tuple(
        weeks,
        fc.array(instantsIn(timeZone), { minLength: count, maxLength: count }),
        fc.array(fc.tuple(dayPeriods, fc.boolean(), fc.integer({ min: -1, max: 1 })), { maxLength: 4 })
      )
      .map(([week, instants, specials]) => {
        const dates = new Map<string, [number, number][]>()
        for (const [index, [periods, isYearly, days]] of specials.entries()) {
          const near = (instants[index % count] ?? 0) + days * DAY * MINUTE
          dates.set(wallClock(timeZone, near).date.slice(isYearly ? 5 : 0), periods)
        }
        const drawn = { week, dates: [...dates].map(([date, periods]) => ({ date, periods })) }
        return { drawn, timeZone, instants, calendar: read(drawn, timeZone) }
      })
  )

/** Through the texts that people write, so that their reading is tested too. */
const read = (drawn: Drawn, timeZone: string): Calendar => {
  const week = parseWeek(drawn.week.map((periods, day) => `${NAMES[day]} ${periodsText(periods)}`).join('; '))
  const dates = parseSpecialDates(drawn.dates.map(({ date, periods }) => `${date} ${periodsText(periods)}`).join('; '))
  if (!week.value || !dates.value) throw new Error([...(week.problems ?? []), ...(dates.problems ?? [])].join('; '))
  return { timeZone, week: week.value, dates: dates.value }
}

// ------------------------------------------------------------------------------------------------------- properties

/** What properties have looked at so far. */
export interface HoursCounts {
  compared: number
  open: number
  found: number
}

/** `count` instants of each calendar are open or closed as they are by hand. */
export const openAsByHand = (count: number, counts: HoursCounts): fc.IProperty<[Case]> =>
  fc.property(cases(count), ({ drawn, calendar, timeZone, instants }) => {
    for (const instant of instants) {
      const expected = isOpenByHand(drawn, timeZone, instant)
      counts.compared += 1
      counts.open += Number(expected)
      if (isOpen(calendar, instant) !== expected) return false
    }
    return true
  })

const LIMIT = 30 * 60

/** The next opening and the next closing are what scanning minute by minute finds. */
export const nextAsByHand = (counts: HoursCounts): fc.IProperty<[Case]> =>
  fc.property(cases(1), ({ drawn, calendar, timeZone, instants: [instant = 0] }) => {
    for (const [next, wanted] of [
      [nextOpening(calendar, instant), true],
      [nextClosing(calendar, instant), false],
    ] as const) {
      let minute = 0
      while (minute < LIMIT && isOpenByHand(drawn, timeZone, instant + minute * MINUTE) !== wanted) minute += 1
      if (minute < LIMIT) {
        counts.found += 1
        if (next !== instant + minute * MINUTE) return false
      } else if (next !== undefined && next < instant + LIMIT * MINUTE) return false
    }
    return true
  })
