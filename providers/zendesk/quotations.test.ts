import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { htmlToText } from '../kit/html-to-markdown'
import { withoutQuotations, withoutQuotedLines } from './quotations'

const shown = (html: string): string => htmlToText(withoutQuotations(html))

describe('a mail’s quotation and signature', () => {
  it.each([
    [
      'Gmail',
      '<div dir="ltr">Yes.</div><div class="gmail_quote"><div class="gmail_attr">On Mon Eve wrote:</div><blockquote>Is it?</blockquote></div>',
    ],
    [
      'Gmail with a signature',
      '<div>Yes.</div><span class="gmail_signature_prefix">-- </span><div data-smartmail="gmail_signature"><div>Ada</div>Acme</div><div class="gmail_quote">Is it?</div>',
    ],
    [
      'Outlook',
      '<p>Yes.</p><div id="Signature"><p>Ada</p></div><div id="appendonsend"></div><hr><div id="divRplyFwdMsg"><b>From:</b> Eve</div><div>Is it?</div>',
    ],
    [
      'Apple Mail',
      '<div>Yes.</div><div><br><blockquote type="cite"><div>On 3 May 2026, Eve &lt;eve@x.test&gt; wrote:</div><div>Is it?</div></blockquote></div>',
    ],
    [
      'Thunderbird',
      '<p>Yes.</p><div class="moz-cite-prefix">Am 03.05.26 um 10:00 schrieb Eve:</div><blockquote type="cite">Is it?</blockquote>',
    ],
    [
      'an introduction of its own',
      '<div>Yes.</div><div>On 3 May 2026, Eve wrote:</div><blockquote type="cite">Is it?</blockquote>',
    ],
    ['Zendesk’s delimiter', '<p>Yes.</p><p>##- Please type your reply above this line -##</p><p>Is it?</p>'],
    ['Yahoo', '<div>Yes.</div><div class="yahoo_quoted" id="y1"><div>Is it?</div></div>'],
  ])('is left out: %s', (_program, html) => {
    expect(shown(`<div class="zd-comment">${html}</div>`)).toBe('Yes.')
  })

  it.each([
    ['an answer below', '<div class="gmail_quote">Is it?</div><div>Yes.</div>'],
    [
      'answers in between',
      '<blockquote type="cite">Is it?</blockquote>Yes.<blockquote type="cite">And that?</blockquote>No.',
    ],
    ['nothing else', '<div class="gmail_quote">Fwd: the invoice</div>'],
    ['a quotation that somebody typed', '<p>You asked:</p><blockquote>Is it?</blockquote>'],
    ['a line that only looks like an introduction', '<p>As our colleague wrote:</p><p>See page 3</p>'],
  ])('stays where there is %s', (_what, html) => {
    expect(withoutQuotations(html)).toBe(html)
  })

  it('keeps what was typed above it, whatever that is', () => {
    const words = fc.array(fc.constantFrom('On 3 May', 'wrote:', '&gt; x', '<b>b</b>', '<br>', '-- ', 'Eve'), {
      minLength: 1,
    })
    fc.assert(
      fc.property(words, (typed) => {
        const above = `<p>Start ${typed.join(' ')} end.</p>`
        expect(shown(`${above}<div class="gmail_quote">q</div>`)).toBe(htmlToText(above))
      })
    )
  })

  it('is linear on hostile input', () => {
    const started = performance.now()
    withoutQuotations('<div class="gmail_quote">'.repeat(20_000))
    withoutQuotations('<blockquote type="cite">a</blockquote>b'.repeat(20_000))
    expect(performance.now() - started).toBeLessThan(3_000)
  })

  it('is left out of a plain mail', () => {
    expect(withoutQuotedLines('Yes.\n\nOn 3 May 2026, Eve wrote:\n> Is it?\n> Eve')).toBe('Yes.')
    expect(withoutQuotedLines('Yes.\n-- \nAda\nAcme')).toBe('Yes.')
    for (const text of ['> Is it?\nYes.', '> only', 'a -- b\nc', '-- \nAda'])
      expect(withoutQuotedLines(text)).toBe(text)
  })
})
