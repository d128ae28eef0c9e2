/** Hours, dates, zones and languages as support leads write them: understood rightly, or refused with what to write. */
import { describe, expect, test } from 'vitest'
import { isOpen, type Calendar } from './hours'
import { languageTagProblem, readLanguage } from './language'
import { parseOpeningHours } from './opening-hours'
import { parseSpecialDates } from './special-dates'
import { timeZoneProblem } from './time-zone'
import { parseWeek } from './week-hours'

const OFFICE = 'Mon-Fri 09:00-17:00'
const SPLIT = 'Mon-Fri 09:00-12:00, 13:00-17:00'

describe('weekly hours mean', () => {
  test.each([
    ['Mon-Fri 9-17', OFFICE],
    ['Mon-Fri 9am-5pm', OFFICE],
    ['Mon-Fri 9 a.m. - 5 p.m.', OFFICE],
    ['Mon-Fri 9AM–5PM', OFFICE],
    ['Mon-Fri 9a-5p', OFFICE],
    ['Mon-Fri 9-5pm', OFFICE],
    ['Mon-Fri 9am-5', OFFICE],
    ['Mon-Fri 9am-17:00', OFFICE],
    ['Mon-Fri: 09:00-17:00', OFFICE],
    ['Mon-Fri, 09:00-17:00', OFFICE],
    ['Mon-Fri 09.00-17.00', OFFICE],
    ['Mon-Fri 9h-17h', OFFICE],
    ['Mon-Fri 9h00-17h00', OFFICE],
    ['Mon-Fri 0900-1700', OFFICE],
    ['Mon-Fri 9 Uhr - 17 Uhr', OFFICE],
    ['Mon-Fri 9 to 17', OFFICE],
    ['Mon-Fri from 9 till 17', OFFICE],
    ['Mon-Fri 09:00:00-17:00:00', OFFICE],
    ['Mon\u2011Fri 09:00\u201117:00', OFFICE],
    ['Mon\u2013Fri\u00a009:00\u2013\u200917:00', OFFICE],
    ['Mon \u2014 Fri 09\uff1a00\uff0d17\uff1a00', OFFICE],
    ['Monday through Friday 9-17', OFFICE],
    ['Mondays to Fridays 9-17', OFFICE],
    ['weekdays 09:00-17:00', OFFICE],
    ['Weekdays: 9-17', OFFICE],
    ['working days 9-17', OFFICE],
    ['business days 9-17', OFFICE],
    ['M-F 9-17', OFFICE],
    ['9am-5pm Mon-Fri', OFFICE],
    ['9-17 weekdays', OFFICE],
    ['We are open: Mon-Fri 9-17', OFFICE],
    ['Mon-Fri 9-17 (head office)', OFFICE],
    ['daily 09:00-17:00', 'Mon-Sun 09:00-17:00'],
    ['every day 9-17', 'Mon-Sun 09:00-17:00'],
    ['all week 9-17', 'Mon-Sun 09:00-17:00'],
    ['weekends 10-14', 'Sat-Sun 10:00-14:00'],
    ['Weds 09:00-17:00', 'Wed 09:00-17:00'],
    ['Tues-Thurs 9-17', 'Tue-Thu 09:00-17:00'],
    ['Mon/Wed/Fri 09:00-17:00', 'Mon, Wed, Fri 09:00-17:00'],
    ['Mon & Wed + Fri 9-17', 'Mon, Wed, Fri 09:00-17:00'],
    ['Mon, Wed and Fri 9-17', 'Mon, Wed, Fri 09:00-17:00'],
    ['Mon Wed Fri 9-17', 'Mon, Wed, Fri 09:00-17:00'],
    ['Mon-Fri 09:00-12:00 and 13:00-17:00', SPLIT],
    ['Mon-Fri 9-12 & 13-17', SPLIT],
    ['Mon-Fri 9-12 / 13-17', SPLIT],
    ['Mon-Fri 09:00-12:00 13:00-17:00', SPLIT],
    ['Mon-Fri 9am-noon, 1pm-5pm', SPLIT],
    ['Mon-Fri 9-12, 1-5pm', SPLIT],
    ['Mon-Fri 1-5pm', 'Mon-Fri 13:00-17:00'],
    ['Mon-Fri 11-2pm', 'Mon-Fri 11:00-14:00'],
    ['Mon-Fri 12pm-12am', 'Mon-Fri 12:00-24:00'],
    ['Mon-Fri 12am-12pm', 'Mon-Fri 00:00-12:00'],
    ['Fri 10pm-2', 'Fri 22:00-02:00'],
    ['Fri 9pm-midnight', 'Fri 21:00-24:00'],
    ['Mon-Fri 07:00-00:00', 'Mon-Fri 07:00-24:00'],
    ['always', '24/7'],
    ['Open 24/7', '24/7'],
    ['24x7', '24/7'],
    ['Mon-Sun 00:00-23:59', '24/7'],
    ['daily 00:00:00-23:59:59', '24/7'],
    ['Mon-Fri 8-11:59pm', 'Mon-Fri 20:00-24:00'],
    ['Mon-Sun 09:00-17:00; Sun closed', 'Mon-Sat 09:00-17:00'],
    ['Sun closed; Mon-Sun 09:00-17:00', 'Mon-Sat 09:00-17:00'],
    ['Mon-Sun 11:00-14:00, 17:00-22:00; Wed off', 'Mon, Tue, Thu-Sun 11:00-14:00, 17:00-22:00'],
    ['24/7; Sun closed', 'Mon-Sat all day'],
    ['Mon-Sun closed; Mon 9-17', 'Mon 09:00-17:00'],
    ['weekends shut; weekdays 9-17', OFFICE],
  ])('%s: %s', (written, meant) => {
    const read = parseWeek(written)
    expect(read.problems).toBeUndefined()
    expect(read.value).toEqual(parseWeek(meant).value)
  })

  test.each([
    ['Mon-Fri 8:00-12:00, 1:00-5:00', 'write 13:00-17:00'],
    ['Mon-Fri 08:00-12:00, 01:00-05:00', 'write 13:00-17:00'],
    ['Mon-Fri 8-12, 1-5', 'write 13:00-17:00'],
    ['Mon-Fri 8:00-12:00; Mon-Fri 1:00-5:00', 'write 13:00-17:00'],
    ['Mon-Fri 10:00-2:00', 'is 10:00-14:00 meant?'],
    ['Mon-Fri 12:00-1:00', 'is 12:00-13:00 meant?'],
    ['Mon-Fri 12:30-4:30', 'is 12:30-16:30 meant?'],
    ['Mon-Fri 9:00-5:00', 'write 09:00-17:00 or 05:00-09:00'],
    ['Mon-Fri 9-5', 'write 09:00-17:00'],
    ['Mon-Fri 8:00-1:00', 'write 08:00-13:00'],
    ['Mon-Fri 9-12am', 'write 12pm or 12:00 for noon'],
    ['Mon-Fri 9:00-5:00; 12-25 closed', 'write 09:00-17:00'],
    ['Mon-Fri 00:00-00:00', 'write 00:00-24:00 for the whole day, or closed'],
    ['Mon closed; Mon 9-17', 'close and open Monday; keep one of the two'],
    [';', 'says no hours'],
    [', ;', 'says no hours'],
    ['Mon-Fri 09:00-17:00, Sat 10:00-14:00', 'put ";" before the next day'],
    ['weekdays except Wed 9-17', 'the days that are closed as an entry of their own'],
    ['Mon-Fri 9-17 (lunch 12-13)', "isn't a period"],
    ['Mon-Fri 9-17:30:15', 'hours have no seconds; write 17:30'],
    ['Mon-Fri 13am-5pm', "isn't a time of day"],
    ['Mon-Wed-Fri 9-17', "isn't a day"],
    ['Lundi 9-17', "isn't a day"],
    ['Mon-Fri', 'has no hours'],
    ['9-17', 'has no days'],
  ])('refused: %s', (written, advice) => {
    const { problems = [] } = parseOpeningHours(written)
    expect(problems).toHaveLength(1)
    expect(problems[0]).toContain(advice)
  })

  test('each period of an afternoon is asked about', () => {
    const { problems = [] } = parseWeek('Mon-Fri 9:00-12:00, 1:00-3:00, 3:30-6:00')
    expect(problems.map((problem) => /write \S+/.exec(problem)?.[0])).toEqual([
      'write 13:00-15:00',
      'write 15:30-18:00',
    ])
  })

  test('after noon in 24-hour style, or with am and pm, nights stay nights', () => {
    for (const night of ['Fri 22:00-02:00', 'Fri 10pm-2am', 'Fri 14:00-02:00', 'Fri 10:00-02:00', 'Fri 10am-2am']) {
      expect(parseWeek(night).value?.[4]?.[0]?.end, night).toBe(26 * 60)
    }
    expect(parseWeek('Mon 8am-12pm, 1am-5am').value?.[0]).toHaveLength(2)
  })
})

describe('special dates mean', () => {
  test.each([
    ['12-25', '12-25 closed'],
    ['12-25 off', '12-25 closed'],
    ['12-25: closed', '12-25 closed'],
    ['Dec 25 closed', '12-25 closed'],
    ['25 Dec closed', '12-25 closed'],
    ['December 25th', '12-25 closed'],
    ['25th of December', '12-25 closed'],
    ['Dec. 25', '12-25 closed'],
    ['25. Dec', '12-25 closed'],
    ['25.12. closed', '12-25 closed'],
    ['12/25', '12-25 closed'],
    ['25/12', '12-25 closed'],
    ['Fri 25 Dec closed', '12-25 closed'],
    ['12-25 closed (Christmas)', '12-25 closed'],
    ['2026/12/25 closed', '2026-12-25 closed'],
    ['2026.12.25 closed', '2026-12-25 closed'],
    ['25.12.2026 closed', '2026-12-25 closed'],
    ['12/25/2026', '2026-12-25 closed'],
    ['25-Dec-2026', '2026-12-25 closed'],
    ['Friday, December 25, 2026', '2026-12-25 closed'],
    ['12-24, 12-25 closed', '12-24 closed; 12-25 closed'],
    ['12-24 and 12-25', '12-24 closed; 12-25 closed'],
    ['Dec 24, 25, 26 closed', '12-24 closed; 12-25 closed; 12-26 closed'],
    ['12-24\u201312-26 closed', '12-24 to 12-26 closed'],
    ['12-24 - 12-26', '12-24 to 12-26 closed'],
    ['12-24..12-26', '12-24 to 12-26 closed'],
    ['12-24 until 12-26 closed', '12-24 to 12-26 closed'],
    ['Dec 24-26 closed', '12-24 to 12-26 closed'],
    ['24-26 Dec closed', '12-24 to 12-26 closed'],
    ['Dec 24 - Jan 2 closed', '12-24 to 01-02 closed'],
    ['2026-12-24\u20132026-12-26', '2026-12-24 to 2026-12-26 closed'],
    ['Dec 24 9-12', '12-24 09:00-12:00'],
    ['Dec 24 2026: 9am-noon', '2026-12-24 09:00-12:00'],
    ['24 Dec 10:00-14:00, 16:00-18:00', '12-24 10:00-14:00, 16:00-18:00'],
    ['Dec 24 2000-2200', '12-24 20:00-22:00'],
    ['12-31 09:00-23:59', '12-31 09:00-24:00'],
    ['May 1', '05-01 closed'],
    ['1 May 24h', '05-01 all day'],
  ])('%s: %s', (written, meant) => {
    const read = parseSpecialDates(written)
    expect(read.problems).toBeUndefined()
    expect(read.value).toEqual(parseSpecialDates(meant).value)
  })

  test.each([
    ['05/01 closed', 'Write 05-01 or 01-05, with the month first'],
    ['05-01-2026 closed', 'Write 2026-05-01 or 2026-01-05'],
    ['25-12 closed', "25 isn't a month; write 12-25"],
    ['1-5 closed', 'write 2026-01-05, or 01-05 for every year'],
    ['Feb 30', '30 February'],
    ['12-25 closed Christmas', 'a remark goes in parentheses'],
    ['Christmas', 'write 2026-12-25 closed, or 12-25 closed'],
    ['12-24 to 2026-12-26', 'write both dates with a year'],
    [';', 'says no dates'],
    ['12-25, 12-25', 'names a date twice'],
  ])('refused: %s', (written, advice) => {
    expect(parseSpecialDates(written).problems?.join('\n')).toContain(advice)
  })
})

describe('one line of hours, dates and zone', () => {
  const week = parseWeek('Mon-Fri 09:00-18:00; Sat 10:00-14:00').value
  const dates = parseSpecialDates('12-25 closed; 2026-12-24 09:00-12:00').value

  test.each([
    'Mon-Fri 09:00-18:00; Sat 10:00-14:00; 12-25 closed; 2026-12-24 09:00-12:00; Europe/Paris',
    'Europe/Paris; Mon-Fri 9-18; 12-25; Sat 10-14; 24 Dec 2026 9-12',
    'Mon-Fri 9-18; Sat 10-14; 12-25; 2026-12-24 9-12 Europe/Paris',
    'Mon-Fri 9-18; Sat 10-14; 12-25; 2026-12-24 9-12 (Europe/Paris)',
    'weekdays 9-18\nSat 10-14\n12-25 closed (Christmas)\nDec 24 2026 9-noon\ntime zone: europe/paris',
  ])('%s', (line) => {
    expect(parseOpeningHours(line)).toEqual({ value: { week, dates, timeZone: 'Europe/Paris' } })
  })

  test.each([
    ['Mon-Fri 9-17; EST', 'write America/New_York'],
    ['Mon-Fri 9-17 CET', 'write Europe/Paris'],
    ['Mon-Fri 9-17 UTC+1', 'is an offset'],
    ['Mon-Fri 9-17; New York', 'write America/New_York'],
    ['Mon-Fri 9-17 Paris time', 'write Europe/Paris'],
    ['Mon-Fri 9-17; Europe/Paris; UTC', 'are two time zones; keep one'],
    ['10-16', 'has no days: write for example Mon-Fri 10:00-16:00; for a date that is closed, write 10-16 closed'],
    ['Europe/Paris', 'says no hours'],
  ])('refused: %s', (line, advice) => expect(parseOpeningHours(line).problems?.join('\n')).toContain(advice))

  test('24/7 is no date, and special dates alone leave the desk open otherwise', () => {
    expect(parseOpeningHours('24/7; 12-25; UTC').value?.dates).toEqual([{ from: '12-25', to: '12-25', periods: [] }])
    const calendar = { timeZone: 'UTC', ...parseOpeningHours('12-25 closed').value } as Calendar
    expect(isOpen(calendar, Date.parse('2026-12-24T03:00Z'))).toBe(true)
    expect(isOpen(calendar, Date.parse('2026-12-25T03:00Z'))).toBe(false)
  })

  test('a day that ends at 23:59 has no closed minute', () => {
    const read = parseOpeningHours('Mon-Sun 00:00-23:59; Europe/Berlin').value
    expect(isOpen(read as Calendar, Date.parse('2026-12-01T23:59:30+01:00'))).toBe(true)
  })

  test('a closed day stays closed', () => {
    const read = parseOpeningHours('Mon-Sun 11:00-14:00, 17:00-22:00; Wed closed; Europe/Paris').value
    expect(isOpen(read as Calendar, Date.parse('2026-12-02T12:00:00+01:00'))).toBe(false)
    expect(isOpen(read as Calendar, Date.parse('2026-12-03T12:00:00+01:00'))).toBe(true)
  })
})

describe('time zones', () => {
  test.each([
    ['BST', 'write Europe/London'],
    ['AST', 'write America/Halifax'],
    ['SST', 'Pacific/Pago_Pago'],
    ['EST', 'write America/New_York'],
    ['est', 'write America/New_York'],
    ['EDT', 'write America/New_York'],
    ['MST', 'write America/Denver, or America/Phoenix'],
    ['CST', 'write America/Chicago, or Asia/Shanghai'],
    ['PST', 'write America/Los_Angeles'],
    ['HST', 'write Pacific/Honolulu'],
    ['IST', 'Europe/Dublin for Ireland, Asia/Jerusalem for Israel, or Asia/Kolkata for India'],
    ['JST', 'write Asia/Tokyo'],
    ['AEST', 'write Australia/Sydney'],
    ['CET', 'write Europe/Paris'],
    ['CEST', 'write Europe/Paris'],
    ['EET', 'write Europe/Athens'],
    ['MSK', 'write Europe/Moscow'],
    ['GMT', 'write Europe/London'],
    ['Etc/GMT', 'write Europe/London'],
    ['Etc/GMT+2', 'is an offset'],
    ['Etc/GMT-5', 'is an offset'],
    ['GMT+2', 'is an offset'],
    ['UTC-5', 'is an offset'],
    ['+01:00', 'is an offset'],
    ['Eastern Time', 'write America/New_York'],
    ['US Eastern', 'write America/New_York'],
    ['Pacific Standard Time', 'write America/Los_Angeles'],
    ['Central European Time', 'write Europe/Paris'],
    ['India', 'write Asia/Kolkata'],
    ['France', 'write Europe/Paris'],
    ['Germany', 'write Europe/Berlin'],
    ['new york', 'write America/New_York'],
    ['Zürich', 'write Europe/Zurich'],
    ['Berlin time', 'write Europe/Berlin'],
    ['San Francisco', 'write America/Los_Angeles'],
    ['Kolkata', 'write Asia/Kolkata'],
    ['Europe/Pairs', 'write Europe/Paris'],
  ])('%s: %s', (zone, advice) => expect(timeZoneProblem(zone)).toContain(advice))

  test('advice is right or absent', () => {
    for (const unknown of ['Mars/Olympus', 'Easterly', 'Indy', 'Nowhere', 'Europe', 'Local', 'Office time']) {
      expect(timeZoneProblem(unknown), unknown).toBe(
        `"${unknown}" isn't a time zone; write an IANA name such as Europe/Paris`
      )
    }
  })

  test.each(['UTC', 'Etc/UTC', 'Europe/Paris', 'europe/paris', 'Asia/Kolkata', 'US/Pacific', 'Japan', 'PST8PDT'])(
    'accepts %s',
    (zone) => expect(timeZoneProblem(zone)).toBeUndefined()
  )
})

describe('languages', () => {
  test.each([
    ['Deutsch', 'de'],
    ['français', 'fr'],
    ['Francais', 'fr'],
    ['FRENCH', 'fr'],
    ['español', 'es'],
    ['日本語', 'ja'],
    ['中文', 'zh'],
    ['Ελληνικά', 'el'],
    ['Türkçe', 'tr'],
    ['Norwegian', 'no'],
    ['Mandarin', 'zh'],
    ['Brazilian Portuguese', 'pt-BR'],
    ['Portuguese (Brazil)', 'pt-BR'],
    ['French (Canada)', 'fr-CA'],
    ['Chinese (Traditional)', 'zh-Hant'],
    ['Simplified Chinese', 'zh-Hans'],
    ['English (UK)', 'en-GB'],
    ['fr_FR', 'fr-FR'],
    ['pt_br', 'pt-BR'],
    ['zh_TW', 'zh-TW'],
    ['PT-br', 'pt-BR'],
    ['ger', 'de'],
    ['uk', 'uk'],
    ['kr-NG', 'kr-NG'],
  ])('%s is %s', (written, tag) => expect(readLanguage(written)).toEqual({ tag }))

  test.each([
    ['kr', 'write ko'],
    ['se', 'write sv'],
    ['tw', 'write zh-TW'],
    ['br', 'write pt-BR'],
    ['ee', 'write et'],
    ['in', 'write hi or en-IN'],
    ['jp', 'write ja'],
    ['cn', 'write zh'],
    ['dk', 'write da'],
    ['cz', 'write cs'],
    ['gr', 'write el'],
    ['ua', 'write uk'],
    ['us', 'write en-US'],
    ['GB', 'write en-GB'],
    ['at', 'write de-AT'],
    ['ch', 'write de-CH'],
    ['mx', 'write es-MX'],
    ['ie', 'write en-IE'],
    ['xx', 'write one such as en, fr or pt-BR'],
  ])('%s is refused: %s', (written, advice) => expect(languageTagProblem(written)).toContain(advice))
})
