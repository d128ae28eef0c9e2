import { DAY_MINUTES, TIME, clock, inHalf, readTime, type ClockTime } from './clock-time'
import { cut, quote, type Parsed, type Piece } from './parsed'

export { DAY_MINUTES, clock } from './clock-time'

/**
 * Part of a day, in minutes of local time. `start` is inclusive, `end` exclusive.
 * A period belongs to the day on which it starts. Past midnight, `end` exceeds 24:00 (`22:00-02:00` is 1320 to 1560).
 */
export interface Period {
  start: number
  end: number
}

export const WHOLE_DAY: Period = { start: 0, end: DAY_MINUTES }

const HALF_DAY = DAY_MINUTES / 2
/** Longer periods past midnight are taken for swapped times: `13:30-12:30` doesn't mean 23 hours. */
const LONGEST_OVER_MIDNIGHT = 16 * 60

/** Words for a closed day, and for a day without closing time. */
export const CLOSED = 'closed|close|off|shut|not open|no service|holidays?'
export const ALL_DAY = 'all day|open all day|whole day|round the clock|24 ?h(?:ours|rs)?'

const _wholeDay = new RegExp(`^(?:${ALL_DAY})$`, 'i')
const _closed = new RegExp(`^(?:is |are |we are )?(?:${CLOSED})$`, 'i')
const _startsClosed = new RegExp(`^(?:${CLOSED})\\b`, 'i')
const _range = String.raw`\s*(?:-|~|\bto\b|\btill?\b|\buntil\b|\bthrough\b)\s*`
const _period = new RegExp(`^(?:from\\s+)?${TIME}${_range}${TIME}$`, 'i')
const _separator = /,|;|&|\+|\||\/|\band\b/i

/**
 * Reads `09:00-12:30, 13:30-17:00`, `9am-5pm`, `9-12 and 13-17`, `22:00-02:00`, `all day` or `closed`. Where the
 * 12-hour clock may be meant without am and pm, it asks instead of guessing.
 */
export const parsePeriods = (piece: Piece): Parsed<Period[]> => {
  if (_closed.test(piece.text)) return { value: [] }
  if (_wholeDay.test(piece.text)) return { value: [WHOLE_DAY] }
  const periods: Period[] = []
  const problems: string[] = []
  let previous: Period | undefined
  for (const part of cut(piece, _separator).flatMap(_adjacent)) {
    const period = _parsePeriod(part)
    if (period.problems) {
      problems.push(...period.problems)
      continue
    }
    const { isExplicit, ...read } = period.value
    const meant = isExplicit ? undefined : afternoonMeant(read, previous)
    if (meant) {
      problems.push(
        `${quote(part)} starts before ${formatPeriod(previous ?? read)}; write ${formatPeriod(meant)} for the ` +
          'afternoon, or put it first if the early hours are meant'
      )
    }
    previous = meant ?? read
    periods.push(read)
  }
  return problems.length > 0 ? { problems } : { value: periods }
}

/**
 * The period twelve hours later, where that follows `previous` but the period itself comes before it: `1:00-5:00` after
 * `8:00-12:00` is probably 13:00-17:00.
 */
export const afternoonMeant = (period: Period, previous: Period | undefined): Period | undefined => {
  if (!previous || period.start >= previous.start) return undefined
  const later = { start: period.start + HALF_DAY, end: period.end + HALF_DAY }
  return later.start >= previous.end && later.end <= DAY_MINUTES ? later : undefined
}

/** Two periods with nothing but a space between them: `09:00-12:00 13:00-17:00`. */
const _adjacent = (piece: Piece): Piece[] => {
  if (_period.test(piece.text) || !/\d\s+\d/.test(piece.text)) return [piece]
  const parts = cut(
    { ...piece, text: piece.text.replace(/\s*-\s*/g, (dash) => '-'.padStart(dash.length, '\0')) },
    /\s+/
  )
  const restored = parts.map(({ text, at }) => ({ text: text.replaceAll('\0', ''), at }))
  return restored.every(({ text }) => _period.test(text)) ? restored : [piece]
}

const _parsePeriod = (piece: Piece): Parsed<Period & { isExplicit: boolean }> => {
  const groups = _period.exec(piece.text)
  if (!groups) return { problems: [`${quote(piece)} isn't a period: ${_hint(piece.text)}`] }
  const [start, end] = [readTime(groups.slice(1, 4), false), readTime(groups.slice(4, 7), true)]
  for (const time of [start, end]) if ('problem' in time) return { problems: [`${quote(piece)}: ${time.problem}`] }
  if (_isNoonMeant(start as ClockTime, end as ClockTime)) {
    const problem = '12am is midnight; write 12pm or 12:00 for noon, or 24:00 for midnight'
    return { problems: [`${quote(piece)}: ${problem}`] }
  }
  const [from, to] = _inHalves(start as ClockTime, end as ClockTime)
  const isExplicit = from.meridiem !== undefined || to.meridiem !== undefined
  const isPadded = [groups[1], groups[4]].some((digits) => /^0\d/.test(digits ?? ''))
  const checked = _checkOrder(piece, from.minutes, to.minutes, { isExplicit, isPadded })
  return checked.problems ? checked : { value: { ...checked.value, isExplicit } }
}

/** `9-12am`: nobody can know. */
const _isNoonMeant = (start: ClockTime, end: ClockTime): boolean =>
  start.meridiem === undefined && !start.isTwentyFour && end.meridiem === 'am' && end.minutes === DAY_MINUTES

/** `9-5pm` is 9am to 5pm, `1-5pm` 1pm to 5pm, and `9am-5` ends at the next five o'clock. */
const _inHalves = (start: ClockTime, end: ClockTime): [ClockTime, ClockTime] => {
  if (start.meridiem === undefined && end.meridiem !== undefined && !start.isTwentyFour) {
    const other = end.meridiem === 'am' ? 'pm' : 'am'
    const same = inHalf(start.minutes, end.meridiem, false)
    return [{ ...(same.minutes < end.minutes ? same : inHalf(start.minutes, other, false)), isTwentyFour: false }, end]
  }
  if (start.meridiem !== undefined && end.meridiem === undefined && !end.isTwentyFour) {
    const halves = [inHalf(end.minutes, 'am', true), inHalf(end.minutes, 'pm', true)]
    const next = halves.find(({ minutes }) => minutes > start.minutes) ?? inHalf(end.minutes, 'am', false)
    return [start, { ...next, isTwentyFour: false }]
  }
  return [start, end]
}

const _checkOrder = (
  piece: Piece,
  start: number,
  written: number,
  { isExplicit, isPadded }: { isExplicit: boolean; isPadded: boolean }
): Parsed<Period> => {
  if (start === DAY_MINUTES) return { problems: [`${quote(piece)} starts at 24:00; write 00:00 on the next day`] }
  if (start === 0 && written === 0) {
    const problem = 'starts and ends at the same time; write 00:00-24:00 for the whole day, or closed'
    return { problems: [`${quote(piece)} ${problem}`] }
  }
  // 23:59 is how systems without 24:00 write the end of the day.
  const end = written === 0 || written === DAY_MINUTES - 1 ? DAY_MINUTES : written
  if (start === end) {
    return { problems: [`${quote(piece)} starts and ends at the same time; for the whole day write 00:00-24:00`] }
  }
  if (end > start) return { value: { start, end } }
  const length = end + DAY_MINUTES - start
  const isMorning = start < 13 * 60 && end + HALF_DAY > start
  const afternoon = formatPeriod({ start, end: end + HALF_DAY })
  if (length > LONGEST_OVER_MIDNIGHT) {
    const advice = `${isMorning && !isExplicit ? `${afternoon} or ` : ''}${clock(end)}-${clock(start)}`
    return {
      problems: [
        `${quote(piece)} ends before it starts; write ${advice}, or two periods split at midnight ` +
          `if it really lasts ${Math.floor(length / 60)} hours`,
      ],
    }
  }
  if (isMorning && !isExplicit && !isPadded) {
    const night = `${clock(start)}-${clock(end)}`
    return { problems: [`${quote(piece)}: is ${afternoon} meant? Write that, or ${night} for an end in the night`] }
  }
  return { value: { start, end: end + DAY_MINUTES } }
}

const _hint = (text: string): string => {
  if (_startsClosed.test(text)) return 'write "closed" alone; a remark goes in parentheses'
  if (/[a-z]{3}/i.test(text)) return 'put ";" before the next day, as in Mon 09:00-12:00; Tue 10:00-12:00'
  return 'write start and end, such as 09:00-17:00'
}

export const formatPeriod = ({ start, end }: Period): string =>
  `${clock(start)}-${clock(end > DAY_MINUTES ? end - DAY_MINUTES : end)}`
