/** Times of day as people write them: `9`, `09:00`, `9.30`, `9h30`, `0900`, `9am`, `noon`. */

export interface ClockTime {
  /** Since midnight, as written: `5` is 300 until a meridiem is known. */
  minutes: number
  meridiem?: 'am' | 'pm'
  /** Whether it can only be read on the 24-hour clock, or was written in that style (`09:00`, `17`). */
  isTwentyFour: boolean
}

/** The source of a regular expression with three groups: the hour with its minutes, the meridiem, a word. */
export const TIME = String.raw`(?:(\d{1,2}(?:\s?[:.h]\s?\d{2}(?::\d{2})?)?|\d{4})\s{0,2}(?:(a\.?m\.?|p\.?m\.?|a|p)\b\.?|h(?:rs?|ours?)?\b|uhr\b|o.?clock\b)?|(noon|midday|midnight))`

/** Reads the groups of `TIME`. `isEnd`: midnight is then 24:00. */
export const readTime = (
  [digits, meridiem, word]: (string | undefined)[],
  isEnd: boolean
): ClockTime | { problem: string } => {
  if (word !== undefined) {
    const isMidnight = word.toLowerCase() === 'midnight'
    return { minutes: isMidnight ? (isEnd ? DAY_MINUTES : 0) : DAY_MINUTES / 2, isTwentyFour: true }
  }
  const [hour = 0, minute = 0, second = 0] = _numbers(digits ?? '')
  if (hour > 24 || minute > 59 || (hour === 24 && minute > 0)) {
    return { problem: `${clock(hour * 60 + minute, minute)} isn't a time of day; write 00:00 to 24:00` }
  }
  if (second !== 0 && !(second === 59 && minute === 59 && hour === 23)) {
    return { problem: `hours have no seconds; write ${clock(hour * 60 + minute, minute)}` }
  }
  const minutes = hour * 60 + minute
  const half = meridiem?.toLowerCase().startsWith('p') ? 'pm' : 'am'
  if (meridiem === undefined || (half === 'pm' && hour > 12)) {
    return { minutes, isTwentyFour: hour > 12 || hour === 0 || /^0\d/.test(digits ?? '') }
  }
  if (hour > 12) return { problem: `${digits}${half} isn't a time of day; write 1am to 12pm, or 00:00 to 24:00` }
  return { ...inHalf(minutes, half, isEnd), isTwentyFour: false }
}

/** A time of the 12-hour clock in one half of the day. 12am at the end of a period is 24:00. */
export const inHalf = (minutes: number, meridiem: 'am' | 'pm', isEnd: boolean): Omit<ClockTime, 'isTwentyFour'> => {
  const sinceTwelve = minutes % (DAY_MINUTES / 2)
  if (meridiem === 'pm') return { minutes: sinceTwelve + DAY_MINUTES / 2, meridiem }
  return { minutes: isEnd && sinceTwelve === 0 ? DAY_MINUTES : sinceTwelve, meridiem }
}

export const DAY_MINUTES = 24 * 60

const _numbers = (digits: string): number[] =>
  /^\d{4}$/.test(digits)
    ? [Number(digits.slice(0, 2)), Number(digits.slice(2))]
    : digits.split(/\s?[:.h]\s?/i).map(Number)

/** `09:00` for 540. Pass `minute` to format an invalid time (`10:75`). */
export const clock = (minutes: number, minute = minutes % 60): string =>
  `${String((minutes - minute) / 60).padStart(2, '0')}:${String(minute).padStart(2, '0')}`
