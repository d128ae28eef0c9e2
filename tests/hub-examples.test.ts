/** The worked examples of hub.md do what it says about them. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { z } from '@botpress/sdk'
import { describe, expect, it } from 'vitest'
import { configuration } from '../src/definition/parts'
import { providers } from '../src/definition/registry'
import { parseRouting } from '../src/routing/parse-routing'
import { rank } from '../src/routing/rank'
import { attempts, type Handoff, type Situation } from '../src/routing/ranking'

interface Field {
  properties?: Record<string, Field>
  'x-zui'?: { title?: string }
}

const form = (configuration.schema as z.ZodTypeAny).toJSONSchema() as Field

/** The name of a field by its title. */
const named = (title: string, { properties = {} }: Field): [string, Field] => {
  const plain = (text: string): string => text.replaceAll('’', "'")
  const found = Object.entries(properties).find(([, field]) => plain(field['x-zui']?.title ?? '') === plain(title))
  if (!found) throw new Error(`The form has no field “${title}”`)
  return found
}

/** Reads an example as it is typed into Studio: blocks, fields, and the lines of a list. */
const read = (text: string): Record<string, Record<string, unknown>> => {
  const blocks: Record<string, Record<string, unknown>> = {}
  let block: [string, Field] = ['', form]
  let list: string[] = []
  for (const line of text.split('\n').filter(Boolean)) {
    const [, indent = '', title = '', value = ''] = /^( *)([^:]*):?\s*(.*)$/.exec(line) ?? []
    if (indent.length === 0) {
      block = named(title, form)
      blocks[block[0]] = {}
    } else if (indent.length === 2) {
      const [name] = named(title, block[1])
      list = []
      const fields = blocks[block[0]] as Record<string, unknown>
      fields[name] = value === '' ? list : /^\d+$/.test(value) ? Number(value) : value
    } else list.push(line.trim())
  }
  return blocks
}

const hub = readFileSync(join(import.meta.dirname, '../hub.md'), 'utf8')

const example = (title: string) => {
  const [, text] = new RegExp(`### ${title}\\n\\n\`\`\`\\n([^\`]+)\`\`\``).exec(hub) ?? []
  if (text === undefined) throw new Error(`hub.md has no example “${title}”`)
  const { routing: block, ...blocks } = read(text)
  const desks = Object.entries(providers)
    .filter(([name]) => blocks[name])
    .map(([provider, { title: name }]) => ({ provider, title: name, enabled: true, settings: blocks[provider] ?? {} }))
  const { routing, problems } = parseRouting(block, desks)
  if (!routing) throw new Error(JSON.stringify(problems))
  const at = (moment: string, handoff: Partial<Handoff> = {}, more: Partial<Situation> = {}) => {
    const ranking = rank({ routing, instant: Date.parse(moment), handoff: { id: 'h', ...handoff }, ...more })
    return { ...ranking, takers: attempts(ranking).map(({ provider }) => provider), first: attempts(ranking)[0] }
  }
  return { routing, at }
}

describe('hub.md', () => {
  it('One desk: refuses at night with the opening, in the customer’s language', () => {
    const { at } = example('One desk')
    expect(at('2026-11-27T10:00+01:00').takers).toEqual(['zendesk'])
    expect(at('2026-11-27T21:00+01:00').messageForCustomer).toBe('We are closed. We are back Monday 09:00 (CET).')
    const french = at('2026-11-27T21:00+01:00', { language: 'fr' })
    expect(french.decision.kind).toBe('refuse')
    expect(french.messageForCustomer).toContain('Nous sommes fermés. Réouverture : lundi')
    expect(at('2026-11-27T21:00+01:00', { language: 'de' }).messageForCustomer).toContain('Montag, 09:00 Uhr (MEZ)')
    expect(at('2026-12-25T10:00+01:00').takers).toEqual([])
  })

  it('In turn: three of four for Intercom, all when Slack is full, the same team within a week', () => {
    const { at } = example('In turn')
    const monday = '2026-11-30T10:00Z'
    const firsts = Array.from({ length: 8 }, (_turn, turn) => at(monday, {}, { turn }).first?.provider)
    expect(firsts.filter((desk) => desk === 'intercom')).toHaveLength(6)
    expect(firsts.filter((desk) => desk === 'slack')).toHaveLength(2)
    expect(at(monday, {}, { turn: 3, load: { slack: 10, intercom: 50 } }).takers).toEqual(['intercom'])
    const history = (days: number) => ({ provider: 'slack', at: Date.parse(monday) - days * 86_400_000 })
    expect(at(monday, {}, { turn: 0, history: history(6) }).first?.provider).toBe('slack')
    expect(at(monday, {}, { turn: 0, history: history(8) }).first?.provider).toBe('intercom')
  })

  it('Follow the sun: whoever is awake, London first, a ticket at the weekend', () => {
    const { at } = example('Follow the sun')
    expect(at('2026-11-30T08:30Z').first?.provider).toBe('zendesk')
    expect(at('2026-11-30T17:00Z').takers).toEqual(['zendesk', 'intercom'])
    expect(at('2026-11-30T22:00Z').takers).toEqual(['intercom'])
    expect(at('2026-11-30T03:00Z').takers).toEqual(['slack'])
    const weekend = at('2026-11-28T12:00Z')
    expect(weekend.decision).toMatchObject({ kind: 'open-anyway', provider: 'slack' })
    expect(weekend.messageForCustomer).toContain('We have received your request and will answer from Monday 08:00')
  })

  it('By language: Spanish to Intercom, the English team instead of a refusal', () => {
    const { at } = example('By language')
    const [day, night] = ['2026-11-30T13:00Z', '2026-11-30T23:00Z']
    expect(at(day, { language: 'es-MX' }).first?.provider).toBe('intercom')
    expect(at(day, { language: 'es' }).first?.provider).toBe('intercom')
    expect(at(night, { language: 'es-MX' }).takers).toEqual(['zendesk'])
    expect(at(day, { language: 'tr' }).takers).toEqual(['zendesk'])
    expect(at(day, { language: 'de' }).first?.provider).toBe('slack')
  })

  it('VIPs: Slack first with an urgent ticket, Slack for others only when both are closed', () => {
    const { at, routing } = example('VIPs')
    const day = '2026-11-30T10:00+01:00'
    const vip = at(day, { tags: ['VIP'] })
    expect(vip.takers).toEqual(['slack', 'zendesk'])
    expect(vip.first?.options).toEqual({ priority: 'urgent', tags: ['vip'] })
    const billing = at(day, { tags: ['billing'], language: 'fr' })
    expect(billing.takers).toEqual(['zendesk'])
    expect(billing.first?.options).toEqual({ queue: '360001' })
    expect(routing.desks.find(({ provider }) => provider === 'slack')?.afterHoursOnly).toBe(true)
    const others = Array.from({ length: 1_000 }, (_handoff, index) => at(day, { id: `h${index}` }))
    const share = others.filter(({ first }) => first?.provider === 'slack').length
    expect(share).toBeGreaterThan(70)
    expect(share).toBeLessThan(130)
    for (const { takers, rule } of others) if (rule === undefined) expect(takers).toEqual(['zendesk', 'intercom'])
    const evening = others.find(({ rule }) => rule === undefined) && at('2026-11-30T20:00+01:00', { id: 'h1' })
    expect(evening?.first?.provider).toBe('slack')
  })
})
