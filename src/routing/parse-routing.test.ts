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

describe('a valid configuration', () => {
  test('may be empty: every desk in registry order, always open', () => {
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

  test('may have cleared fields, which count as absent', () => {
    const cleared = {
      strategy: null,
      order: [],
      desks: [{ desk: 'alpha', hours: '', weight: null }],
      rules: null,
      timeZone: ' ',
    }
    expect(parseRouting(cleared, desks).routing).toEqual(parseRouting({}, desks).routing)
  })

  test('may have texts or lists, and titles of desks in rules', () => {
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

  test('may omit from the order desks that are switched off and the after-hours desk', () => {
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

  test('may have shares that add up to 100', () => {
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

describe('the form', () => {
  const order = (config: object) => parseRouting(config, desks).routing?.desks.map(({ provider }) => provider)

  test.each([
    [{ preferredDesk: 'Beta' }, ['beta', 'alpha', 'gamma']],
    [{ preferredDesk: 'gamma', thenDesks: 'Beta' }, ['gamma', 'beta', 'alpha']],
    [{ thenDesks: 'gamma; ALPHA' }, ['gamma', 'alpha', 'beta']],
    [{ preferredDesk: 'Beta', thenDesks: ['Gamma', 'Beta'] }, ['beta', 'gamma', 'alpha']],
    [{ thenDesks: '1. beta 2. alpha' }, ['beta', 'alpha', 'gamma']],
    [{ preferredDesk: '', thenDesks: ' ' }, ['alpha', 'beta', 'gamma']],
    [{ order: 'Beta, alpha' }, ['beta', 'alpha', 'gamma']],
    [{ order: 'beta > ALPHA' }, ['beta', 'alpha', 'gamma']],
    [{ order: 'beta alpha' }, ['beta', 'alpha', 'gamma']],
    [{ order: 'beta\nalpha' }, ['beta', 'alpha', 'gamma']],
    [{ order: 'beta then alpha' }, ['beta', 'alpha', 'gamma']],
    [{ order: ['beta', 'alpha'], preferredDesk: 'Alpha' }, ['alpha', 'beta', 'gamma']],
  ])('%j is %j', (config, expected) => expect(order(config)).toEqual(expected))

  test('choices are read as words or keys, numbers as texts', () => {
    const words = {
      strategy: 'In turn by weight',
      nobodyThere: 'Open a ticket anyway',
      otherwise: 'Use any desk',
      stickyDays: '7',
    }
    const keys = { strategy: 'round-robin', nobodyThere: 'open-anyway', otherwise: 'any-desk', stickyDays: 7 }
    expect(parseRouting(words, desks).routing).toMatchObject(keys)
    expect(parseRouting(keys, desks)).toEqual(parseRouting(words, desks))
    expect(parseRouting({ strategy: 'Round Robin' }, desks).routing?.strategy).toBe('round-robin')
  })

  test('an after-hours desk that Then leaves out takes nothing else', () => {
    const config = { preferredDesk: 'Alpha', nobodyThere: 'Use the after-hours desk', afterHoursDesk: 'Beta' }
    const only = (more: object) =>
      parseRouting({ ...config, ...more }, desks)
        .routing?.desks.filter(({ afterHoursOnly }) => afterHoursOnly)
        .map(({ provider }) => provider)
    expect(only({})).toEqual([])
    expect(only({ thenDesks: 'gamma' })).toEqual(['beta'])
    expect(only({ thenDesks: 'beta' })).toEqual([])
  })

  test.each([
    [{ preferredDesk: 'Delta' }, 'Routing → Preferred desk: "Delta" isn\'t a configured desk; fill in its connection'],
    [{ thenDesks: 'beta, beta' }, 'Routing → Then: beta is in the order twice; keep one'],
    [{ refusalTexts: ['en: Back {time}.'] }, 'Routing → Refusal texts → 1: "{time}" isn\'t known; write {opening}'],
    [
      { refusalTexts: ['en: One.', 'English: Two.'] },
      'Routing → Refusal texts → 2: is the second text in English; keep one',
    ],
    [{ refusalTexts: ['jp: あ'] }, 'write ja'],
    [{ receivedTexts: ['en: '] }, 'Routing → Received texts → 1: says nothing'],
    [{ rules: [5] }, "Routing → Rules → 1: 5 isn't valid here; write for example tags vip -> alpha"],
    [{ rules: ['x'.repeat(5_000)] }, 'is longer than 4000 characters'],
    [{ rules: [{ tags: ',', desks: 'alpha' }] }, 'Routing → Rules → 1 → Tags: "," names nothing'],
    [
      { rules: [{ share: 0.2, desks: 'alpha' }] },
      "0.2 isn't valid; write a percentage from 1 to 100, such as 20 for 20 %",
    ],
    [{ desks: [{ desk: 'alpha', languages: ';' }] }, 'Routing → Desks → 1 → Languages: names no language'],
    [{ desks: [{ desk: 'alpha', hours: ';', timeZone: 'UTC' }] }, 'Routing → Desks → 1 → Hours: says no hours'],
    [
      { timeZone: 'EST' },
      'Routing → Time zone: "EST" is an abbreviation, not a place with its clock changes; write America/New_York',
    ],
  ])('refuses %j', (config, problem) => expect(problemsOf(config).join('\n')).toContain(problem))

  test('special things about a desk may not be set in two places', () => {
    const configured = [{ ...desks[0]!, settings: { weight: 2 } }, ...desks.slice(1)]
    expect(parseRouting({ desks: [{ desk: 'alpha', weight: 3 }] }, configured).problems).toEqual([
      { field: 'Routing → Desks → 1 → Weight', problem: 'is also set in Alpha → Weight; keep that one' },
    ])
  })
})

describe('an invalid configuration is refused with the field, the problem and a fix', () => {
  const paris = 'Europe/Paris'

  test.each([
    [
      'unknown zone',
      { desks: [{ desk: 'alpha' }, { desk: 'beta', hours: '24/7', timeZone: 'Pariss' }] },
      [`Routing → Desks → 2 → Time zone: "Pariss" isn't a time zone; write Europe/Paris`],
    ],
    [
      'unknown zone for all',
      { timeZone: 'CET+1' },
      [`Routing → Time zone: "CET+1" isn't a time zone; write an IANA name such as Europe/Paris`],
    ],
    [
      'hours without a zone',
      { desks: [{ desk: 'alpha', hours: 'Mon 09:00-10:00' }] },
      [
        'Routing → Desks → 1 → Time zone: is missing for these hours; write for example Europe/Paris, here or in the Time zone of Routing',
      ],
    ],
    [
      '25:00',
      { timeZone: paris, desks: [{ desk: 'alpha', hours: 'Mon 09:00-25:00' }] },
      [`Routing → Desks → 1 → Hours: "09:00-25:00" (character 5): 25:00 isn't a time of day; write 00:00 to 24:00`],
    ],
    [
      'end before start',
      { timeZone: paris, desks: [{ desk: 'alpha', hours: 'Mon 12:00-09:00' }] },
      [
        'Routing → Desks → 1 → Hours: "12:00-09:00" (character 5) ends before it starts; write 12:00-21:00 or 09:00-12:00, or two periods split at midnight if it really lasts 21 hours',
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
        `Routing → Desks → 1 → Special dates: "2026-02-31 closed" (character 1): 31 February isn't a date; February 2026 has 28 days`,
      ],
    ],
    [
      'unknown language',
      { desks: [{ desk: 'alpha', languages: 'fr, jp' }], defaultLanguage: 'xx' },
      [
        `Routing → Desks → 1 → Languages: "jp" is the code of Japan, not a language; write ja`,
        `Routing → Default language: "xx" isn't a language; write one such as en, fr or pt-BR`,
      ],
    ],
    [
      'a default that no desk serves',
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
      [`Routing → Desks → 1 → Weight: 0 isn't valid; write a whole number from 1 to 100, or leave it empty`],
    ],
    [
      'weight negative',
      { desks: [{ desk: 'alpha', weight: -3 }] },
      [`Routing → Desks → 1 → Weight: -3 isn't valid; write a whole number from 1 to 100, or leave it empty`],
    ],
    [
      'capacity 1.5',
      { desks: [{ desk: 'alpha', capacity: 1.5 }] },
      [`Routing → Desks → 1 → Capacity: 1.5 isn't valid; write a whole number of at least 1, or leave it empty`],
    ],
    [
      'a rule with an unknown desk',
      { rules: [{ desks: 'alpha, delta' }] },
      [
        `Routing → Rules → 1 → Desks: "delta" isn't a configured desk; fill in its connection, or write one of alpha, beta, gamma`,
      ],
    ],
    [
      'a rule with an unknown priority',
      { rules: [{ priority: 'asap', desks: 'alpha' }] },
      [`Routing → Rules → 1 → Priority: "asap" isn't a priority; write one of low, normal, high, urgent`],
    ],
    [
      'a queue for two desks',
      { rules: [{ queue: '1', desks: 'alpha, beta' }] },
      ['Routing → Rules → 1 → Queue: is valid for one desk only; name just that desk, or write a rule for each'],
    ],
    [
      'rule hours without a zone',
      { rules: [{ hours: '24/7', desks: 'alpha' }] },
      ['Routing → Time zone: is missing for the hours of rule 1; write for example Europe/Paris'],
    ],
    [
      'a desk twice',
      { order: ['alpha', 'beta', 'alpha'] },
      ['Routing → Order → 3: alpha is in the order twice; keep one'],
    ],
    ['a desk missing', { order: ['beta'] }, ['Routing → Order: Alpha is missing; add alpha, or switch the desk off']],
    [
      'a desk that is not configured',
      { order: ['alpha', 'beta', 'delta'] },
      [
        `Routing → Order → 3: "delta" isn't a configured desk; fill in its connection, or write one of alpha, beta, gamma`,
      ],
    ],
    [
      'two entries for a desk',
      { desks: [{ desk: 'alpha' }, { desk: 'alpha' }] },
      ['Routing → Desks → 2 → Desk: alpha already has entry 1; merge the two'],
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
      ['Routing → Rules → 2 → Share: rules 1 and 2 have the same conditions and add up to 110 %; the maximum is 100 %'],
    ],
    [
      'share 0',
      { rules: [{ share: 0, desks: 'alpha' }] },
      [`Routing → Rules → 1 → Share: 0 isn't valid; write a percentage from 1 to 100`],
    ],
    [
      'a rule that is never used',
      {
        rules: [
          { tags: 'x', desks: 'alpha' },
          { tags: 'x', desks: 'beta' },
        ],
      },
      ['Routing → Rules → 2: is never used: rule 1 has the same conditions and takes all handoffs; give it a share'],
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
    ['sticky days', { stickyDays: -1 }, [`Routing → Sticky days: -1 isn't valid; write 0 for off, or up to 365 days`]],
    [
      'an older shape',
      { defaultProvider: 'alpha', timezone: 'UTC', desks: { alpha: 1 }, order: 'alpha' },
      [
        `Routing → defaultProvider: isn't a field of this configuration (from an older version?): choose that desk as Preferred desk`,
        `Routing → timezone: isn't a field of this configuration (from an older version?): write timeZone`,
        `Routing → Order: Beta is missing; add beta, or switch the desk off`,
        `Routing → Desks: a group of fields isn't valid here; write a list`,
      ],
    ],
    [
      'unknown keys deeper down',
      { desks: [{ desk: 'alpha', wait: 2 }] },
      [
        `Routing → Desks → 1 → wait: isn't a field of this configuration (from an older version?): remove it; the fields are desk, weight, languages, hours, dates, timeZone, capacity`,
      ],
    ],
    [
      'wrong kinds',
      { strategy: 'random', stickyDays: 'seven', rules: [{ name: { first: 5 } }] },
      [
        `Routing → Strategy: "random" isn't valid; write one of Preferred desk first, In turn by weight, Fewest open sessions first`,
        `Routing → Sticky days: the text "seven" isn't valid here; write a number`,
        `Routing → Rules → 1 → Name: a group of fields isn't valid here; write text`,
      ],
    ],
    ['no block at all', 'alpha', ['Routing: is the text "alpha"; it needs fields such as Preferred desk and Strategy']],
  ])('%s', (_name, config, problems) => expect(problemsOf(config)).toEqual(problems))

  test('problems of shape and of values are reported together', () => {
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

  test('a configuration without a desk is refused', () => {
    expect(parseRouting({}, []).problems).toEqual([
      { field: 'Routing', problem: 'no desk is configured; fill in the connection of a desk' },
    ])
  })
})

test('the schema stays small, since the definition of an integration is limited to 20 KB', () => {
  const schema = routingSchema(['alpha', 'beta', 'gamma']).toJSONSchema()
  expect(JSON.stringify(schema).length).toBeLessThan(3_000)
})
