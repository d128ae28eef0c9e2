/** Dates as people write them: `2026-12-25`, `12-25`, `25.12.`, `12/25`, `Dec 25`, `25th of December 2026`. */

export interface ReadDate {
  year?: number
  month: number
  day: number
}

/** A date, or the first and last of a range that share a month (`24-26 Dec`), with the length of the text. */
export interface FoundDate {
  from: ReadDate
  to?: ReadDate
  length: number
  /** `05/01`: which one is the month can't be known. */
  isAmbiguous?: boolean
}

export const MONTHS = 'January February March April May June July August September October November December'.split(' ')

const _MONTH = '(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,7}'
const _DAY = String.raw`(\d{1,2})(?:st|nd|rd|th)?`
/** Not the hours that may follow: `Dec 24 2000-2200`. */
const _YEAR = String.raw`(?:(?:,?\s+|[-/.])(2\d{3})(?!\d|[:.]\d|\s?-\s?\d))?`
const _END = String.raw`(?=[\s,;:)&+~-]|\.\.|$)`

const _pattern = (source: string): RegExp => new RegExp(`^${source}${_END}`, 'i')

const _yearFirst = _pattern(String.raw`(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})`)
const _yearly = _pattern(String.raw`(\d{2})-(\d{2})`)
const _dotted = _pattern(String.raw`(\d{1,2})\.\s?(\d{1,2})(?:\.(?:\s?(\d{4}))?)?`)
const _divided = _pattern(String.raw`(\d{1,2})([/-])(\d{1,2})\2(\d{4})`)
const _slashed = _pattern(String.raw`(\d{1,2})\/(\d{1,2})`)
const _monthFirst = _pattern(String.raw`${_MONTH}\.?[\s-]{0,2}${_DAY}${_YEAR}`)
const _dayFirst = _pattern(String.raw`${_DAY}\.?[\s-]{0,2}(?:of\s)?${_MONTH}\.?${_YEAR}`)
const _daysOfMonth = _pattern(
  String.raw`${_DAY}\.?\s?(?:-|\bto\b|\buntil\b)\s?${_DAY}\.?\s?(?:of\s)?${_MONTH}\.?${_YEAR}`
)
const _monthWithDays = _pattern(String.raw`${_MONTH}\.?\s?${_DAY}\s?(?:-|\bto\b|\buntil\b)\s?${_DAY}${_YEAR}`)

/** The date at the beginning of a text. Whether it exists is another question. */
export const dateAtStart = (text: string): FoundDate | undefined => {
  const head = text.slice(0, 60)
  return _worded(head) ?? _numeric(head)
}

/** A day alone, after a date whose month had a name: `25` in `Dec 24, 25`. */
export const dayAtStart = (text: string, { year, month }: ReadDate): FoundDate | undefined => {
  const match = /^(\d{1,2})(?:st|nd|rd|th)?(?=\s*(?:,|&|and\b|closed|off\b|$))/i.exec(text.slice(0, 20))
  return match ? { from: { year, month, day: Number(match[1]) }, length: match[0].length } : undefined
}

const _numeric = (text: string): FoundDate | undefined => {
  let match = _yearFirst.exec(text)
  if (match) return _found(match, match[2], match[3], match[1])
  if ((match = _divided.exec(text))) return _eitherOrder(match, match[1], match[3], match[4])
  if ((match = _yearly.exec(text))) return _found(match, match[1], match[2])
  if ((match = _dotted.exec(text))) return _found(match, match[2], match[1], match[3])
  if ((match = _slashed.exec(text))) return _eitherOrder(match, match[1], match[2])
  return undefined
}

const _worded = (text: string): FoundDate | undefined => {
  let match = _daysOfMonth.exec(text)
  if (match) return _rangeOf(match, match[3], match[1], match[2], match[4])
  if ((match = _monthWithDays.exec(text))) return _rangeOf(match, match[1], match[2], match[3], match[4])
  if ((match = _monthFirst.exec(text))) return _found(match, _monthNumber(match[1]), match[2], match[3])
  if ((match = _dayFirst.exec(text))) return _found(match, _monthNumber(match[2]), match[1], match[3])
  return undefined
}

const _date = (month: string | undefined, day: string | undefined, year?: string): ReadDate => ({
  month: Number(month),
  day: Number(day),
  ...(year === undefined ? {} : { year: Number(year) }),
})

const _found = (match: RegExpExecArray, month?: string, day?: string, year?: string): FoundDate => ({
  from: _date(month, day, year),
  length: match[0].length,
})

const _rangeOf = (match: RegExpExecArray, month?: string, first?: string, last?: string, year?: string): FoundDate => ({
  ..._found(match, _monthNumber(month), first, year),
  to: _date(_monthNumber(month), last, year),
})

/** A number over 12 is the day. */
const _eitherOrder = (match: RegExpExecArray, one?: string, other?: string, year?: string): FoundDate => {
  const isDayFirst = Number(one) > 12
  const found = isDayFirst ? _found(match, other, one, year) : _found(match, one, other, year)
  return { ...found, isAmbiguous: Number(one) <= 12 && Number(other) <= 12 && one !== other }
}

const _monthNumber = (name: string | undefined): string =>
  String(MONTHS.findIndex((month) => month.slice(0, 3).toLowerCase() === name?.toLowerCase()) + 1)

/** `2026-12-25`, or `12-25` for every year. */
export const formatDate = ({ year, month, day }: ReadDate): string =>
  [...(year === undefined ? [] : [String(year)]), ..._padded(month, day)].join('-')

const _padded = (...numbers: number[]): string[] => numbers.map((number) => String(number).padStart(2, '0'))

/** `31 February isn't a date; February has 29 days`. Undefined for a date that exists. */
export const dateProblem = ({ year, month, day }: ReadDate): string | undefined => {
  if (month < 1 || month > 12) {
    const swapped = day >= 1 && day <= 12 && month <= 31 ? formatDate({ year, month: day, day: month }) : undefined
    return `${month} isn't a month; write ${swapped ?? 'year-month-day, such as 2026-12-25'}`
  }
  // A yearly date may be 02-29, which applies in leap years.
  const last = new Date(Date.UTC(year ?? 2024, month, 0)).getUTCDate()
  if (day >= 1 && day <= last) return undefined
  const name = MONTHS[month - 1]
  return `${day} ${name} isn't a date; ${name}${year === undefined ? '' : ` ${year}`} has ${last} days`
}
