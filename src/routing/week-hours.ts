/**
 * Weekly hours:
 *
 *     Mon-Fri 09:00-12:30, 13:30-17:00; Sat 10:00-14:00
 *     weekdays 9am-5pm; Sun closed
 *     24/7
 *
 * Several entries for a day add up; overlapping periods are an error. Between an entry that closes a day and one that
 * opens it, the one for fewer days decides: `Mon-Sun 09:00-17:00; Sun closed`.
 */
import {
  ALL_DAY,
  CLOSED,
  DAY_MINUTES,
  WHOLE_DAY,
  afternoonMeant,
  formatPeriod,
  parsePeriods,
  type Period,
} from './period'
import { after, entriesOf, quote, trimmed, withoutTrailing, type Parsed, type Piece } from './parsed'

/** Periods of each day of the week, Monday first. */
export type Week = Period[][]

export const DAY_NAMES = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']

const ALL_DAYS = [0, 1, 2, 3, 4, 5, 6]

/** One entry: its days, and the periods on each of them. None: closed. */
export interface WeekEntry {
  days: number[]
  periods: Period[]
  piece: Piece
}

export const parseWeek = (text: string): Parsed<Week> => {
  const entries: WeekEntry[] = []
  const problems: string[] = []
  for (const piece of entriesOf(text)) {
    const parsed = parseWeekEntry(piece)
    if (parsed.problems) problems.push(...parsed.problems)
    else entries.push(parsed.value)
  }
  if (problems.length > 0) return { problems }
  if (entries.length === 0) return { problems: [NO_HOURS] }
  return toWeek(entries)
}

export const NO_HOURS = 'says no hours; write for example Mon-Fri 09:00-17:00, or leave it empty for always open'

const _always = /^(?:open\s+)?(?:24\s*\/\s*7|24\s*[x×]\s*7|always(?: open)?|around the clock|non-?stop)$/i
const _timesFirst =
  /^([\d\s:.,&\-apmh]*\d[\s:.apmh]*?)\s+(?:on\s+)?((?:mon|tue|wed|thu|fri|sat|sun|daily|week|every|all).*)$/i
/** Longer texts are hostile, and the pattern takes quadratic time. */
const LONGEST_REVERSED = 200
const _beforeTimes = new RegExp(
  String.raw`^[^\d]*?(?=\d|\b(?:from|noon|midday|midnight|is closed|are closed|${ALL_DAY}|${CLOSED})\b|$)`,
  'i'
)

/** One entry, `Mon-Wed, Fri 09:00-12:30, 13:30-17:00`: days, then periods, or the other way round. */
export const parseWeekEntry = (piece: Piece): Parsed<WeekEntry> => {
  if (_always.test(piece.text)) return { value: { days: ALL_DAYS, periods: [WHOLE_DAY], piece } }
  const [days, times] = _split(piece)
  if (/^24\s*\/\s*7/.test(times.text)) return { problems: [`${quote(times)}: write 24/7 alone, without days`] }
  if (days.text === '') {
    return {
      problems: [`${quote(piece)} has no days: write for example Mon-Sun ${piece.text}`],
    }
  }
  const dayNumbers = _parseDays(days)
  const periods: Parsed<Period[]> =
    times.text === ''
      ? { problems: [`${quote(piece)} has no hours: write for example ${piece.text} 09:00-17:00`] }
      : parsePeriods(times)
  const problems = [...(dayNumbers.problems ?? []), ...(periods.problems ?? [])]
  if (!dayNumbers.value || !periods.value) return { problems }
  return { value: { days: dayNumbers.value, periods: periods.value, piece } }
}

const _split = (piece: Piece): [days: Piece, times: Piece] => {
  const isShort = piece.text.length <= LONGEST_REVERSED
  const [, times = '', days = ''] = (isShort && _timesFirst.exec(piece.text)) || []
  if (days !== '')
    return [trimmed({ text: days, at: piece.at + piece.text.lastIndexOf(days) }), { text: times, at: piece.at }]
  const before = _beforeTimes.exec(piece.text)?.[0] ?? ''
  const opened = /^(?:we are )?open:?\s+/i.exec(before)?.[0].length ?? 0
  const named = withoutTrailing(before.slice(opened), ' :,-\t')
  return [trimmed({ text: named, at: piece.at + opened }), after(piece, before.length)]
}

const _WORDS: Record<string, number[]> = {
  m: [0],
  w: [2],
  f: [4],
  weds: [2],
  weekday: [0, 1, 2, 3, 4],
  workday: [0, 1, 2, 3, 4],
  weekend: [5, 6],
  daily: ALL_DAYS,
  everyday: ALL_DAYS,
}
/** First words of `every day`, `working days`, `all week`. */
const _FIRST_WORDS: Record<string, number[]> = {
  every: ALL_DAYS,
  each: ALL_DAYS,
  all: ALL_DAYS,
  working: [0, 1, 2, 3, 4],
  work: [0, 1, 2, 3, 4],
  business: [0, 1, 2, 3, 4],
}
const _RANGE_WORDS = new Set(['-', '..', 'to', 'thru', 'through', 'till', 'til', 'until'])
const _SEPARATORS = new Set([',', '/', '&', '+', '|', ':', 'and', 'on', 'the'])
const _EXCEPTIONS = new Set(['except', 'excluding', 'without', 'but', 'not'])

const _parseDays = (piece: Piece): Parsed<number[]> => {
  const words = [...piece.text.matchAll(/[\p{L}.]+|-|\.\.|\S/gu)].map(({ 0: text, index }) => ({
    text,
    at: piece.at + index,
  }))
  const days: number[] = []
  const problems: string[] = []
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] as Piece
    const name = word.text.toLowerCase()
    if (_SEPARATORS.has(name)) continue
    if (_EXCEPTIONS.has(name)) {
      problems.push(`${quote(word)}: write the days that are closed as an entry of their own, such as "; Wed closed"`)
      break
    }
    const next = words[index + 1]
    if (Object.hasOwn(_FIRST_WORDS, name) && /^(?:days?|week)$/i.test(next?.text ?? '')) {
      days.push(...(_FIRST_WORDS[name] ?? []))
      index += 1
      continue
    }
    const from = _daysOf(name)
    const last = next && _RANGE_WORDS.has(next.text.toLowerCase()) ? words[index + 2] : undefined
    const to = last ? _daysOf(last.text.toLowerCase()) : from
    if (from?.length !== 1 && last) problems.push(_notADay(from === undefined ? word : last))
    else if (!from || !to || (last && to.length !== 1)) problems.push(_notADay(from && last ? last : word))
    else if (last) days.push(..._range(from[0] as number, to[0] as number))
    else days.push(...from)
    if (last) index += 2
  }
  return problems.length > 0 ? { problems } : { value: [...new Set(days)] }
}

const _notADay = (piece: Piece): string =>
  `${quote(piece)} isn't a day; write Mon, Tue, Wed, Thu, Fri, Sat or Sun, or a range such as Mon-Fri`

const _range = (from: number, to: number): number[] =>
  Array.from({ length: ((to - from + 7) % 7) + 1 }, (_day, index) => (from + index) % 7)

/** Names may be abbreviated to two letters, and have a plural. */
const _daysOf = (word: string): number[] | undefined => {
  const name = word.replace(/\.$/, '')
  const singular = name.replace(/(?<=day|weekend)s$/, '')
  if (Object.hasOwn(_WORDS, singular)) return _WORDS[singular]
  if (singular.length < 2) return undefined
  const day = DAY_NAMES.findIndex((known) => known.toLowerCase().startsWith(singular))
  return day < 0 ? undefined : [day]
}

/** Combines the entries of a week. */
export const toWeek = (entries: WeekEntry[]): Parsed<Week> => {
  const problems: string[] = []
  const kept = ALL_DAYS.map((day) => _onDay(day, entries, problems))
  problems.push(..._habits(entries), ..._overlaps(kept))
  if (problems.length > 0) return { problems: [...new Set(problems)] }
  return {
    value: kept.map((ofDay) =>
      ofDay.map(({ start, end }) => ({ start, end })).toSorted((one, other) => one.start - other.start)
    ),
  }
}

interface Dated extends Period {
  day: number
  piece: Piece
}

/** The periods of a day. Of the entries that close it and those that open it, the ones for fewer days decide. */
const _onDay = (day: number, entries: WeekEntry[], problems: string[]): Dated[] => {
  const ofDay = entries.filter(({ days }) => days.includes(day))
  const closed = ofDay.filter(({ periods }) => periods.length === 0)
  const open = ofDay.filter(({ periods }) => periods.length > 0)
  const fewest = (some: WeekEntry[]): number => Math.min(...some.map(({ days }) => days.length))
  const isOpened = (entry: WeekEntry): boolean => entry.days.length < fewest(closed)
  const [closing] = closed
  const clash = open.find((entry) => entry.days.length === fewest(closed))
  if (closing && clash) {
    problems.push(
      `${quote(closing.piece)} and ${quote(clash.piece)} close and open ${DAY_NAMES[day]}; keep one of the two`
    )
  }
  const counted = closing ? open.filter(isOpened) : open
  return counted.flatMap(({ periods, piece }) => periods.map((period) => ({ ...period, day, piece })))
}

/** `Mon-Fri 8:00-12:00; Mon-Fri 1:00-5:00`: the 12-hour clock over two entries. */
const _habits = (entries: WeekEntry[]): string[] => {
  const problems: string[] = []
  const last = new Map<string, Period>()
  for (const { days, periods, piece } of entries) {
    const [first] = periods
    const key = days.join(' ')
    const previous = last.get(key)
    const meant = first && !/[ap]\.?m\b/i.test(piece.text) ? afternoonMeant(first, previous) : undefined
    if (meant && previous) {
      problems.push(
        `${quote(piece)} starts before ${formatPeriod(previous)}; write ${formatPeriod(meant)} for the afternoon, or ` +
          'put it first if the early hours are meant'
      )
    }
    const final = periods.at(-1)
    if (final) last.set(key, final)
  }
  return problems
}

/** Limits the list, since every pair of entries in a long text may overlap. */
const MAX_OVERLAPS = 20

/** The week is a circle: a period past midnight on Sunday may overlap one on Monday. */
const _overlaps = (days: Dated[][]): string[] => {
  const problems: string[] = []
  const spans = days.flat().map((entry) => ({
    entry,
    start: entry.day * DAY_MINUTES + entry.start,
    length: entry.end - entry.start,
  }))
  for (const [index, one] of spans.entries()) {
    for (const other of spans.slice(index + 1)) {
      const week = 7 * DAY_MINUTES
      const ahead = (((other.start - one.start) % week) + week) % week
      if (ahead >= one.length && week - ahead >= other.length) continue
      if (problems.length === MAX_OVERLAPS) return problems
      const later = other.entry.piece.at >= one.entry.piece.at ? other : one
      const earlier = later === other ? one : other
      problems.push(
        `${_name(earlier.entry)} and ${_name(later.entry)} overlap at ${quote(later.entry.piece)}; join them or move one`
      )
    }
  }
  return problems
}

const _name = (entry: Dated): string => `${(DAY_NAMES[entry.day] ?? '').slice(0, 3)} ${formatPeriod(entry)}`
