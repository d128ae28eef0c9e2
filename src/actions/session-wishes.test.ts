import { describe, expect, it } from 'vitest'
import { hitlSession } from '../definition/parts'
import type { Call } from '../botpress/call'
import { contextAsWished, customerAsWished, optionsAsWished, readSessionWishes, WISHES } from './session-wishes'

const read = (raw: unknown) => {
  const warnings: unknown[] = []
  const log = { warn: (_: string, fields: { fields: string }) => warnings.push(fields.fields) }
  return { wishes: readSessionWishes({ log } as unknown as Call, raw), warnings }
}

it('are what Studio shows', () => {
  expect(WISHES.toSorted()).toEqual(Object.keys(hitlSession.schema.shape).toSorted())
})

describe('a field that isn’t valid', () => {
  it.each([
    ['phone', 'call me'],
    ['phone', { number: 1 }],
    ['pictureUrl', 'javascript:alert(1)'],
    ['conversationUrl', '/relative'],
    ['fields', ['a']],
    ['fields', { a: { b: 1 } }],
    ['attributes', Object.fromEntries(Array.from({ length: 21 }, (_, index) => [index, 'x']))],
    ['idleMinutes', 0],
    ['idleMinutes', Number.NaN],
    ['transcriptMessages', -1],
    ['assignee', 7],
    ['summary', true],
  ])('%s %j is named and left out, and the others count', (field, value) => {
    const { wishes, warnings } = read({ [field]: value, priority: 'high' })
    expect(warnings).toEqual([field])
    expect(wishes).toEqual({ priority: 'high' })
  })
})

it('describe the customer over what Botpress knows', () => {
  const known = { id: 'u', name: 'Eve', tags: {}, email: 'eve@known.example' }
  const { wishes } = read({
    name: ' Eve Miller ',
    phone: '+33 1 23 45 67 89',
    pictureUrl: 'https://example.com/eve.png',
    attributes: { plan: 'gold', seats: 5, beta: true, none: '' },
    language: 'fr',
    email: 'not an address',
  })
  expect(customerAsWished(known, wishes)).toEqual({
    ...known,
    name: 'Eve Miller',
    phone: '+33 1 23 45 67 89',
    pictureUrl: 'https://example.com/eve.png',
    language: 'fr',
    attributes: { plan: 'gold', seats: '5', beta: 'true' },
  })
  expect(customerAsWished(known, read({ name: '', phone: '', attributes: {} }).wishes)).toEqual(known)
})

it('ask for what the ticket should hold', () => {
  const { wishes } = read({
    assignee: 'ann@acme.example',
    subjectPrefix: '[VIP]',
    fields: { ' 360012345 ': 'gold', empty: ' ' },
  })
  expect(optionsAsWished(wishes)).toEqual({
    assignee: 'ann@acme.example',
    subjectPrefix: '[VIP]',
    fields: { '360012345': 'gold' },
  })
  expect(optionsAsWished({})).toEqual({})
})

it('say what agents read first, without what is hidden', () => {
  const { wishes } = read({
    summary: ' Wants **4111** ',
    channel: 'WhatsApp',
    conversationUrl: 'https://app.example/c/1',
  })
  const hide = (text: string) => text.replace('4111', '[hidden]')
  expect(contextAsWished(wishes, hide)).toEqual({
    summary: 'Wants **[hidden]**',
    channel: 'WhatsApp',
    conversationUrl: 'https://app.example/c/1',
  })
})
