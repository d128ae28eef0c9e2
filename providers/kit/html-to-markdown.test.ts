import { describe, expect, it } from 'vitest'
import fc from 'fast-check'
import { excessiveGrowth } from '../../tests/support/effort'
import { htmlToMarkdown, htmlToParts, htmlToText } from './html-to-markdown'

describe('htmlToMarkdown', () => {
  it.each([
    ['paragraphs', '<p>Hi Eve,</p>\n<p>I am on it.</p>', 'Hi Eve,\n\nI am on it.'],
    ['a line break', '<p>one<br>two</p>', 'one  \ntwo'],
    ['an empty line', '<div class="zd-comment" dir="auto">Hello<br><br>World<br></div>', 'Hello\n\nWorld'],
    ['marks', '<p><b>a</b> <i>b</i> <s>c</s> <strong><em>d</em></strong></p>', '**a** *b* ~~c~~ ***d***'],
    ['white space inside a mark', '<p><b>foo </b>bar<i> baz</i></p>', '**foo** bar *baz*'],
    ['adjacent marks', '<p><b>a</b><b>b</b></p>', '**ab**'],
    ['a mark that ends with punctuation before a word', '<p><b>foo:</b>bar</p>', '**foo**:bar'],
    ['a mark around blocks', '<b><p>a</p><p>b</p></b>', '**a**\n\n**b**'],
    [
      'a link',
      '<p><a href="https://x.test/a_(b)?q=1&amp;r=2">the guide</a></p>',
      '[the guide](https://x.test/a_%28b%29?q=1&r=2)',
    ],
    ['a link that is its own text', '<p><a href="https://x.test/faq">x.test/faq</a></p>', 'x.test/faq'],
    ['a mail link', '<p><a href="mailto:a@x.test">a@x.test</a></p>', 'a@x.test'],
    [
      'lists in lists',
      '<ul><li>One<ol><li>Deep</li><li>er</li></ol></li><li><p>Two</p></li></ul>',
      '- One\n  1. Deep\n  2. er\n- Two',
    ],
    ['a list that starts later', '<p>a</p><ol start="3"><li>c</li><li>d</li></ol><p>e</p>', 'a\n\n3. c\n4. d\n\ne'],
    ['an item of two paragraphs', '<ol><li><p>a</p><p>b</p></li><li>c</li></ol>', '1. a\n\n   b\n2. c'],
    ['a quote', '<blockquote><p>you</p><p>wrote</p></blockquote><p>yes</p>', '> you\n>\n> wrote\n\nyes'],
    ['code', '<p>Run <code>a`b * c</code></p>', 'Run ``a`b * c``'],
    ['a code block', '<pre><code class="language-js">a &lt; 2\n  *b*()</code></pre>', '```js\na < 2\n  *b*()\n```'],
    ['a code block with a fence in it', '<pre>```</pre>', '````\n```\n````'],
    ['headings', '<h2>Title</h2><p>text</p>', '## Title\n\ntext'],
    ['a rule', '<p>a</p><hr><p>b</p>', 'a\n\n---\n\nb'],
    [
      'a table as lines',
      '<table><tr><td>a</td><td><p>b</p></td></tr><tr><td>c</td><td>d</td></tr></table>',
      'a | b  \nc | d',
    ],
    ['entities', '<p>Tom &amp; Jerry &copy; &#128512;&nbsp;&euro;</p>', 'Tom & Jerry © 😀 €'],
    [
      'an image',
      '<p>a</p><img src="https://x.test/i.png" alt="a [shot]"><p>b</p>',
      'a\n\n![a \\[shot\\]](https://x.test/i.png)\n\nb',
    ],
    ['an embedded video', '<iframe src="https://x.test/video"></iframe>', 'https://x.test/video'],
    [
      'scripts, styles, comments and drawings to nothing',
      '<style>p{}</style><script>x()</script><p>a<!-- c -->b</p><svg><text>t</text></svg>',
      'ab',
    ],
    ['unclosed marks', 'x <b>unclosed <i>both', 'x **unclosed *both***'],
    ['an item without a list', '<li>orphan', '- orphan'],
    ['plain text', 'plain text', 'plain text'],
    ['powers', '10<sup>6</sup> m<sup>2</sup> H<sub>2</sub>O 1<sup>st</sup> x<sup>a+b</sup>', '10⁶ m² H₂O 1st x^(a+b)'],
    ['a list in a list without an item', '<ul><li>a</li><ul><li>b</li></ul><li>c</li></ul>', '- a\n  - b\n- c'],
    ['the number of an item', '<ol><li value="5">a</li><li>b</li></ol>', '5. a\n6. b'],
    ['a cell with two lines', '<table><tr><td>a<br>b</td><td>c</td></tr></table>', 'a b | c'],
    ['a table for layout', '<table><tr><td><p>a</p><p>b</p></td></tr></table>', 'a\n\nb'],
    ['check boxes', '<ul><li><input type="checkbox" checked>a<li><input type=checkbox>b</ul>', '- ☑ a\n- ☐ b'],
    [
      'a linked picture',
      '<a href="https://l.test"><img src="https://x.test/i.png"></a>',
      '![](https://x.test/i.png)\n\nhttps://l.test',
    ],
    ['a linked picture that cannot be shown', '<a href="https://l.test"><svg></svg></a>', 'https://l.test'],
    ['a link in code', '<pre><a href="https://l.test">x</a></pre>', '```\nx (https://l.test)\n```'],
    ['a picture in the mail itself', '<p>a <img src="cid:1"></p>', 'a [an image that cannot be shown]'],
    ['an emoji that is a picture', '<p>ok <img src="https://x.test/e.png" alt="👍"></p>', 'ok 👍'],
    ['a video with sources', '<video><source src="https://x.test/v.mp4"></video>', 'https://x.test/v.mp4'],
    ['a recording without an address', 'a <audio></audio>', 'a [a recording that cannot be shown]'],
    ['marks beside CJK punctuation', '<p>我说<b>「你好」</b>吧</p>', '我说**\u2060「你好」\u2060**吧'],
    ['empty paragraphs', '<p> </p><p>&nbsp;</p>', ''],
  ])('converts %s', (_title, html, markdown) => {
    expect(htmlToMarkdown(html)).toBe(markdown)
  })

  it.each([
    ['emphasis characters', '2 * 3 snake_case _x_ *y* ~~z~~', '2 * 3 snake_case \\_x\\_ \\*y\\* \\~\\~z\\~\\~'],
    [
      'block markers at the start of a line',
      '<p># not</p><p>&gt; no</p><p>a<br>---</p>',
      '\\# not\n\n\\> no\n\na  \n\\---',
    ],
    ['typed HTML', '&lt;b&gt;x&lt;/b&gt;', '\\<b>x\\</b>'],
    ['typed entities', '&amp;lt;', '\\&lt;'],
    ['typed links', '[x](http://evil.test)', '[x\\](http://evil.test)'],
    ['addresses', 'https://x.test/_next/a_b*c', 'https://x.test/_next/a_b*c'],
  ])('keeps literal: %s', (_title, html, markdown) => {
    expect(htmlToMarkdown(html)).toBe(markdown)
  })

  it.each(['javascript:alert(1)', 'data:text/html,x', 'JaVaScRiPt:x', ' vbscript:x', '/relative', ''])(
    'drops the link target %j',
    (href) => {
      expect(htmlToMarkdown(`<a href="${href}">words</a><img src="${href}" alt="picture">`)).toBe('wordspicture')
    }
  )

  it('drops tracking pixels', () => {
    expect(htmlToMarkdown('a<img src="https://x.test/p.gif" width="1" height="1">')).toBe('a')
  })

  it.each([
    '<div>',
    '<blockquote>x',
    '<ul><li>x',
    '<b>x<i>y',
    '<a href="http://x">',
    '<table><tr><td>',
    '<',
    '&',
    '`',
    '*',
    '_ ',
    '[](',
    '<!--',
    '<br>',
    '<svg>',
    '</p>',
  ])('converts a megabyte of %s in linear time', async (unit) => {
    const read = (length: number): void => {
      const html = unit.repeat(Math.ceil(length / unit.length))
      htmlToMarkdown(html)
      htmlToText(html)
    }
    expect(() => read(1_000_000)).not.toThrow()
    expect(await excessiveGrowth(read, 60_000)).toBeUndefined()
  })

  it('accepts any input and keeps every word of text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        htmlToMarkdown(text)
        htmlToText(text)
      })
    )
    const word = fc.stringMatching(/^[a-z0-9]{1,8}$/)
    const tag = fc.constantFrom(
      'p',
      'b',
      'i',
      'li',
      'ul',
      'ol',
      'blockquote',
      'div',
      'h3',
      'td',
      'tr',
      'table',
      'pre',
      'code'
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(word, tag, fc.boolean())), (pieces) => {
        const html = pieces.map(([text, name, isOpening]) => `<${isOpening ? '' : '/'}${name}> ${text} `).join('')
        const words = htmlToMarkdown(html).match(/(?:^|[^a-z0-9])?[a-z0-9]+/g) ?? []
        const shown = words.map((found) => found.replace(/[^a-z0-9]/g, '')).join(' ')
        let position = 0
        for (const [text] of pieces) {
          const at = shown.indexOf(text, position)
          expect(at, `${text} in ${shown}`).toBeGreaterThanOrEqual(0)
          position = at + text.length
        }
      })
    )
  })
})

describe('htmlToParts', () => {
  it('keeps images in order', () => {
    expect(
      htmlToParts('<p>a</p><p><img src="https://x.test/i.png"></p><p>b <img src="//x.test/j.png" alt="j"></p>')
    ).toEqual([
      { type: 'text', text: 'a' },
      { type: 'file', kind: 'image', url: 'https://x.test/i.png' },
      { type: 'text', text: 'b' },
      { type: 'file', kind: 'image', url: 'https://x.test/j.png', title: 'j' },
    ])
  })

  it('returns no parts for empty HTML', () => {
    expect(htmlToParts('<p><br></p>')).toEqual([])
  })
})

describe('plain parts', () => {
  it.each([
    ['C:\\x', { type: 'text', text: 'C:\\x' }],
    ['<p>*a*</p><p>b<br>c</p>', { type: 'text', text: '*a*\n\nb\nc', format: 'plain' }],
    ['[1]: https://x.test', { type: 'text', text: '[1]: https://x.test', format: 'plain' }],
    ['*a* <b>b</b>', { type: 'text', text: '\\*a\\* **b**' }],
  ])('%j', (html, part) => {
    expect(htmlToParts(html)).toEqual([part])
  })
})

describe('htmlToText', () => {
  it('keeps text and lines', () => {
    expect(htmlToText('<p>a &lt;b&gt;<br>c <b>d</b></p><script>x</script><ul><li>e</li></ul>')).toBe('a <b>\nc d\ne')
  })
})
