/** The configuration as Studio shows it: an outline that a support lead can read. */
import type { z } from '@botpress/sdk'
import { expect, it } from 'vitest'
import { configuration } from './parts'

interface Field {
  type?: string
  description?: string
  enum?: string[]
  default?: unknown
  items?: Field
  properties?: Record<string, Field>
  required?: string[]
  'x-zui'?: { title?: string; secret?: boolean }
}

const form = (configuration.schema as z.ZodTypeAny).toJSONSchema() as Field
const fieldsOf = ({ properties = {} }: Field): [string, Field][] => Object.entries(properties)

const kindOf = (field: Field): string => {
  if (field.enum) return `one of: ${field.enum.join(' | ')}`
  if (field.type === 'string') return field['x-zui']?.secret ? 'secret text' : 'text'
  if (field.type === 'boolean') return 'switch'
  return field.type === 'array' ? 'list of texts' : String(field.type)
}

/** `  Title – kind [default]: description` */
const line = (field: Field): string => {
  const byDefault = field.default === undefined ? '' : ` [${field.default === true ? 'on' : String(field.default)}]`
  return `  ${field['x-zui']?.title} – ${kindOf(field)}${byDefault}: ${field.description}`
}

const outlineOf = (name: string): string[] => fieldsOf(form.properties?.[name] ?? {}).map(([, field]) => line(field))

it('has at most two levels, and leaves that every version of Studio can show', () => {
  for (const [name, block] of fieldsOf(form)) {
    expect(block.type, name).toBe('object')
    for (const [field, leaf] of fieldsOf(block)) {
      const isTexts = leaf.type === 'array' && leaf.items?.type === 'string'
      expect(isTexts || ['string', 'number', 'boolean'].includes(leaf.type ?? ''), `${name}.${field}`).toBe(true)
    }
  }
})

it('requires nothing, and takes an empty text in every text', () => {
  expect(form.required).toBeUndefined()
  for (const [name, block] of fieldsOf(form)) {
    expect(block.required, name).toBeUndefined()
    const texts = fieldsOf(block).filter(([, { type, enum: choices }]) => type === 'string' && !choices)
    const emptied = { [name]: Object.fromEntries(texts.map(([field]) => [field, ''])) }
    expect((configuration.schema as z.ZodTypeAny).safeParse(emptied).success, name).toBe(true)
  }
})

it('shows the desks first, each with its switch and what is special there', () => {
  const names = fieldsOf(form).map(([name]) => name)
  expect(names.slice(-2)).toEqual(['routing', 'messages'])
  for (const name of names.slice(0, -2)) {
    const lines = outlineOf(name)
    expect(lines[0]).toBe('  Enabled – switch [on]: Off: no new handoffs.')
    expect(lines.slice(-4)).toEqual([
      '  Languages – text: fr, pt-BR, German',
      '  Hours – text: Mon-Fri 9:00-18:00; 12-25 closed; Europe/Paris',
      '  Weight – number: Its share.',
      '  Most open sessions – number: Then it is full.',
    ])
    expect(lines.length).toBeGreaterThan(5)
  }
})

it('then shows Routing', () => {
  expect(outlineOf('routing')).toEqual([
    '  Preferred desk – one of: Intercom | Slack | Zendesk: Comes first. To switch vendors, change this field.',
    '  Then – text: The desks that follow, in order: Slack, Zendesk. Empty: as listed here.',
    '  Strategy – one of: Preferred desk first | In turn by weight | Fewest open sessions first [Preferred desk first]: ' +
      'Which open desk is next.',
    '  Rules – list of texts: The first that fits: tags vip -> Intercom, Slack; priority urgent · ' +
      'language fr and tags billing -> Intercom; queue 360001 · share 10% -> Zendesk',
    '  When a language’s or rule’s desks can’t – one of: Use no other desk | Use desks of the default language | ' +
      'Use any desk [Use no other desk]: Closed, full or down: who takes over?',
    '  Time zone – text: Of hours that name none, such as Europe/Paris.',
    '  Default language – text: When the customer’s is unknown.',
    '  Sticky days – number: So long a customer returns to the last desk. 0: off.',
    '  Only with agents online – text: Desks left out while nobody is online: Intercom, Slack.',
    '  When nobody is there – one of: Refuse with the next opening time | Open a ticket anyway | ' +
      'Use the after-hours desk [Refuse with the next opening time]: When no desk can take a handoff.',
    '  After-hours desk – one of: Intercom | Slack | Zendesk: Takes over then. If Then leaves it out, it takes nothing else.',
    '  Refusal texts – list of texts: One per language: en: We are back {opening}.',
    '  Received texts – list of texts: When a ticket waits: en: We answer from {opening} on.',
    '  Handed-on texts – list of texts: When the after-hours desk takes over.',
  ])
})

it('ends with Messages', () => {
  expect(outlineOf('messages')).toEqual([
    '  Team name – text: Shown to customers instead of agents’ names.',
    '  Hide – list of texts: cards, IBANs · phones, e-mails from agents · /AB-\\d{6}/ from transcripts, customers',
    '  Hand back – text [/bot]: An internal note with only this gives the conversation back to the bot.',
    '  Keep files – number: Days, 1 to 90. Empty: 30.',
    '  Send edits – switch [on]: As corrections.',
    '  Show delivered – switch: To agents.',
  ])
})
