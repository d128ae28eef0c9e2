import { describe, expect, test } from 'vitest'
import { routingSchema } from './config'
import { parseRouting } from './parse-routing'

const desks = [
  { provider: 'alpha', title: 'Alpha', enabled: true },
  { provider: 'beta', title: 'Beta', enabled: true },
  { provider: 'gamma', title: 'Gamma', enabled: false },
]

const problemsOf = (config: unknown): string[] =>
  (parseRouting(config, desks).problems ?? []).map(({ field, problem }) => `${field}: ${problem}`)

describe('what is right', () => {
  test('nothing at all: every desk, in registry order, always open', () => {
    const parsed = parseRouting(undefined, desks)
    expect(parsed.routing).toEqual({
      strategy: 'priority',
      desks: [
        { ...desks[0], weight: 1, languages: [], afterHoursOnly: false },
        { ...desks[1], weight: 1, languages: [], afterHoursOnly: false },
        { ...desks[2], weight: 1, languages: [], afterHoursOnly: false },
      ],
      rules: [],
      defaultLanguage: undefined,
      stickyDays: 0,
      nobodyThere: 'refuse',
      afterHoursDesk: undefined,
    })
  })

  test('cleared fields count as absent', () => {
    const cleared = {
      strategy: null,
      order: [],
      desks: [{ desk: 'alpha', hours: '', weight: null }],
      rules: null,
      timeZone: ' ',
    }
    expect(parseRouting(cleared, desks).routing).toEqual(parseRouting({}, desks).routing)
  })

  test('lists may be texts, desks in rules may be titles', () => {
    const asText = {
      desks: [{ desk: 'alpha', languages: 'fr, EN-gb' }],
      rules: [{ tags: 'a, b', desks: 'Beta, alpha' }],
    }
    const asLists = {
      desks: [{ desk: 'alpha', languages: ['fr', 'en-GB'] }],
      rules: [{ tags: ['a', 'b'], desks: ['beta', 'alpha'] }],
    }
    expect(parseRouting(asText, desks).routing?.desks[0]?.languages).toEqual(['fr', 'en-GB'])
    expect(parseRouting(asLists, desks)).toEqual(parseRouting(asText, desks))
  })

  test('the order may leave out desks that are switched off, and the after-hours desk', () => {
    expect(parseRouting({ order: ['beta', 'alpha'] }, desks).routing?.desks.map(({ provider }) => provider)).toEqual([
      'beta',
      'alpha',
      'gamma',
    ])
    const afterHours = { order: ['beta'], nobodyThere: 'after-hours', afterHoursDesk: 'alpha' }
    expect(parseRouting(afterHours, desks).routing?.desks.map(({ afterHoursOnly }) => afterHoursOnly)).toEqual([
      false,
      true,
      false,
    ])
  })

  test('shares that add up to 100', () => {
    const rules = [
      { tags: 'x', share: 60, desks: 'alpha' },
      { tags: 'y', desks: 'beta' },
      { tags: 'x', share: 40, desks: 'beta' },
    ]
    expect(parseRouting({ rules }, desks).routing?.rules.map(({ share }) => share && [share.from, share.to])).toEqual([
      [0, 60],
      undefined,
      [60, 100],
    ])
  })
})

describe('what is wrong is refused, with its field and what would be right', () => {
  const paris = 'Europe/Paris'

  test.each([
    [
      'unknown zone',
      { desks: [{ desk: 'alpha' }, { desk: 'beta', hours: '24/7', timeZone: 'Pariss' }] },
      ['Routing → Desks → 2 → Time zone: "Pariss" is no time zone; write Europe/Paris'],
    ],
    [
      'unknown zone for all',
      { timeZone: 'CET+1' },
      ['Routing → Time zone: "CET+1" is no time zone; write a zone and a place, such as Europe/Paris'],
    ],
    [
      'hours without a zone',
      { desks: [{ desk: 'alpha', hours: 'Mon 09:00-10:00' }] },
      ['Routing → Desks → 1 → Time zone: say where the hours hold, such as Europe/Paris, here or for all of Routing'],
    ],
    [
      '25:00',
      { timeZone: paris, desks: [{ desk: 'alpha', hours: 'Mon 09:00-25:00' }] },
      ['Routing → Desks → 1 → Hours: "09:00-25:00" (character 5): 25:00 is no time of day; write 00:00 to 24:00'],
    ],
    [
      'end before start',
      { timeZone: paris, desks: [{ desk: 'alpha', hours: 'Mon 12:00-09:00' }] },
      [
        'Routing → Desks → 1 → Hours: "12:00-09:00" (character 5) ends before it starts; write 09:00-12:00, or two periods split at midnight if it really lasts 21 hours',
      ],
    ],
    [
      'overlap',
      { timeZone: paris, desks: [{ desk: 'alpha', hours: 'Mon 09:00-12:00, 11:00-13:00' }] },
      [
        'Routing → Desks → 1 → Hours: Mon 09:00-12:00 and Mon 11:00-13:00 overlap at "Mon 09:00-12:00, 11:00-13:00" (character 1); join them or move one',
      ],
    ],
    [
      '31 February',
      { timeZone: paris, desks: [{ desk: 'alpha', dates: '2026-02-31 closed' }] },
      [
        'Routing → Desks → 1 → Special dates: "2026-02-31 closed" (character 1): there is no 31 February; February 2026 has 28 days',
      ],
    ],
    [
      'unknown language',
      { desks: [{ desk: 'alpha', languages: 'fr, german' }], defaultLanguage: 'xx' },
      [
        'Routing → Desks → 1 → Languages: "german" is no language tag; write de',
        'Routing → Default language: "xx" is no language tag; write one such as en, fr or pt-BR',
      ],
    ],
    [
      'a default that nobody serves',
      {
        desks: [
          { desk: 'alpha', languages: 'fr' },
          { desk: 'beta', languages: 'de' },
        ],
        defaultLanguage: 'en',
      },
      ['Routing → Default language: no desk serves English; add it to the Languages of a desk'],
    ],
    [
      'weight 0',
      { desks: [{ desk: 'alpha', weight: 0 }] },
      ['Routing → Desks → 1 → Weight: 0 cannot be; write a whole number from 1 to 100, or nothing'],
    ],
    [
      'weight negative',
      { desks: [{ desk: 'alpha', weight: -3 }] },
      ['Routing → Desks → 1 → Weight: -3 cannot be; write a whole number from 1 to 100, or nothing'],
    ],
    [
      'capacity 1.5',
      { desks: [{ desk: 'alpha', capacity: 1.5 }] },
      ['Routing → Desks → 1 → Capacity: 1.5 cannot be; write a whole number from 1, or nothing'],
    ],
    [
      'a rule with an unknown desk',
      { rules: [{ desks: 'alpha, delta' }] },
      ['Routing → Rules → 1 → Desks: "delta" is no configured desk; write one of alpha, beta, gamma'],
    ],
    [
      'a rule with an unknown priority',
      { rules: [{ priority: 'asap', desks: 'alpha' }] },
      ['Routing → Rules → 1 → Priority: "asap" is no priority; write one of low, normal, high, urgent'],
    ],
    [
      'a queue for two desks',
      { rules: [{ queue: '1', desks: 'alpha, beta' }] },
      ['Routing → Rules → 1 → Queue: belongs to one desk; name just that desk, or make a rule for each'],
    ],
    [
      'rule hours without a zone',
      { rules: [{ hours: '24/7', desks: 'alpha' }] },
      ['Routing → Time zone: say where the hours of rule 1 hold, such as Europe/Paris'],
    ],
    [
      'a desk twice',
      { order: ['alpha', 'beta', 'alpha'] },
      ['Routing → Order → 3: alpha stands in the order twice; keep one'],
    ],
    ['a desk missing', { order: ['beta'] }, ['Routing → Order: Alpha is missing; add alpha, or switch the desk off']],
    [
      'a desk that is not configured',
      { order: ['alpha', 'beta', 'delta'] },
      [
        'Routing → Order → 3: "delta" is no configured desk; fill in its connection, or write one of alpha, beta, gamma',
      ],
    ],
    [
      'two entries for a desk',
      { desks: [{ desk: 'alpha' }, { desk: 'alpha' }] },
      ['Routing → Desks → 2 → Desk: alpha has an entry already, number 1; join the two'],
    ],
    [
      'an entry without its desk',
      { desks: [{ weight: 2 }] },
      ['Routing → Desks → 1 → Desk: choose one: alpha, beta, gamma'],
    ],
    [
      'shares over 100',
      {
        rules: [
          { tags: 'x', share: 70, desks: 'alpha' },
          { tags: 'x', share: 40, desks: 'beta' },
        ],
      },
      ['Routing → Rules → 2 → Share: rules 1 and 2 have the same conditions, and 110 % together; 100 is the most'],
    ],
    [
      'share 0',
      { rules: [{ share: 0, desks: 'alpha' }] },
      ['Routing → Rules → 1 → Share: 0 cannot be; write a percentage from 1 to 100'],
    ],
    [
      'a rule that is never used',
      {
        rules: [
          { tags: 'x', desks: 'alpha' },
          { tags: 'x', desks: 'beta' },
        ],
      },
      ['Routing → Rules → 2: is never used: rule 1 has the same conditions and takes all; give that one a share'],
    ],
    [
      'after hours without a desk',
      { nobodyThere: 'after-hours' },
      ['Routing → After-hours desk: is missing; choose the desk that takes over when nobody is there'],
    ],
    [
      'an after-hours desk that is off',
      { nobodyThere: 'after-hours', afterHoursDesk: 'gamma' },
      ['Routing → After-hours desk: Gamma is switched off; switch it on, or choose another desk'],
    ],
    ['sticky days', { stickyDays: -1 }, ['Routing → Sticky days: -1 cannot be; write 0 for off, or up to 365 days']],
    [
      'an older shape',
      { defaultProvider: 'alpha', timezone: 'UTC', desks: { alpha: 1 }, order: 'alpha' },
      [
        'Routing → defaultProvider: is not part of this configuration (an older shape?): put that desk first in Order',
        'Routing → timezone: is not part of this configuration (an older shape?): write timeZone',
        'Routing → Order: the text "alpha" cannot stand here; write a list',
        'Routing → Desks: a group of fields cannot stand here; write a list',
      ],
    ],
    [
      'unknown keys deeper down',
      { desks: [{ desk: 'alpha', wait: 2 }] },
      [
        'Routing → Desks → 1 → wait: is not part of this configuration (an older shape?): remove it; there are desk, weight, languages, hours, dates, timeZone, capacity',
      ],
    ],
    [
      'wrong kinds',
      { strategy: 'random', stickyDays: 'seven', rules: [{ name: 5 }] },
      [
        'Routing → Strategy: "random" is no choice; write one of priority, round-robin, least-busy',
        'Routing → Rules → 1 → Name: 5 cannot stand here; write text',
        'Routing → Sticky days: the text "seven" cannot stand here; write a number',
      ],
    ],
    ['no block at all', 'alpha', ['Routing: is the text "alpha"; it has fields such as Order and Strategy']],
  ])('%s', (_name, config, problems) => expect(problemsOf(config)).toEqual(problems))

  test('what cannot be read and what is wrong are told together', () => {
    const problems = problemsOf({
      strategy: 'whatever',
      order: ['alpha', 'alpha', 'beta'],
      desks: [{ desk: 'alpha', weight: 0 }],
      timeZone: 'Paris',
    })
    for (const field of ['Strategy', 'Order', 'Desks', 'Time zone']) {
      expect(problems.some((problem) => problem.startsWith(`Routing → ${field}`))).toBe(true)
    }
  })

  test('no desk', () => {
    expect(parseRouting({}, []).problems).toEqual([
      { field: 'Routing', problem: 'no desk is configured; fill in the connection of one' },
    ])
  })
})

test('the schema stays small: the definition of an integration has 20 KB', () => {
  const schema = routingSchema(['alpha', 'beta', 'gamma']).toJSONSchema()
  expect(JSON.stringify(schema).length).toBeLessThan(5000)
})
