import { describe, expect, test } from 'vitest'
import { parseSpecialDates } from './special-dates'
import { parseWeek } from './week-hours'

const period = (start: number, end: number) => ({ start: start * 60, end: end * 60 })
const allDay = period(0, 24)

describe('weekly hours', () => {
  test('may have several entries, and several periods per day', () => {
    const office = [period(9, 12.5), period(13.5, 17)]
    expect(parseWeek('Mon-Fri 09:00-12:30, 13:30-17:00; Sat 10:00-14:00').value).toEqual([
      office,
      office,
      office,
      office,
      office,
      [period(10, 14)],
      [],
    ])
  })

  test.each([
    ['24/7', [allDay, allDay, allDay, allDay, allDay, allDay, allDay]],
    ['Sat all day', [[], [], [], [], [], allDay, []]],
    ['sat 00:00-24:00', [[], [], [], [], [], allDay, []]],
    ['SAT-Mon All Day', [allDay, [], [], [], [], allDay, allDay]],
    ['Fri 22:00-02:00', [[], [], [], [], period(22, 26), [], []]],
    ['Fri 22:00-00:00', [[], [], [], [], period(22, 24), [], []]],
    ['monday, Wednesday 9:00-10:00', [period(9, 10), [], period(9, 10), [], [], [], []]],
    ['Mon – Tue 09:00–10:00', [period(9, 10), period(9, 10), [], [], [], [], []]],
    ['Mon 09:00 to 10:00; Mon 11:00-12:00', [[period(9, 10), period(11, 12)], [], [], [], [], [], []]],
    ['Mon 09:00-10:00\nTue 10:00-11:00;', [period(9, 10), period(10, 11), [], [], [], [], []]],
    ['Mon 09:00-10:00; Tue closed', [period(9, 10), [], [], [], [], [], []]],
    ['Mon 09:00-12:00, 12:00-13:00', [[period(9, 12), period(12, 13)], [], [], [], [], [], []]],
    ['Fri 22:00-02:00; Sat 02:00-04:00', [[], [], [], [], period(22, 26), period(2, 4), []]],
  ])('%s', (text, days) => expect(parseWeek(text).value).toEqual(days.map((day) => (Array.isArray(day) ? day : [day]))))

  test.each([
    ['Mon 25:00-26:00', `"25:00-26:00" (character 5): 25:00 isn't a time of day; write 00:00 to 24:00`],
    ['Mon 09:00-12:75', `"09:00-12:75" (character 5): 12:75 isn't a time of day; write 00:00 to 24:00`],
    ['Mon 09:00-24:30', `"09:00-24:30" (character 5): 24:30 isn't a time of day; write 00:00 to 24:00`],
    ['Mon 24:00-03:00', '"24:00-03:00" (character 5) starts at 24:00; write 00:00 on the next day'],
    [
      'Mon 09:00-09:00',
      '"09:00-09:00" (character 5) starts and ends at the same time; for the whole day write 00:00-24:00',
    ],
    [
      'Mon 09:00-12:00, 13:30-12:30',
      '"13:30-12:30" (character 18) ends before it starts; write 12:30-13:30, or two periods split at midnight if it really lasts 23 hours',
    ],
    [
      'Mon-Fri 09:00-12:00; Fri 11:00-13:00',
      'Fri 09:00-12:00 and Fri 11:00-13:00 overlap at "Fri 11:00-13:00" (character 22); join them or move one',
    ],
    [
      'Fri 22:00-02:00; Sat 01:00-05:00',
      'Fri 22:00-02:00 and Sat 01:00-05:00 overlap at "Sat 01:00-05:00" (character 18); join them or move one',
    ],
    [
      'Sun 22:00-02:00; Mon 01:00-05:00',
      'Sun 22:00-02:00 and Mon 01:00-05:00 overlap at "Mon 01:00-05:00" (character 18); join them or move one',
    ],
    [
      'Mon-Fry 09:00-12:00',
      `"Fry" (character 5) isn't a day; write Mon, Tue, Wed, Thu, Fri, Sat or Sun, or a range such as Mon-Fri`,
    ],
    [
      'Lundi 09:00-12:00',
      `"Lundi" (character 1) isn't a day; write Mon, Tue, Wed, Thu, Fri, Sat or Sun, or a range such as Mon-Fri`,
    ],
    ['09:00-12:00', '"09:00-12:00" (character 1) has no days: write for example Mon-Sun 09:00-12:00'],
    ['Mon', '"Mon" (character 1) has no hours: write for example Mon 09:00-17:00'],
    ['Mon 9', `"9" (character 5) isn't a period: write start and end, such as 09:00-17:00`],
    [
      'Mon 09:00-12:00, Tue 10:00-12:00',
      `"Tue 10:00-12:00" (character 18) isn't a period: put ";" before the next day, as in Mon 09:00-12:00; Tue 10:00-12:00`,
    ],
    ['Mon 24/7', '"24/7" (character 5): write 24/7 alone, without days'],
  ])('%s', (text, problem) => expect(parseWeek(text).problems).toEqual([problem]))

  test('all problems are reported together', () => {
    expect(parseWeek('Mon 25:00-26:00; Foo 09:00-10:00').problems).toHaveLength(2)
  })
})

describe('special dates', () => {
  test('may be dates, yearly dates and ranges', () => {
    expect(
      parseSpecialDates('2026-12-25 closed; 12-24 09:00-12:00, 13:00-14:00; 2026-07-01 to 2026-07-14 all day').value
    ).toEqual([
      { from: '2026-12-25', to: '2026-12-25', periods: [] },
      { from: '12-24', to: '12-24', periods: [period(9, 12), period(13, 14)] },
      { from: '2026-07-01', to: '2026-07-14', periods: [allDay] },
    ])
  })

  test.each([
    ['2026-02-31 closed', `"2026-02-31 closed" (character 1): 31 February isn't a date; February 2026 has 28 days`],
    ['02-31 closed', `"02-31 closed" (character 1): 31 February isn't a date; February has 29 days`],
    ['2026-13-01 closed', `"2026-13-01 closed" (character 1): 13 isn't a month; write 2026-01-13`],
    [
      'Christmas closed',
      `"Christmas closed" (character 1) doesn't start with a date: write 2026-12-25 closed, or 12-25 closed`,
    ],
    ['12-24 09:00-25:00', `"09:00-25:00" (character 7): 25:00 isn't a time of day; write 00:00 to 24:00`],
    [
      '12-24 09:00-12:00, 11:00-13:00',
      '"12-24 09:00-12:00, 11:00-13:00" (character 1): 09:00-12:00 and 11:00-13:00 overlap; join them or move one',
    ],
    [
      '12-24 closed; 12-20 to 12-26 closed',
      '"12-20 to 12-26 closed" (character 15) and "12-24 closed" (character 1) set hours for the same date; keep one of them',
    ],
    [
      '2026-12-24 to 12-26 closed',
      '"2026-12-24 to 12-26 closed" (character 1): write both dates with a year, or both without',
    ],
    [
      '2026-12-26 to 2026-12-24 closed',
      '"2026-12-26 to 2026-12-24 closed" (character 1) ends before it starts; write 2026-12-24 to 2026-12-26',
    ],
  ])('%s', (text, problem) => expect(parseSpecialDates(text).problems).toEqual([problem]))

  test('29 February is valid as a yearly date and in leap years', () => {
    expect(parseSpecialDates('02-29 closed; 2028-02-29 closed').problems).toBeUndefined()
  })
})
