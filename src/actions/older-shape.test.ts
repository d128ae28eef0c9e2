import { describe, expect, it } from 'vitest'
import { providerNames, providers } from '../definition/registry'
import { parseRouting } from '../routing/parse-routing'
import type { ConfiguredDesk } from '../routing/routing'
import { convertConfiguration, isOlderShape, ruleLine } from './older-shape'

const [one, two, three] = providerNames as unknown as [string, string, string]
const connection = Object.fromEntries(providerNames.map((name) => [name, { enabled: true, token: `token of ${name}` }]))

const older = {
  ...connection,
  routing: {
    strategy: 'round-robin',
    order: [two, one, three],
    desks: [
      {
        desk: one,
        weight: 5,
        languages: ['en', 'fr'],
        hours: 'Mon-Fri 09:00-18:00;',
        dates: '12-25 closed',
        timeZone: 'Asia/Tokyo',
      },
      { desk: two, capacity: 7, hours: '24/7' },
    ],
    rules: [
      { name: 'VIP', tags: 'vip, gold', desks: `${two}, ${one}`, setPriority: 'urgent', addTags: ['vip', 'seen'] },
      { language: 'fr', priority: ['high', 'urgent'], hours: 'Mon-Fri 22:00-06:00', desks: one, queue: '360001' },
      { share: 12.5, desks: three },
      { setPriority: 'low' },
    ],
    timeZone: 'Europe/Paris',
    defaultLanguage: 'en',
    stickyDays: 3,
    nobodyThere: 'after-hours',
    afterHoursDesk: three,
  },
}

const desksOf = (configuration: Record<string, unknown>): ConfiguredDesk[] =>
  providerNames.map((name) => {
    const { enabled: _enabled, token: _token, ...settings } = configuration[name] as Record<string, unknown>
    return { provider: name, title: providers[name]?.title ?? name, enabled: true, settings }
  })

describe('a configuration of an older version', () => {
  const converted = convertConfiguration(older)

  it('is recognised, and the converted one is not', () => {
    expect(isOlderShape(older)).toBe(true)
    expect(isOlderShape(converted)).toBe(false)
    expect(isOlderShape({ routing: { order: [] } })).toBe(false)
    expect(isOlderShape({ [one]: {} })).toBe(false)
  })

  it('is converted into lines of text', () => {
    expect(converted).toEqual({
      [one]: {
        ...connection[one],
        languages: 'en, fr',
        hours: 'Mon-Fri 09:00-18:00; 12-25 closed; Asia/Tokyo',
        weight: 5,
      },
      [two]: { ...connection[two], hours: '24/7', capacity: 7 },
      [three]: connection[three],
      routing: {
        preferredDesk: providers[two]?.title,
        thenDesks: `${providers[one]?.title}, ${providers[three]?.title}`,
        strategy: 'In turn by weight',
        timeZone: 'Europe/Paris',
        defaultLanguage: 'en',
        stickyDays: 3,
        nobodyThere: 'Use the after-hours desk',
        afterHoursDesk: providers[three]?.title,
        rules: [
          `VIP: tags vip, gold -> ${two}, ${one}; priority urgent; tags vip, seen`,
          `language fr and priority high, urgent and hours Mon-Fri 22:00-06:00 -> ${one}; queue 360001`,
          `share 12.5% -> ${three}`,
          'all -> any desk; priority low',
        ],
      },
    })
  })

  it('means the same before and after', () => {
    const before = parseRouting(older.routing, desksOf(connection))
    const after = parseRouting(converted['routing'], desksOf(converted))
    expect(before.problems).toBeUndefined()
    expect(after).toEqual(before)
  })

  it('keeps lines that are lines already', () => {
    expect(ruleLine(`tags vip -> ${one}`)).toBe(`tags vip -> ${one}`)
  })
})
