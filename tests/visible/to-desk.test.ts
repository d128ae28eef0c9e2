/** What a customer types and a bot says shows in each desk as it is. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { partsToText } from '../../providers/kit/message-text'
import { postsOf, written } from '../../providers/kit/posts'
import * as intercom from '../../providers/intercom/format'
import type { MessagePart } from '../../providers/provider'
import { hasMarks } from '../../providers/slack/escape'
import { isPlain, partsToPieces, transcriptToPieces } from '../../providers/slack/pieces'
import * as zendesk from '../../providers/zendesk/format'
import { toParts } from '../../src/botpress/messages'
import { line, typedText } from '../support/typed'
import { signsOf, visibleInHtml, visibleInMarkdown, visibleInMrkdwn, type Visible } from '../support/visible'

const RUNS = { numRuns: 2_000 }

const _joined = (all: Visible[]): Visible => ({
  text: all.map(({ text }) => text).join(''),
  addresses: all.flatMap(({ addresses }) => addresses),
})

/** A message as each desk shows it. */
const DESKS: Record<string, (parts: MessagePart[]) => Visible> = {
  zendesk: (parts) =>
    _joined(
      postsOf(parts, zendesk.writingOf('customer')).map((post) =>
        visibleInHtml(written(post, zendesk.writingOf('customer'), new Map()))
      )
    ),
  intercom: (parts) =>
    _joined(
      intercom
        .splitText(partsToText(parts))
        .map((text) => ({ text: signsOf(intercom.toPlainBody(text)), addresses: [] }))
    ),
  'intercom, as a note': (parts) =>
    _joined(intercom.splitText(partsToText(parts)).map((text) => visibleInHtml(intercom.toHtml(text)))),
  slack: (parts) =>
    _joined(partsToPieces(parts).map((text) => visibleInMrkdwn(text, !(isPlain(parts) && hasMarks(text))))),
}

const TYPED = [
  '+ 33 6 12 34 56 78',
  '- 5',
  '2*3*4=24',
  '\\\\server\\share',
  '#',
  '*a* _b_ ~c~ `d`',
  'AB*CD*EF',
  '__init__.py',
  '1) one\n2) two',
  '5) five',
  '> quoted',
  '[1]: https://x.test/a',
  '```\ncode\n```',
  ':cat: fe80:a:b:1 10:30:45',
  '&amp; &lt; <b>',
]

describe.each(Object.keys(DESKS))('a customer’s text at %s', (desk) => {
  const shown = (text: string): Visible =>
    DESKS[desk]?.(toParts('text', { text, userId: 'user_eve' }, 'customer')) ?? { text: '', addresses: [] }

  it.each(TYPED)('%j', (text) => {
    expect(shown(text).text).toBe(signsOf(text))
  })

  it('shows every sign, and no other', () => {
    fc.assert(
      fc.property(typedText, (text) => {
        expect(shown(text).text, JSON.stringify(text)).toBe(signsOf(text))
      }),
      RUNS
    )
  })

  it('loses and changes no address', () => {
    const address = fc.constantFrom('https://x.test/a_b*c?q=1&r=2#z', 'http://y.test/(a)', 'https://z.test')
    const around = fc.constantFrom(
      ['', ''],
      ['(', ')'],
      ['see ', '.'],
      ['<', '>'],
      ['[it](', ')'],
      ['*', '*'],
      ['「', '」']
    )
    if (desk === 'intercom' || desk === 'intercom, as a note') return
    fc.assert(
      fc.property(fc.array(fc.tuple(address, around), { minLength: 1, maxLength: 3 }), (all) => {
        const text = all.map(([url, [before, after]]) => `${before}${url}${after}`).join(' ')
        expect(shown(text).addresses).toEqual(all.map(([url]) => url))
      })
    )
  })

  it('survives half a surrogate pair, control characters and a length beyond every limit', () => {
    const { text } = shown(`a\ud83d b\u0000\u001b[2J ${'👩‍👩‍👧é'.repeat(9_000)}`)
    expect(text).toContain('a\ufffdb[2J')
    expect(text.match(/👩‍👩‍👧/gu)).toHaveLength(9_000)
  })
})

describe('a customer’s text in the transcript at Slack', () => {
  it('shows every sign, and no other', () => {
    fc.assert(
      fc.property(typedText, (text) => {
        const parts = toParts('text', { text }, 'customer')
        const pieces = transcriptToPieces([{ author: 'customer', name: 'Eve', parts }])
        const shown = pieces.map((piece) => visibleInMrkdwn(piece).text).join('')
        expect(shown, JSON.stringify(pieces)).toBe(`Beforethehandoff${signsOf(`Eve:${text}`)}`)
      }),
      RUNS
    )
  })
})

describe('a bot’s Markdown at Slack', () => {
  const shown = (markdown: string): Visible =>
    DESKS['slack']?.(toParts('text', { text: markdown })) ?? { text: '', addresses: [] }
  const escaped = line.map((text) => text.replace(/[!-/:-@[-`{-~]/g, '\\$&'))
  const span = fc
    .tuple(escaped, fc.constantFrom('**', '*', '~~', '', '', '`'), fc.constantFrom(' ', ' ', ''))
    .map(([text, mark, gap]) => (mark === '`' ? '`code`' : `${mark}${text}${mark}`) + gap)
  const inline = fc.array(span, { minLength: 1, maxLength: 4 }).map((spans) => spans.join('').trim())
  const block = fc.tuple(inline, inline, fc.integer({ min: 0, max: 8 })).map(([one, two, kind]) => {
    switch (kind) {
      case 0:
        return `- ${one}\n- ${two}`
      case 1:
        return `3. ${one}\n4. ${two}`
      case 3:
        return `> ${one}\n>\n> ${two}`
      case 4:
        return `## ${one}\n\n${two}`
      case 5:
        return '- [x] done\n- [ ] open'
      case 6:
        return '```\ncode *a* <b>\n```'
      default:
        return `${one}  \n${two}`
    }
  })

  it('shows what a Markdown reader shows', () => {
    fc.assert(
      fc.property(fc.array(block, { minLength: 1, maxLength: 3 }), (blocks) => {
        const markdown = blocks.join('\n\nthen\n\n')
        expect(shown(markdown).text, JSON.stringify(markdown)).toBe(visibleInMarkdown(markdown).text)
      }),
      RUNS
    )
  })

  it.each([
    ['5) five', '5)five'],
    ['&copy; &amp; &#42;a&#42;', '©&*a*'],
    ['\\*a\\* and **b\\* c**', '*a*andb*c'],
    ['| **a** | [b](https://x.test) |\n|---|---|\n| `c` | d\\|e |', '|a|b(https://x.test)||---|---||c|d|e|'],
  ])('%j', (markdown, expected) => {
    expect(shown(markdown).text).toBe(expected)
  })

  it('keeps the marks of what is split', () => {
    const long = 'word '.repeat(1_500).trim()
    for (const piece of partsToPieces([{ type: 'text', text: `> ${long}` }])) expect(piece).toMatch(/^(?:&gt; .+\n?)+$/)
    expect(partsToPieces([{ type: 'text', text: `> ${long}` }]).length).toBeGreaterThan(1)
    for (const piece of partsToPieces([{ type: 'text', text: `> ${long.repeat(3)}` }]))
      expect(piece).toMatch(/^(?:&gt; .+\n?)+$/)
    for (const piece of partsToPieces([{ type: 'text', text: `**${long}**` }]))
      expect(piece).toMatch(/^\*word.*word\*$/)
  })
})
