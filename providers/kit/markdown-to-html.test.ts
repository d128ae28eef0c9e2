import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { htmlToMarkdown, htmlToText } from './html-to-markdown'
import { markdownBlocks, packed, plainBlocks } from './markdown-to-html'

const html = (markdown: string): string => markdownBlocks(markdown, () => true).join('')

describe('Markdown as HTML', () => {
  it.each([
    ['# Title\n\ntext', '<p><strong>Title</strong></p><p>text</p>'],
    ['**b** *i* ~~s~~ `c`', '<p><strong>b</strong> <em>i</em> <s>s</s> <code>c</code></p>'],
    ['- a\n  - b\n    1. c\n- d', '<ul><li>a<ul><li>b<ol><li>c</li></ol></li></ul></li><li>d</li></ul>'],
    ['3. c\n4. d', '<ol start="3"><li>c</li><li>d</li></ol>'],
    ['- [x] done\n- [ ] open', '<ul><li>☑ done</li><li>☐ open</li></ul>'],
    ['> a\n> b', '<blockquote><p>a<br>b</p></blockquote>'],
    ['```js\na < b\n```', '<pre><code>a &lt; b</code></pre>'],
    [
      '|a|b|\n|-|-|\n|1|**2**|',
      '<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>1</td><td><strong>2</strong></td></tr></tbody></table>',
    ],
    ['[shop](https://x.test/a)', '<p><a href="https://x.test/a">shop</a> (https://x.test/a)</p>'],
    ['<https://x.test>', '<p><a href="https://x.test">https://x.test</a></p>'],
    ['![cat](https://x.test/c.png)', '<p><a href="https://x.test/c.png">cat</a> (https://x.test/c.png)</p>'],
    ['\\*no\\* 😀 &amp;', '<p>*no* 😀 &amp;</p>'],
  ])('%j', (markdown, expected) => {
    expect(html(markdown)).toBe(expected)
  })

  it.each([
    '<script>alert(1)</script>',
    '[x](javascript:alert(1))',
    '<a href="javascript:x">y</a>',
    '[a](https://x.test/"onmouseover=alert(1))',
    '![<img src=x>](https://x.test)',
    '`<b>`',
    '[<b>](https://x.test)',
  ])('has no markup of a stranger: %j', (markdown) => {
    const tags = html(markdown).match(/<[^>]*>/g) ?? []
    for (const tag of tags) expect(tag).toMatch(/^<\/?(?:p|a|code)>$|^<a href="https:\/\/[^"<>]*">$/)
  })

  it('comes back as the same Markdown', () => {
    const markdown = '**b** and *i*\n\n- one\n- two\n  - three\n\n> quoted\n\n```\ncode\n```'
    expect(html(htmlToMarkdown(html(markdown)))).toBe(html(markdown))
  })

  it('loses no word, whatever fits', () => {
    const piece = fc.constantFrom(
      'word',
      '**bold it**',
      '[l m](https://x.test/a)',
      '`co de`',
      '\n\n',
      '\n',
      '- x ',
      '> q ',
      '😀',
      '1. '
    )
    fc.assert(
      fc.property(
        fc.array(piece, { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 120, max: 400 }),
        (pieces, limit) => {
          const markdown = pieces.join(' ')
          const fits = (text: string) => text.length <= limit
          const letters = (text: string) => htmlToText(text).replace(/[^\p{L}\p{Extended_Pictographic}]/gu, '')
          const blocks = markdownBlocks(markdown, fits)
          expect(letters(blocks.join(''))).toBe(letters(html(markdown)))
          for (const post of packed(blocks, fits)) expect(post.length).toBeLessThanOrEqual(limit)
          for (const block of blocks) expect(block).not.toMatch(/\p{Cs}/u)
        }
      ),
      { numRuns: 300 }
    )
  })

  it('is linear on hostile input', () => {
    const started = performance.now()
    for (const text of [
      '*a_'.repeat(30_000),
      '[a]('.repeat(20_000),
      '> '.repeat(5_000),
      '- '.repeat(5_000),
      '`'.repeat(50_000),
    ])
      markdownBlocks(text, (it) => it.length < 60_000)
    expect(performance.now() - started).toBeLessThan(5_000)
  })
})

describe('plain text as blocks', () => {
  it('is complete, in order, and never divided inside an emoji', () => {
    const text = '👩‍👩‍👧‍👦 family '.repeat(50)
    const blocks = plainBlocks(text, (it) => it.length <= 100)
    expect(blocks.length).toBeGreaterThan(5)
    expect(blocks.map(htmlToText).join('').replace(/\s/g, '')).toBe(text.replace(/\s/g, ''))
    for (const block of blocks) expect(htmlToText(block)).toMatch(/^(?:👩‍👩‍👧‍👦|family)/u)
  })
})
