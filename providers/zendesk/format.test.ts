import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { htmlToText } from '../kit/html-to-markdown'
import { toComments, toHtml, toOpening, toSubject, toTag, toTranscriptNote } from './format'

const REMOVED = /[\u200b\p{Cc}\u202a-\u202e\u2066-\u2069]/gu

describe('comments', () => {
  it('fit into Zendesk’s limit and keep all text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 9_000 }), (text, times) => {
        const long = `${text} `.repeat(Math.min(times, Math.ceil(130_000 / (text.length + 1))))
        const chunks = toComments(long)
        expect(chunks.join('').replace(REMOVED, '')).toBe(long.replace(REMOVED, ''))
        for (const chunk of chunks) {
          expect(Buffer.byteLength(toHtml(chunk))).toBeLessThanOrEqual(65_535)
          expect(chunk).not.toMatch(/\p{Cs}/u)
        }
      }),
      { numRuns: 20 }
    )
  })

  it('end between words', () => {
    const chunks = toComments('word '.repeat(20_000))
    expect(chunks.length).toBeGreaterThan(1)
    for (const chunk of chunks) expect(chunk).toMatch(/^word .*word $/s)
  })

  it('that contain only URLs fit as well', () => {
    const chunks = toComments(`https://x.test/${'a'.repeat(50)}&b\n`.repeat(2_000))
    for (const chunk of chunks) expect(Buffer.byteLength(toHtml(chunk))).toBeLessThanOrEqual(65_535)
  })

  it('show markup as text', () => {
    const html = toHtml(toComments('<img src=x onerror=alert(1)> **b** [bank](https://evil.test) & "q"')[0] ?? '')
    expect(html).not.toContain('<img')
    expect(html).toContain('&lt;img src=x onerror=alert(1)&gt;')
    expect(html).toContain('[bank](<a href="https://evil.test">https://evil.test</a>)')
    expect(htmlToText(html)).toBe('<img src=x onerror=alert(1)> **b** [bank](https://evil.test) & "q"')
  })

  it('keep a URL inside its attribute', () => {
    expect(toHtml('https://x.test/"onmouseover=alert(1)')).toBe(
      '<a href="https://x.test/">https://x.test/</a>&quot;onmouseover=alert(1)'
    )
  })

  it('disarm Zendesk’s placeholders and remove control characters', () => {
    const [text = ''] = toComments('{{ticket.requester.phone}} {%x%} \u0000\u202eevil {{{a}}}')
    for (const forbidden of ['{{', '{%', '\u0000', '\u202e']) expect(text).not.toContain(forbidden)
    expect(text.replaceAll('\u200b', '')).toBe('{{ticket.requester.phone}} {%x%} evil {{{a}}}')
  })
})

describe('subjects, openings, tags', () => {
  it('shorten a long title and repeat it in full in the first comment', () => {
    const title = 'A very long story. '.repeat(500).trim()
    expect(toSubject(title)).toHaveLength(150)
    expect(toOpening(title, 'In short')).toBe(`${title}\n\nIn short`)
    expect(toOpening('Short', 'In short')).toBe('In short')
    expect(toOpening('Short', '  ')).toBe('Short')
    expect(toOpening('', undefined)).toBe('Handoff from the bot')
    expect(toSubject('  \n ')).toBe('Handoff from the bot')
    expect(toSubject('two\nlines')).toBe('two lines')
  })

  it('normalise tags as Zendesk does', () => {
    expect([' VIP customer ', 'a"b', 'größe', '  '].map(toTag)).toEqual(['vip_customer', 'a_b', 'größe', ''])
  })
})

describe('the transcript', () => {
  const entry = (index: number, size: number) => ({
    author: 'customer' as const,
    name: 'Eve',
    parts: [{ type: 'text' as const, text: `entry ${index} ${'x'.repeat(size)}` }],
  })

  it('drops the oldest messages and says how many', () => {
    const note = toTranscriptNote(Array.from({ length: 500 }, (_unused, index) => entry(index, 400)))
    const omitted = Number(/\((\d+) earlier messages were left out\)/.exec(note)?.[1])
    expect(omitted).toBeGreaterThan(300)
    expect(note).toContain('entry 499 ')
    expect(note).toContain(`entry ${omitted} `)
    expect(note).not.toContain(`entry ${omitted - 1} `)
    expect(Buffer.byteLength(toHtml(note))).toBeLessThanOrEqual(65_535)
  })

  it('is complete when it fits, and always shows the newest message', () => {
    expect(toTranscriptNote([entry(0, 1), entry(1, 1)])).not.toContain('left out')
    const note = toTranscriptNote([entry(0, 1), entry(1, 300_000)])
    expect(note).toContain('(1 earlier message was left out)')
    expect(note).toContain('entry 1 xxx')
    expect(Buffer.byteLength(toHtml(note))).toBeLessThanOrEqual(65_535)
  })
})
