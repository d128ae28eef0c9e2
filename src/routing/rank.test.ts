import { describe, expect, test } from 'vitest'
import { explain } from './explain'
import { needsDetection, rank } from './rank'
import { desks, FRIDAY_EVENING, office, order, ranked, reasonOf, routing } from './rank.fixture'
import { attempts, type Situation } from './ranking'

describe('strategies', () => {
  test('priority: the configured order, by default registry order', () => {
    expect(order(ranked({}))).toEqual(['alpha', 'beta', 'gamma'])
    const ranking = ranked({ order: ['gamma', 'alpha', 'beta'] })
    expect(order(ranking)).toEqual(['gamma', 'alpha', 'beta'])
    expect(ranking.decision).toEqual({ kind: 'assign', provider: 'gamma' })
    expect(ranking.desks.map(({ place }) => place)).toEqual([1, 2, 3])
    expect(reasonOf(ranking, 'gamma')).toBe('first available in the order')
  })

  test('round-robin: requests a turn, then follows it', () => {
    const config = { strategy: 'round-robin', desks: [{ desk: 'alpha', weight: 2 }] }
    expect(ranked(config).rotation).toEqual({ key: 'alpha+beta+gamma' })
    const firsts = Array.from({ length: 8 }, (_turn, turn) => order(ranked(config, {}, { turn }))[0])
    expect(firsts.filter((first) => first === 'alpha')).toHaveLength(4)
    expect(firsts.filter((first) => first === 'beta')).toHaveLength(2)
    const ranking = ranked(config, {}, { turn: 0 })
    expect(reasonOf(ranking, 'alpha')).toBe('its turn (number 1)')
    expect(order(ranking)).toHaveLength(3)
  })

  test('round-robin: the turns of a desk that is down go to others, which keep their own', () => {
    const config = { strategy: 'round-robin' }
    const firstsWith = (health: Situation['health']) =>
      Array.from({ length: 6 }, (_turn, turn) => order(ranked(config, {}, { turn, health }))[0] ?? '')
    expect(firstsWith({}).join(' ')).toBe('alpha beta gamma alpha beta gamma')
    expect(firstsWith({ beta: { state: 'open' } }).join(' ')).toBe('alpha alpha gamma alpha gamma gamma')
    expect(reasonOf(ranked(config, {}, { turn: 1, health: { beta: { state: 'open' } } }), 'alpha')).toBe(
      'takes over turn 2'
    )
  })

  test('round-robin: each set of desks has its own rotation, and a turn is claimed only when there is a choice', () => {
    const config = {
      strategy: 'round-robin',
      desks: [{ desk: 'gamma', languages: 'fr' }],
      rules: [{ tags: 'vip', desks: 'beta' }],
    }
    expect(ranked(config, { language: 'en' }).rotation).toEqual({ key: 'alpha+beta' })
    expect(ranked(config, { language: 'fr' }).rotation).toEqual({ key: 'alpha+beta+gamma' })
    expect(ranked(config, { tags: ['vip'] }).rotation).toBeUndefined()
    expect(ranked(config, { provider: 'beta' }).rotation).toBeUndefined()
  })

  test('least-busy: fewest open sessions per weight', () => {
    const config = { strategy: 'least-busy', desks: [{ desk: 'beta', weight: 3 }] }
    const ranking = ranked(config, {}, { load: { alpha: 2, beta: 5, gamma: 1 } })
    expect(order(ranking)).toEqual(['gamma', 'beta', 'alpha'])
    expect(reasonOf(ranking, 'gamma')).toBe('least busy: 1 open session')
    expect(reasonOf(ranking, 'beta')).toBe('5 open sessions at weight 3')
    expect(reasonOf(ranked(config, {}, { load: { alpha: 1, gamma: 1 } }), 'beta')).toBe(
      'least busy: open sessions unknown, counted as 0 at weight 3'
    )
  })
})

describe('filters', () => {
  test('a closed desk is out, with its next opening', () => {
    const ranking = ranked({ desks: [{ desk: 'alpha', ...office }] })
    expect(order(ranking)).toEqual(['beta', 'gamma'])
    expect(reasonOf(ranking, 'alpha')).toBe('closed: opens Monday 09:00 Europe/Paris')
    expect(explain(ranking)).toContain(' - Alpha – closed: opens Monday 09:00 Europe/Paris')
  })

  test('a desk that is switched off is out', () => {
    const off = routing({}, [{ provider: 'alpha', title: 'Alpha', enabled: false }, ...desks.slice(1)])
    const ranking = rank({ routing: off, handoff: { id: 'h1' }, instant: FRIDAY_EVENING })
    expect(order(ranking)).toEqual(['beta', 'gamma'])
    expect(reasonOf(ranking, 'alpha')).toBe('switched off')
  })

  test('a full desk is out', () => {
    const config = { desks: [{ desk: 'alpha', capacity: 3 }] }
    expect(reasonOf(ranked(config, {}, { load: { alpha: 3 } }), 'alpha')).toBe('full: 3 of 3 sessions open')
    expect(order(ranked(config, {}, { load: { alpha: 2 } }))[0]).toBe('alpha')
    expect(order(ranked(config))[0]).toBe('alpha')
  })

  test('a desk that is down is out until it is retried', () => {
    const health = { alpha: { state: 'open', until: FRIDAY_EVENING + 24_500 }, beta: { state: 'half-open' } } as const
    const ranking = ranked({}, {}, { health })
    expect(reasonOf(ranking, 'alpha')).toBe('down after repeated failures: next attempt in 25 s')
    expect(reasonOf(ranking, 'beta')).toBe('first available in the order; was down, now retried')
  })

  test('all reasons are given', () => {
    const ranking = ranked({ desks: [{ desk: 'alpha', ...office, languages: 'de' }] }, { language: 'fr' })
    expect(reasonOf(ranking, 'alpha')).toBe("doesn't serve French; closed: opens Monday 09:00 Europe/Paris")
  })
})

describe('language', () => {
  const config = {
    desks: [
      { desk: 'alpha', languages: 'fr, de' },
      { desk: 'beta', languages: ['en'] },
      { desk: 'gamma', languages: 'en' },
    ],
    defaultLanguage: 'en',
  }

  test('a desk with fr takes a customer with fr-CA', () => {
    const ranking = ranked(config, { language: 'fr-CA' })
    expect(order(ranking)).toEqual(['alpha'])
    expect(reasonOf(ranking, 'beta')).toBe("doesn't serve Canadian French")
  })

  test('the detected language counts, or the default', () => {
    const detected = { language: 'de', confidence: 0.9, reason: 'the customer writes in German (90 % sure)' }
    expect(order(ranked(config, { detected }))).toEqual(['alpha'])
    expect(order(ranked(config, { detected: { confidence: 0.4, reason: 'unclear' } }))).toEqual(['beta', 'gamma'])
  })

  test('for a language that no desk serves, the default applies, or else any desk may take it', () => {
    const ranking = ranked(config, { language: 'tr' })
    expect(order(ranking)).toEqual(['beta', 'gamma'])
    expect(ranking.notes).toEqual(['no considered desk serves Turkish, so the default (English) applies'])
    const any = ranked({ ...config, defaultLanguage: undefined }, { language: 'tr' })
    expect(order(any)).toEqual(['alpha', 'beta', 'gamma'])
    expect(any.notes).toEqual(['no considered desk serves Turkish, so any of them may take it'])
  })

  test('detection runs only when it can change the ranking', () => {
    const handoff = { id: 'h1' }
    expect(needsDetection({ routing: routing({}), handoff })).toBe(false)
    expect(needsDetection({ routing: routing({ defaultLanguage: 'en' }), handoff })).toBe(false)
    expect(needsDetection({ routing: routing(config), handoff })).toBe(true)
    expect(needsDetection({ routing: routing(config), handoff: { ...handoff, language: 'fr' } })).toBe(false)
    expect(needsDetection({ routing: routing(config), handoff: { ...handoff, language: 'gibberish' } })).toBe(true)
    expect(needsDetection({ routing: routing({ rules: [{ language: 'fr', desks: 'beta' }] }), handoff })).toBe(true)
  })
})

describe('nobody there', () => {
  const closed = {
    timeZone: 'Europe/Paris',
    desks: [
      { desk: 'alpha', hours: 'Mon-Fri 09:00-17:00' },
      { desk: 'beta', hours: 'Sat 10:00-14:00' },
      { desk: 'gamma', hours: 'Mon-Fri 08:00-12:00' },
    ],
  }

  test('refuse: the decision includes the next opening', () => {
    const ranking = ranked(closed)
    expect(ranking.decision).toEqual({
      kind: 'refuse',
      opening: { at: Date.parse('2026-01-03T09:00Z'), text: 'Saturday 10:00 Europe/Paris' },
      messageForCustomer: 'No agent is available at the moment. We open again Saturday 10:00 (CET).',
    })
    expect(explain(ranking)[0]).toBe('Nobody is there: refused; opens Saturday 10:00 Europe/Paris')
    expect(attempts(ranking)).toEqual([])
  })

  test('open-anyway: at the desk that opens first, or at the after-hours desk', () => {
    const ranking = ranked({ ...closed, nobodyThere: 'open-anyway' })
    expect(order(ranking)).toEqual(['beta'])
    expect(ranking.decision).toMatchObject({
      kind: 'open-anyway',
      messageForCustomer: 'We have received your request and will answer from Saturday 10:00 (CET).',
    })
    expect(order(ranked({ ...closed, nobodyThere: 'open-anyway', afterHoursDesk: 'gamma' }))).toEqual(['gamma'])
    expect(order(ranked(closed, { nobodyThere: 'open-anyway' }))).toEqual(['beta'])
    expect(
      order(ranked({ ...closed, nobodyThere: 'open-anyway' }, {}, { health: { beta: { state: 'open' } } }))
    ).toEqual(['gamma'])
  })

  test('after-hours: a desk outside of the order takes over', () => {
    const [alpha, beta] = closed.desks
    const config = {
      ...closed,
      desks: [alpha, beta],
      order: ['alpha', 'beta'],
      nobodyThere: 'after-hours',
      afterHoursDesk: 'gamma',
    }
    const ranking = ranked(config)
    expect(ranking.decision).toMatchObject({ kind: 'after-hours', provider: 'gamma' })
    expect(reasonOf(ranking, 'gamma')).toBe('used only when nobody else is there')
    expect(explain(ranking)[0]).toBe('Nobody is there: Gamma takes over; opens Saturday 10:00 Europe/Paris')
    const monday = { instant: Date.parse('2026-01-05T10:00Z') }
    expect(order(ranked(config, {}, monday))).toEqual(['alpha'])
    expect(order(ranked(config, { provider: 'gamma' }, monday))).toEqual(['gamma', 'alpha'])
    const down = ranked(config, {}, { health: { gamma: { state: 'open' } } })
    expect(down.decision.kind).toBe('refuse')
    expect(down.notes).toEqual(['no desk can stand in, so the handoff is refused'])
    expect(
      ranked(
        {},
        { nobodyThere: 'after-hours' },
        { health: { alpha: { state: 'open' }, beta: { state: 'open' }, gamma: { state: 'open' } } }
      ).decision.kind
    ).toBe('refuse')
  })

  test('the message says that all agents are busy when all desks are full', () => {
    const config = { desks: desks.map(({ provider }) => ({ desk: provider, capacity: 1 })) }
    const load = { alpha: 1, beta: 1, gamma: 1 }
    expect(ranked(config, {}, { load }).decision).toEqual({
      kind: 'refuse',
      messageForCustomer: 'All our agents are busy at the moment. Please try again in a few minutes.',
    })
  })
})
