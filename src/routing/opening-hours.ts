/**
 * The Hours field: weekly hours, special dates and the time zone in one line.
 *
 *     Mon-Fri 09:00-18:00; Sat 10:00-14:00; 12-25 closed; 2026-12-24 09:00-12:00; Europe/Paris
 */
import { cut, entriesOf, plain, quote, trimmed, type Parsed, type Piece } from './parsed'
import { WHOLE_DAY } from './period'
import { beginsWithDate, clashes, mayBeHours, parseDateEntry, type DateEntry, type SpecialDates } from './special-dates'
import { canonicalZone, timeZoneProblem } from './time-zone'
import { DAY_NAMES, NO_HOURS, parseWeekEntry, toWeek, type Week, type WeekEntry } from './week-hours'

export interface OpeningHours {
  /** Every day, all day, where the line has special dates only. */
  week: Week
  dates: SpecialDates[]
  timeZone?: string
}

export const parseOpeningHours = (text: string): Parsed<OpeningHours> => {
  const problems: string[] = []
  const { entries, zones } = _withoutZones(text)
  const week: WeekEntry[] = []
  const dates: DateEntry[] = []
  for (const piece of entries) {
    if (beginsWithDate(piece)) {
      const parsed = parseDateEntry(piece)
      if (mayBeHours(piece) && !entries.some((entry) => !mayBeHours(entry))) problems.push(_noDays(piece))
      else if (parsed.problems) problems.push(...parsed.problems)
      else dates.push(...parsed.value)
      continue
    }
    const parsed = parseWeekEntry(piece)
    if (parsed.problems) problems.push(...parsed.problems)
    else week.push(parsed.value)
  }
  for (const zone of zones) {
    const problem = timeZoneProblem(zone.text)
    if (problem) problems.push(`${problem} (character ${zone.at + 1})`)
  }
  const [zone, other] = zones
  if (zone && other) problems.push(`${quote(zone)} and ${quote(other)} are two time zones; keep one`)
  if (entries.length === 0 && problems.length === 0) problems.push(NO_HOURS)
  const combined = week.length > 0 ? toWeek(week) : { value: DAY_NAMES.map(() => [WHOLE_DAY]) }
  problems.push(...(combined.problems ?? []), ...clashes(dates))
  if (problems.length > 0 || !combined.value) return { problems }
  return {
    value: {
      week: combined.value,
      dates: dates.map(({ value }) => value),
      ...(zone && { timeZone: canonicalZone(zone.text) }),
    },
  }
}

const _noDays = (piece: Piece): string =>
  `${quote(piece)} has no days: write for example Mon-Fri ${piece.text.replace(/\d{2}/g, '$&:00')}; for a date that ` +
  `is closed, write ${piece.text} closed`

const _zoneName = String.raw`[a-z_]+(?:\/[a-z_+\-\d]+)+|(?:utc|gmt|z)(?:\s?[+-]\s?\d{1,2}(?::?\d{2})?)?|[+-]\d{2}:?\d{2}`
const _zone = new RegExp(`^(?:${_zoneName})$`, 'i')
const _trailing = new RegExp(String.raw`[\s(](?:${_zoneName}|[a-z]{1,4}[ds]?t|cest|mesz?|[a-z]+ time)\)?$`, 'i')
const _words = /^[\p{L}]{2,}(?:[ _]\p{L}+){0,3}$/u
const _dayLike =
  /^(?:mon|tue|wed|thu|fri|sat|sun|m|f|week|daily|every|all|each|work|business|closed|open|off|always|24|around|non)/i

/** Takes the zone out of a line: an entry of its own, or the end of one. */
const _withoutZones = (text: string): { entries: Piece[]; zones: Piece[] } => {
  const zones: Piece[] = []
  // `(Europe/Paris)` is no remark.
  const read = plain(text).replace(/\(\s*([a-z_]+(?:\/[a-z_]+)+|utc)\s*\)/gi, (zone) => `;${zone.slice(1, -1)};`)
  const entries = cut({ text: read, at: 0 }, /[;\n]/).flatMap((piece): Piece[] => {
    const whole = trimmed(_unlabelled(piece))
    if (_zone.test(whole.text) || (_words.test(whole.text) && !_dayLike.test(whole.text))) {
      zones.push(whole)
      return []
    }
    const end = piece.text.length <= LONGEST_ENTRY ? _trailing.exec(piece.text) : null
    if (!end || !/\d|closed|day/i.test(piece.text.slice(0, end.index))) return [piece]
    const found = end[0].replace(/^[\s(]|\)$/g, '')
    zones.push({ text: found, at: piece.at + end.index + 1 })
    return [trimmed({ text: piece.text.slice(0, end.index), at: piece.at })]
  })
  return { entries: entries.flatMap(_entries), zones }
}

const LONGEST_ENTRY = 1_000

const _entries = (piece: Piece): Piece[] => entriesOf(piece.text).map(({ text, at }) => ({ text, at: piece.at + at }))

/** `time zone: Europe/Paris`, `Paris time` */
const _unlabelled = ({ text, at }: Piece): Piece => {
  const label = /^(?:time ?zone|tz|zone)\s*[:=]?\s*/i.exec(text)?.[0].length ?? 0
  return { text: text.slice(label), at: at + label }
}
