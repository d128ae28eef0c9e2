import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { excessiveGrowth } from '../../tests/support/effort'
import { MAX_TEXT_LENGTH, markdownToPieces, partsToPieces, splitText, transcriptToPieces } from './pieces'
import { messageToMarkdown } from './to-markdown'
import { escapeName, plainName } from './to-mrkdwn'

const mrkdwn = (markdown: string): string => markdownToPieces(markdown).join('\n')
const markdown = (text: string, elements?: unknown[]): string =>
  messageToMarkdown({ text, blocks: elements ? [{ type: 'rich_text', elements }] : undefined }, ['UBOT'])
/** Everything in raw angle brackets except plain URLs. Must be empty. */
const controlsIn = (text: string): string[] => text.replace(/<https?:\/\/[^<>|\s]+>/g, '').match(/[<>].*/g) ?? []

describe('Markdown to mrkdwn', () => {
  it.each([
    ['plain words', 'plain words'],
    ['**b** and *i* and ~~s~~', '*b* and _i_ and ~s~'],
    ['***bi***', '_*bi*_'],
    ['a**b**c', 'a\u200b*b*\u200bc'],
    ['**two\nlines**', '*two*\n*lines*'],
    ['# A **b** title\ntext', '*A b title*\ntext'],
    ['one\ntwo\n\nthree', 'one\ntwo\n\nthree'],
    ['- a\n- b\n  - c', '• a\n• b\n    ◦ c'],
    ['3. c\n4. d', '3. c\n4. d'],
    ['- [x] done\n- [ ] open', '• ☑ done\n• ☐ open'],
    ['> q\n> r', '&gt; q\n&gt; r'],
    ['`a < b`', '`a &lt; b`'],
    ['```js\na < b\n```', '```\na &lt; b\n```'],
    ['[the docs](https://a.example/?x=1&y=2)', 'the docs (<https://a.example/?x=1&amp;y=2>)'],
    ['see https://a.example/x_y_z', 'see <https://a.example/x_y_z>'],
    ['mail eve@a.example', 'mail eve@a.example'],
    ['![alt](https://a.example/i.png)', 'alt (<https://a.example/i.png>)'],
    ['| a | b |\n|---|---|\n| 1 | 2 |', '```\n| a | b |\n|---|---|\n| 1 | 2 |\n```'],
    ['5 * 3 * 2 snake_case_word', '5 * 3 * 2 snake_case_word'],
    ['5 < 6 & 7 > 2', '5 &lt; 6 &amp; 7 &gt; 2'],
  ])('%j', (from, to) => {
    expect(mrkdwn(from)).toBe(to)
  })

  it.each([
    '<!here> <!channel> <!everyone>',
    '<@U0ADA000001> <#C0SUPPORT01|general> <!subteam^S1>',
    '`<!here>` and **<!channel>** and [<!here>](https://a.example)',
    '```\n<!here>\n```',
    '`` ` <!here> ``',
    '```\n``` <!here>',
    '    <!here>',
    '# <!here>\n> <@U1>\n- <@U1>\n\n| <!here> |\n|---|\n| <@U1> |',
    '<div>\n<!here>\n</div>',
    '<https://evil.example|https://bank.example>',
    '[x](<https://e.example/|<!here>>)',
    '[x]: <https://e.example/> "<!here>"\n[x]',
    '\\<!here\\>',
    '&lt;!here&gt; &#60;!here&#62;',
    '![<!here>](https://e.example/<!here>)',
  ])('escapes control sequences: %j', (text) => {
    expect(controlsIn(mrkdwn(text))).toEqual([])
  })

  it('escapes control sequences in any input', () => {
    const word = fc.constantFrom(
      '<',
      '>',
      '!here',
      '@U1',
      '#C1',
      '|',
      '`',
      '**',
      '\n',
      '> ',
      '- ',
      '[',
      '](',
      ')',
      '&',
      '\\',
      'https://a.example',
      ' ',
      'x',
      '```',
      '&lt;',
      '~~',
      '_'
    )
    fc.assert(
      fc.property(fc.array(word, { maxLength: 40 }), (words) => {
        expect(controlsIn(mrkdwn(words.join('')))).toEqual([])
      }),
      { numRuns: 500 }
    )
  })

  it('shows the URL of every link', () => {
    expect(mrkdwn('[https://bank.example](https://evil.example)')).toBe('https://bank.example (<https://evil.example>)')
    expect(mrkdwn('[a](javascript:alert(1))')).toBe('a (javascript:alert(1))')
  })

  it('disarms plain broadcast mentions and keeps addresses intact', () => {
    expect(mrkdwn('@here @Channel @everyone')).toBe('@\u2060here @\u2060Channel @\u2060everyone')
    expect(mrkdwn('write to eve@here.example')).toBe('write to eve@here.example')
  })

  it('escapes names and titles', () => {
    expect(escapeName('*Eve*\n<!here> @channel')).toBe('Eve &lt;!here&gt; @\u2060channel')
    expect(plainName('Eve <!here>\n@channel')).toBe('Eve ‹!here› @\u2060channel')
    const [file] = partsToPieces([
      { type: 'file', kind: 'image', url: 'https://a.example/i?a=1&b=<!here>|x', title: '<!here>: @channel' },
    ])
    expect(file).toBe('Image “&lt;!here&gt;: @\u2060channel”: <https://a.example/i?a=1&amp;b=%3C!here%3E%7Cx>')
  })

  it('shows text as typed when it is nested too deep for the parser', () => {
    expect(controlsIn(partsToPieces([{ type: 'text', text: `${'>'.repeat(20_000)} <!here>` }]).join(''))).toEqual([])
  })
})

describe('splitting', () => {
  it('keeps all text in order within the limit and cuts no entity or link', () => {
    const word = fc.constantFrom('a', ' ', '\n', '&amp;', '<https://a.example/b>', 'some words ', '😀', 'x'.repeat(30))
    fc.assert(
      fc.property(fc.array(word, { maxLength: 80 }), fc.integer({ min: 60, max: 200 }), (words, limit) => {
        const text = words.join('')
        const pieces = splitText(text, limit)
        expect(pieces.join('').replace(/\s/g, '')).toBe(text.replace(/\s/g, ''))
        for (const piece of pieces) {
          expect(piece.length).toBeLessThanOrEqual(limit)
          expect(piece.replace(/<https:\/\/a\.example\/b>|&amp;/g, '')).not.toMatch(/[<>&;]/)
          expect(piece).not.toMatch(/\p{Surrogate}/u)
        }
      })
    )
  })

  it.each([
    ['*a_', 10_000],
    ['~a~~b*', 5_000],
    ['[a](<b', 5_000],
    ['`', 30_000],
    ['```\n', 10_000],
    ['<a ', 10_000],
  ])('splits many repetitions of %j in linear time', async (mark, times) => {
    const pieces = markdownToPieces(mark.repeat(times))
    expect(pieces.length).toBeGreaterThan(0)
    const read = (length: number) => markdownToPieces(mark.repeat(length / mark.length))
    expect(await excessiveGrowth(read, mark.length * times)).toBeUndefined()
  })

  it('fences every piece of a long code block', () => {
    const pieces = markdownToPieces(`\`\`\`\n${'line <of> code\n'.repeat(800)}\`\`\``)
    expect(pieces.length).toBeGreaterThan(2)
    for (const piece of pieces) {
      expect(piece.length).toBeLessThanOrEqual(MAX_TEXT_LENGTH)
      expect(piece).toMatch(/^```\n[^`]+\n```$/)
    }
    expect(pieces.join('').match(/line/g)).toHaveLength(800)
  })

  it('omits and counts the oldest messages of a long transcript', () => {
    const entries = Array.from({ length: 500 }, (_unused, index) => ({
      author: 'customer' as const,
      name: 'Eve',
      parts: [{ type: 'text' as const, text: `entry ${index} ${'x'.repeat(400)}` }],
    }))
    const pieces = transcriptToPieces(entries)
    expect(pieces.length).toBeLessThanOrEqual(4)
    const shown = pieces.join('\n').match(/entry \d+/g) ?? []
    expect(shown.at(-1)).toBe('entry 499')
    expect(shown).toHaveLength(new Set(shown).size)
    expect(pieces[0]).toContain(`(${500 - shown.length} earlier messages are left out)`)
    expect(transcriptToPieces([])).toEqual([])
  })

  it('keeps the end of a single message that exceeds the transcript’s limit', () => {
    const text = Array.from({ length: 20_000 }, (_unused, index) => `w${index}`).join(' ')
    const pieces = transcriptToPieces([{ author: 'customer', name: 'Eve', parts: [{ type: 'text', text }] }])
    expect(pieces.length).toBeLessThanOrEqual(4)
    expect(pieces.join(' ')).toContain('w19999')
  })
})

describe('Slack to Markdown', () => {
  const section = (...elements: unknown[]) => ({ type: 'rich_text_section', elements })
  const text = (words: string, style?: Record<string, boolean>) => ({ type: 'text', text: words, style })

  it('converts rich text', () => {
    const list = (style: string, indent: number, ...items: string[]) => ({
      type: 'rich_text_list',
      style,
      indent,
      elements: items.map((item) => section(text(item))),
    })
    expect(
      markdown('', [
        section(
          { type: 'user', user_id: 'UBOT' },
          text(' see '),
          text('this ', { bold: true }),
          { type: 'emoji', name: '+1', unicode: '1f44d-1f3fd' },
          { type: 'emoji', name: 'acme' },
          text('\nand '),
          { type: 'link', url: 'https://a.example/(x)', text: 'that' },
          text(' or '),
          { type: 'link', url: 'https://b.example' },
          text(' says '),
          { type: 'user', user_id: 'U2' }
        ),
        list('bullet', 0, 'one', 'two'),
        list('ordered', 1, 'nested'),
        list('bullet', 0, 'three'),
        { type: 'rich_text_quote', elements: [text('quoted')] },
        { type: 'rich_text_preformatted', elements: [text('a\n  *b*')] },
      ])
    ).toBe(
      [
        'see **this** 👍🏽:acme:  ',
        'and [that](https://a.example/%28x%29) or https://b.example says @colleague',
        '',
        '- one',
        '- two',
        '  1. nested',
        '- three',
        '',
        '> quoted',
        '',
        '```',
        'a',
        '  *b*',
        '```',
      ].join('\n')
    )
  })

  it.each([
    ['Ada here, I look into it.', 'Ada here, I look into it.'],
    ['*bold* _it_ ~s~ `c`', '**bold** *it* ~~s~~ `c`'],
    [
      '<https://a.example/?x=1&amp;y=2|the docs> <https://a.example>',
      '[the docs](https://a.example/?x=1&y=2) https://a.example',
    ],
    ['<mailto:a@b.example|a@b.example>', 'a@b.example'],
    ['<@UBOT> please ask <@U2> or <@U3|bob>', 'please ask @colleague or @bob'],
    ['<#C1|general> <#C1> <!here> <!subteam^S1|@desk>', '#general #channel @here @desk'],
    ['<!date^1392734382^{date}|Feb 18>', 'Feb 18'],
    ['1 &lt; 2 &amp;&amp; 3 &gt; 2', '1 < 2 && 3 > 2'],
    ['&gt; quoted\nsaid', '> quoted\n\nsaid'],
    ['• a\n• b', '- a\n- b'],
    ['look:\n```\na &lt; b\n```', 'look:\n\n```\na < b\n```'],
    ['2 * 3 * 4 snake_case_word', '2 * 3 * 4 snake_case_word'],
    [':tada:', ':tada:'],
  ])('converts mrkdwn: %j', (from, to) => {
    expect(markdown(from)).toBe(to)
  })

  it('accepts any input', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (any) => {
        expect(typeof markdown(any)).toBe('string')
      })
    )
    fc.assert(
      fc.property(fc.array(fc.jsonValue(), { maxLength: 5 }), (blocks) => {
        expect(typeof messageToMarkdown({ text: 'x', blocks }, [])).toBe('string')
        expect(typeof markdown('x', blocks)).toBe('string')
        expect(typeof markdown('x', [{ type: 'rich_text_section', elements: blocks }])).toBe('string')
        expect(
          typeof markdown('x', [{ type: 'rich_text_list', style: 'ordered', indent: 1e9, elements: blocks }])
        ).toBe('string')
      })
    )
  })
})
