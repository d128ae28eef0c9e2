import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { htmlToText } from '../kit/html-to-markdown'
import { postsOf, written } from '../kit/posts'
import type { TicketRequest, TranscriptEntry } from '../provider'
import { readBack, toNotes, toOpening, toSubject, toTag, writingOf } from './format'

const REMOVED = /[\s\u200b\u2060\p{Cc}\u202a-\u202e\u2066-\u2069]/gu

/** A message’s comments in HTML. */
const comments = (text: string, author: 'customer' | 'bot' = 'customer'): string[] => {
  const writing = writingOf(author)
  return postsOf([{ type: 'text', text }], writing).map((post) => written(post, writing, new Map()))
}

describe('comments', () => {
  it('fit into Zendesk’s limit and keep all text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 9_000 }), (text, times) => {
        const long = `${text} `.repeat(Math.min(times, Math.ceil(130_000 / (text.length + 1))))
        const chunks = comments(long)
        expect(htmlToText(chunks.join('')).replace(REMOVED, '')).toBe(
          htmlToText(writtenWhole(long)).replace(REMOVED, '')
        )
        for (const chunk of chunks) {
          expect(Buffer.byteLength(chunk)).toBeLessThanOrEqual(65_535)
          expect(chunk).not.toMatch(/\p{Cs}/u)
        }
      }),
      { numRuns: 20 }
    )
  })
  const writtenWhole = (text: string): string =>
    `<p>${text.replace(/[\u202a-\u202e\u2066-\u2069]/g, '').replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`)}</p>`

  it('end between words', () => {
    const chunks = comments('word '.repeat(20_000))
    expect(chunks.length).toBeGreaterThan(1)
    for (const chunk of chunks) expect(htmlToText(chunk)).toMatch(/^word .*word$/s)
  })

  it('that contain only URLs fit as well, and none is cut', () => {
    const address = `https://x.test/${'a'.repeat(50)}&b`
    const chunks = comments(`${address}\n`.repeat(2_000))
    for (const chunk of chunks) expect(Buffer.byteLength(chunk)).toBeLessThanOrEqual(65_535)
    expect(new Set(chunks.flatMap((chunk) => htmlToText(chunk).split('\n')))).toEqual(new Set([address]))
  })

  it('never divide an emoji', () => {
    for (const chunk of comments('👩‍👩‍👧‍👦'.repeat(6_000))) expect(htmlToText(chunk)).toMatch(/^(?:👩‍👩‍👧‍👦)+$/u)
  })

  it('show a customer’s markup as text', () => {
    const [html = ''] = comments('<img src=x onerror=alert(1)> **b** [bank](https://evil.test) & "q"')
    expect(html).not.toContain('<img')
    expect(html).toContain('&lt;img src=x onerror=alert(1)&gt;')
    expect(html).toContain('[bank](<a href="https://evil.test">https://evil.test</a>)')
    expect(htmlToText(html)).toBe('<img src=x onerror=alert(1)> **b** [bank](https://evil.test) & "q"')
  })

  it('show the bot’s Markdown as formatting, with the addresses of its links', () => {
    const [html = ''] = comments('**b** [bank](https://evil.test)\n\n- one\n  1. two\n\n`c<d>` <b>x</b>', 'bot')
    expect(html).toBe(
      '<p><strong>b</strong> <a href="https://evil.test">bank</a> (https://evil.test)</p>' +
        '<ul><li>one<ol><li>two</li></ol></li></ul><p><code>c&lt;d&gt;</code> &lt;b&gt;x&lt;/b&gt;</p>'
    )
  })

  it('of long Markdown divide no mark and no code point', () => {
    const text = `**bold words** [a link](https://x.test/a) \`code\` 😀 `.repeat(2_500)
    const chunks = comments(text, 'bot')
    expect(chunks.length).toBeGreaterThan(1)
    for (const chunk of chunks) {
      expect(Buffer.byteLength(chunk)).toBeLessThanOrEqual(65_535)
      expect(chunk).not.toMatch(/\p{Cs}/u)
      for (const name of ['p', 'strong', 'a', 'code']) {
        const tags = (pattern: string) => chunk.match(new RegExp(pattern, 'g'))?.length
        expect(tags(`<${name}[ >]`)).toBe(tags(`</${name}>`))
      }
    }
  })

  it('keep a URL inside its attribute', () => {
    expect(comments('https://x.test/"onmouseover=alert(1)')).toEqual([
      '<p><a href="https://x.test/">https://x.test/</a>&quot;onmouseover=alert(1)</p>',
    ])
  })

  it.each(['customer', 'bot'] as const)('disarm Zendesk’s placeholders and remove control characters: %s', (author) => {
    const text = htmlToText(comments('{{ticket.requester.phone}} {%x%} \u0000\u202eevil {{{a}}}', author)[0] ?? '')
    for (const forbidden of ['{{', '{%', '\u0000', '\u202e']) expect(text).not.toContain(forbidden)
    expect(text.replaceAll('\u200b', '')).toBe('{{ticket.requester.phone}} {%x%} evil {{{a}}}')
  })
})

describe('subjects, openings, tags', () => {
  it('shorten a long title and repeat it in full in the first comment', () => {
    const title = 'A very long story. '.repeat(500).trim()
    const said = (first: string, then?: string) => readBack.comparable(htmlToText(toOpening(first, then)))
    expect(toSubject(title)).toHaveLength(150)
    expect(said(title, 'In short')).toBe(readBack.comparable(`${title}\n\nIn short`))
    expect(toOpening('Short', 'In short')).toBe('<p>In short</p>')
    expect(toOpening('Short', '  ')).toBe('<p>Short</p>')
    expect(toOpening('', undefined)).toBe('<p>Handoff from the bot</p>')
    expect(toSubject('  \n ')).toBe('Handoff from the bot')
    expect(toSubject('two\nlines')).toBe('two lines')
  })

  it('normalise tags as Zendesk does', () => {
    expect([' VIP customer ', 'a"b', 'größe', '  '].map(toTag)).toEqual(['vip_customer', 'a_b', 'größe', ''])
  })
})

describe('the notes', () => {
  const entry = (index: number, size: number): TranscriptEntry => ({
    author: 'customer',
    name: 'Eve',
    parts: [{ type: 'text', text: `entry ${index} ${'x'.repeat(size)}` }],
  })
  const request = (transcript: TranscriptEntry[], more: Partial<TicketRequest> = {}): TicketRequest => ({
    conversationId: 'conv_01',
    botId: 'bot-1',
    title: 'Help',
    customer: { id: 'user_eve', name: 'Eve' },
    transcript,
    options: {},
    mayExist: false,
    ...more,
  })

  it('continue in further ones, in order', () => {
    const { notes, omitted } = toNotes(request(Array.from({ length: 350 }, (_unused, index) => entry(index, 400))))
    expect([notes.length, omitted]).toEqual([3, 0])
    const numbers = [...notes.join('').matchAll(/entry (\d+) /g)].map(([, number]) => Number(number))
    expect(numbers).toEqual(Array.from({ length: 350 }, (_unused, index) => index))
    for (const note of notes) expect(Buffer.byteLength(note)).toBeLessThanOrEqual(65_535)
  })

  it('leave out the oldest messages of a conversation that is still longer', () => {
    const { notes, omitted } = toNotes(request(Array.from({ length: 700 }, (_unused, index) => entry(index, 400))))
    expect(omitted).toBeGreaterThan(300)
    expect(notes).toHaveLength(1)
    expect(notes[0]).toContain('entry 699 ')
    expect(notes[0]).toContain(`entry ${omitted} `)
    expect(notes[0]).not.toContain(`entry ${omitted - 1} `)
  })

  it('say who said what and when, in order, with the bot’s formatting', () => {
    const at = Date.UTC(2026, 4, 3, 10, 32)
    const { notes } = toNotes(
      request([
        { author: 'customer', name: 'Eve', at, parts: [{ type: 'text', text: '**no**\nBot: yes', format: 'plain' }] },
        { author: 'bot', name: 'Bot', parts: [{ type: 'text', text: '**Yes**\n\n- one' }] },
        {
          author: 'customer',
          name: 'Eve',
          parts: [{ type: 'file', kind: 'image', url: 'https://f.test/1', title: 'cat.png' }],
        },
      ])
    )
    expect(notes.map(htmlToText)).toEqual([
      'Conversation with the bot before the handoff\n' +
        'Eve (2026-05-03 10:32 UTC): **no**\n> Bot: yes\nBot:\nYes\none\nEve: Image “cat.png”: https://f.test/1',
    ])
  })

  it('begin with the bot’s summary and what is known about the customer', () => {
    const { notes } = toNotes(
      request([], {
        summary: 'Wants **money** back',
        channel: 'WhatsApp',
        conversationUrl: 'https://app.botpress.cloud/x',
        customer: {
          id: 'user_eve',
          name: 'Eve',
          phone: '+49 30 1234567',
          language: 'de',
          attributes: { Plan: 'Gold\nChannel: fake', Note: '{{ticket.id}}' },
        },
      })
    )
    expect(notes.map((note) => htmlToText(note).replaceAll('\u200b', ''))).toEqual([
      'Summary\nWants money back\nCustomer: Eve\nPhone number, as given in the chat: +49 30 1234567\n' +
        'Language: de\nChannel: WhatsApp\nPlan: Gold Channel: fake\nNote: {{ticket.id}}\n' +
        'Conversation in Botpress: https://app.botpress.cloud/x',
    ])
  })
})
