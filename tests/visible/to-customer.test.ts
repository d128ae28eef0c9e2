/** What an agent types reaches the customer as it is, whether or not their channel renders Markdown. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { htmlToParts } from '../../providers/kit/html-to-markdown'
import { textPart } from '../../providers/kit/markdown-writer'
import type { MessagePart } from '../../providers/provider'
import { messageToMarkdown } from '../../providers/slack/to-markdown'
import { fromParts } from '../../src/botpress/messages'
import { line, toEditorHtml, typedText } from '../support/typed'
import { signsOf, visibleInHtml, visibleInMarkdown } from '../support/visible'

const RUNS = { numRuns: 2_000 }

/** The texts that Botpress gets, as one. */
const textOf = (parts: MessagePart[]): string => {
  const message = fromParts(parts)
  const items = message?.type === 'bloc' ? (message.payload['items'] as { payload: { text?: string } }[]) : [message]
  return items.map((item) => String(item?.payload['text'] ?? '')).join('\n\n')
}

/** Agents' words without formatting, at each desk. */
const UNFORMATTED: Record<string, (text: string) => string> = {
  'HTML (Zendesk, Intercom)': (text) => textOf(htmlToParts(toEditorHtml(text))),
  'rich text (Slack)': (text) => {
    const elements = [{ type: 'rich_text_section', elements: [{ type: 'text', text }] }]
    return textOf([textPart(messageToMarkdown({ text: '', blocks: [{ type: 'rich_text', elements }] }, []))])
  },
}

describe.each(Object.keys(UNFORMATTED))('typed without formatting in %s', (desk) => {
  const arrived = (text: string): string => UNFORMATTED[desk]?.(text) ?? ''

  it('reads as typed in a channel that renders Markdown', () => {
    fc.assert(
      fc.property(typedText, (text) => {
        expect(visibleInMarkdown(arrived(text)).text, JSON.stringify(arrived(text))).toBe(signsOf(text))
      }),
      RUNS
    )
  })

  it('reads as typed in a channel that renders none, apart from pairs of backticks', () => {
    fc.assert(
      fc.property(typedText, (text) => {
        fc.pre((text.match(/`/g)?.length ?? 0) < 2)
        expect(signsOf(arrived(text))).toBe(signsOf(text))
      }),
      RUNS
    )
  })

  it.each([
    'C:\\x',
    '*a*',
    '[1]: https://x.test/a',
    '2*3*4=24',
    '__init__.py',
    '+ 33 6 12 34 56 78',
    '- 5',
    '\\\\server\\share',
    '#',
    '1) one',
    'a\n---',
    '**Bot:** hi',
    '<b>x</b> &amp; &copy;',
    'a|b\n-|-\n1|2',
    '~~x~~',
    '<https://x.test/>',
  ])('%j', (text) => {
    expect(signsOf(arrived(text))).toBe(signsOf(text))
    expect(visibleInMarkdown(arrived(text)).text).toBe(signsOf(text))
  })

  it('keeps the lines', () => {
    expect(arrived('one\ntwo\n\nthree').replaceAll('  \n', '\n')).toBe('one\ntwo\n\nthree')
  })
})

describe('formatted by an agent', () => {
  const MARKS = ['b', 'i', 's', 'em', 'strong', 'u', 'span', 'del']
  const marked = fc.tuple(line, fc.constantFrom(...MARKS, ''), fc.constantFrom('', ' ')).map(([text, tag, gap]) => {
    const escaped = toEditorHtml(text).slice(3, -4)
    return (tag ? `<${tag}>${escaped}</${tag}>` : escaped) + gap
  })
  const inline = fc.array(marked, { minLength: 1, maxLength: 4 }).map((pieces) => pieces.join(''))
  const block = fc.tuple(inline, inline, fc.integer({ min: 0, max: 6 })).map(([one, two, kind]) => {
    switch (kind) {
      case 0:
        return `<ul><li>${one}</li><li>${two}</li></ul>`
      case 1:
        return `<ol start="3"><li>${one}<ul><li>${two}</li></ul></li></ol>`
      case 2:
        return `<blockquote><p>${one}</p><p>${two}</p></blockquote>`
      case 3:
        return `<h2>${one}</h2><p>${two}</p>`
      default:
        return `<p>${one}<br>${two}</p>`
    }
  })

  it('shows every sign, and no other', () => {
    fc.assert(
      fc.property(fc.array(block, { minLength: 1, maxLength: 3 }), (blocks) => {
        // Between two blocks stands a paragraph: neighbouring lists would be one in Markdown.
        const html = blocks.join('<p>then</p>')
        const text = textOf(htmlToParts(html))
        expect(visibleInMarkdown(text).text, `${html}\n${JSON.stringify(text)}`).toBe(visibleInHtml(html).text)
      }),
      RUNS
    )
  })
})
