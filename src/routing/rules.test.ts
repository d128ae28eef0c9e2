import { describe, expect, test } from 'vitest'
import { rank } from './rank'
import { FRIDAY_EVENING, office, order, ranked, reasonOf, routing } from './rank.fixture'
import { percentile } from './rules'

describe('the session and the customer', () => {
  test('the requested desk comes first', () => {
    const ranking = ranked({ strategy: 'round-robin' }, { provider: 'gamma' }, { turn: 0 })
    expect(order(ranking)).toEqual(['gamma', 'alpha', 'beta'])
    expect(reasonOf(ranking, 'gamma')).toBe('requested by the session')
  })

  test('a requested desk that can’t take the handoff is noted, and the others are considered', () => {
    const ranking = ranked({ desks: [{ desk: 'gamma', ...office }] }, { provider: 'gamma' })
    expect(order(ranking)).toEqual(['alpha', 'beta'])
    expect(ranking.notes).toEqual([
      "the session requests Gamma, which can't take the handoff (closed: opens Monday 09:00 Europe/Paris), so the other desks are considered",
    ])
    expect(ranked({}, { provider: 'delta' }).notes).toEqual([
      `the session requests "delta", which isn't a configured desk, so the other desks are considered`,
    ])
  })

  test('a strict request that can’t be met is refused, even if the configuration opens tickets anyway', () => {
    const ranking = ranked(
      { nobodyThere: 'open-anyway', desks: [{ desk: 'gamma', ...office }] },
      { provider: 'gamma', strict: true }
    )
    expect(ranking.decision).toMatchObject({ kind: 'refuse', opening: { text: 'Monday 09:00 Europe/Paris' } })
    expect(reasonOf(ranking, 'alpha')).toBe('the session allows only another desk')
    const openAnyway = ranked(
      { desks: [{ desk: 'gamma', ...office }] },
      { provider: 'gamma', strict: true, nobodyThere: 'open-anyway' }
    )
    expect(openAnyway.decision).toMatchObject({ kind: 'open-anyway', provider: 'gamma' })
    expect(ranked({ nobodyThere: 'open-anyway' }, { provider: 'delta', strict: true }).decision.kind).toBe('refuse')
  })

  test('a returning customer goes to the desk of the last session', () => {
    const history = { provider: 'beta', at: FRIDAY_EVENING - 3 * 86_400_000 }
    const ranking = ranked({ stickyDays: 7 }, {}, { history })
    expect(order(ranking)).toEqual(['beta', 'alpha', 'gamma'])
    expect(reasonOf(ranking, 'beta')).toBe("the customer's last session was here, 3 days ago")
    expect(order(ranked({ stickyDays: 2 }, {}, { history }))[0]).toBe('alpha')
    expect(order(ranked({}, {}, { history }))[0]).toBe('alpha')
    expect(order(ranked({ stickyDays: 7 }, {}, { history, health: { beta: { state: 'open' } } }))).toEqual([
      'alpha',
      'gamma',
    ])
    expect(order(ranked({ stickyDays: 7 }, { provider: 'gamma' }, { history }))[0]).toBe('gamma')
    expect(
      order(ranked({ stickyDays: 7, rules: [{ tags: 'vip', desks: 'gamma' }] }, { tags: ['vip'] }, { history }))
    ).toEqual(['gamma'])
  })
})

describe('rules', () => {
  test('the first matching rule sets the desks, their order and the options of the ticket', () => {
    const config = {
      rules: [
        { name: 'VIP', tags: 'vip, gold', desks: 'Gamma', queue: 'q1', setPriority: 'urgent', addTags: 'vip' },
        { language: 'fr', priority: 'high, urgent', desks: 'gamma, beta' },
        { language: 'fr', desks: 'beta' },
      ],
    }
    const vip = ranked(config, { tags: ['gold'], language: 'fr' })
    expect([vip.rule, order(vip)]).toEqual(['VIP', ['gamma']])
    expect(vip.desks[0]?.options).toEqual({ queue: 'q1', priority: 'urgent', tags: ['vip'] })
    expect(reasonOf(vip, 'alpha')).toBe('VIP names other desks')
    const french = ranked(config, { language: 'fr-CA', priority: 'urgent' })
    expect([french.rule, order(french)]).toEqual(['rule 2', ['gamma', 'beta']])
    expect(order(ranked(config, { language: 'fr' }))).toEqual(['beta'])
    expect(ranked(config, { language: 'en' }).rule).toBeUndefined()
  })

  test('the queue applies only at the rule’s desk when the session requests another', () => {
    const config = { rules: [{ tags: 'vip', desks: 'beta', queue: 'q1', setPriority: 'high' }] }
    const ranking = ranked(config, { tags: ['vip'], provider: 'alpha' })
    expect(order(ranking)).toEqual(['alpha', 'beta'])
    expect(ranking.desks.map(({ options }) => options)).toEqual([
      { priority: 'high' },
      { queue: 'q1', priority: 'high' },
      { priority: 'high' },
    ])
  })

  test('a rule applies only within its hours', () => {
    const config = { timeZone: 'Europe/Paris', rules: [{ hours: 'Mon-Fri 19:00-24:00', desks: 'gamma' }] }
    expect(order(ranked(config))).toEqual(['gamma'])
    expect(order(ranked(config, {}, { instant: FRIDAY_EVENING - 3 * 3_600_000 }))).toHaveLength(3)
  })

  test('shares are exact in the long run, stable per handoff, and the rest goes to later rules', () => {
    const config = {
      rules: [
        { share: 20, desks: 'beta' },
        { share: 30, desks: 'gamma' },
      ],
    }
    const parsed = routing(config)
    const firsts = Array.from(
      { length: 10_000 },
      (_handoff, index) =>
        order(rank({ routing: parsed, handoff: { id: `handoff-${index}` }, instant: FRIDAY_EVENING }))[0]
    )
    const share = (provider: string) => firsts.filter((first) => first === provider).length / firsts.length
    expect(share('beta')).toBeCloseTo(0.2, 1)
    expect(share('gamma')).toBeCloseTo(0.3, 1)
    expect(share('alpha')).toBeCloseTo(0.5, 1)
    expect(order(ranked(config, { id: 'x' }))).toEqual(order(ranked(config, { id: 'x' })))
  })

  test('percentiles are uniform', () => {
    const tenths = Array.from({ length: 10 }, () => 0)
    for (let index = 0; index < 50_000; index += 1) {
      const tenth = Math.floor(percentile(`conv_${index}`) / 10)
      tenths[tenth] = (tenths[tenth] ?? 0) + 1
    }
    for (const count of tenths) expect(Math.abs(count - 5000)).toBeLessThan(300)
  })
})
