import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { internalityOf } from './internal'
import { closeAll, setUp } from './testing'

afterEach(closeAll)

type Json = Record<string, unknown>

const SECRET = 'he has not paid'
const text = (words: string, style?: Json): Json => ({ type: 'text', text: words, ...(style ? { style } : {}) })
const section = (...elements: Json[]): Json => ({ type: 'rich_text_section', elements })
const richText = (...elements: Json[]): Json[] => [{ type: 'rich_text', block_id: 'b1', elements }]
const list = (style: string, ...items: Json[]): Json => ({ type: 'rich_text_list', style, indent: 0, elements: items })
const user = (id = 'U0GRACE0001'): Json => ({ type: 'user', user_id: id })

/** `// he has not paid`, as people write it in Slack: raw text and blocks. */
const NOTES: [string, string, Json[]][] = [
  ['plain', `// ${SECRET}`, richText(section(text(`// ${SECRET}`)))],
  ['bold', `*// ${SECRET}*`, richText(section(text(`// ${SECRET}`, { bold: true })))],
  ['bold prefix alone', `*//* ${SECRET}`, richText(section(text('//', { bold: true }), text(` ${SECRET}`)))],
  ['italic', `_// ${SECRET}_`, richText(section(text(`// ${SECRET}`, { italic: true })))],
  ['struck', `~// ${SECRET}~`, richText(section(text(`// ${SECRET}`, { strike: true })))],
  [
    'two styles',
    `*/*_/_ ${SECRET}`,
    richText(section(text('/', { bold: true }), text('/', { italic: true }), text(SECRET))),
  ],
  ['code', `\`// ${SECRET}\``, richText(section(text(`// ${SECRET}`, { code: true })))],
  [
    'code block',
    `\`\`\`// ${SECRET}\`\`\``,
    richText({ type: 'rich_text_preformatted', border: 0, elements: [text(`// ${SECRET}`)] }),
  ],
  ['quotation', `&gt; // ${SECRET}`, richText({ type: 'rich_text_quote', elements: [text(`// ${SECRET}`)] })],
  ['bullet', `• // ${SECRET}`, richText(list('bullet', section(text(`// ${SECRET}`))))],
  ['numbered item', `1. // ${SECRET}`, richText(list('ordered', section(text(`// ${SECRET}`))))],
  ['a mention', `<@U0GRACE0001> // ${SECRET}`, richText(section(user(), text(` // ${SECRET}`)))],
  [
    'two mentions',
    `<@U0GRACE0001> <@U0HITLROUTER>, // ${SECRET}`,
    richText(section(user(), text(' '), user('U0HITLROUTER'), text(`, // ${SECRET}`))),
  ],
  [
    'a user group',
    `<!subteam^S0SUPPORT01> // ${SECRET}`,
    richText(section({ type: 'usergroup', usergroup_id: 'S0SUPPORT01' }, text(` // ${SECRET}`))),
  ],
  [
    'a channel',
    `<#C0SUPPORT01> // ${SECRET}`,
    richText(section({ type: 'channel', channel_id: 'C1' }, text(` // ${SECRET}`))),
  ],
  [
    'a broadcast',
    `<!here> // ${SECRET}`,
    richText(section({ type: 'broadcast', range: 'here' }, text(` // ${SECRET}`))),
  ],
  [
    'an emoji',
    `:lock: // ${SECRET}`,
    richText(section({ type: 'emoji', name: 'lock', unicode: '1f512' }, text(` // ${SECRET}`))),
  ],
  [
    'an emoji of the workspace',
    `:acme: // ${SECRET}`,
    richText(section({ type: 'emoji', name: 'acme' }, text(` // ${SECRET}`))),
  ],
  [
    'a link label',
    `<https://a.example|// ${SECRET}>`,
    richText(section({ type: 'link', url: 'https://a.example', text: `// ${SECRET}` })),
  ],
  ['an empty block first', `// ${SECRET}`, richText(section(text('\n')), section(text(`\n// ${SECRET}`)))],
  ['full-width slashes', `／／ ${SECRET}`, richText(section(text(`／／ ${SECRET}`)))],
  ['half of each width', `／/${SECRET}`, richText(section(text(`／/${SECRET}`)))],
  ['slashes apart', `/ / ${SECRET}`, richText(section(text(`/ / ${SECRET}`)))],
  ['other slashes', `∕∕ ${SECRET}`, richText(section(text(`∕∕ ${SECRET}`)))],
  ['in brackets', `(// ${SECRET})`, richText(section(text(`(// ${SECRET})`)))],
  ['behind a dash', `– // ${SECRET}`, richText(section(text(`– // ${SECRET}`)))],
  ['an ideographic space', `\u3000// ${SECRET}`, richText(section(text(`\u3000// ${SECRET}`)))],
  ...[
    '\u200b',
    '\u200f',
    '\u2060',
    '\ufeff',
    '\u00ad',
    '\u202e',
    '\u2066',
    '\u061c',
    '\u180e',
    '\u3164',
    '\ufe0f',
    '\u0000',
  ].map((sign): [string, string, Json[]] => [
    `behind U+${sign.codePointAt(0)?.toString(16).padStart(4, '0')}`,
    `${sign}// ${SECRET}`,
    richText(section(text(`${sign}/${sign}/ ${SECRET}`))),
  ]),
]

describe('an internal note', () => {
  it.each(NOTES)('stays in Slack: %s', async (_title, raw, blocks) => {
    const { sandbox, openTicket, deliver, driver } = await setUp()
    const ticket = await openTicket()
    sandbox.postAsPerson(ticket.id, raw, { text: raw, blocks })
    // Tools and old clients send no blocks.
    sandbox.postAsPerson(ticket.id, raw, { text: raw, blocks: undefined })
    sandbox.postAsPerson(ticket.id, raw, { text: raw, blocks: undefined, subtype: 'me_message' })
    const { events } = await deliver()
    const read = await driver.catchUp?.(ticket, undefined)
    for (const event of [...events, ...(read?.events ?? [])]) {
      expect(event).toMatchObject({
        type: 'message-posted',
        parts: [],
        undelivered: expect.stringContaining('internal'),
      })
    }
    expect(JSON.stringify([events, read])).not.toContain('paid')
  })

  it('is silent where it is certain, and told once to its author where it is doubtful', () => {
    for (const [title, raw, blocks] of NOTES.slice(0, 16))
      expect(internalityOf({ text: raw, blocks }, '//'), title).toBe('yes')
    expect(internalityOf({ text: '／／ x', blocks: undefined }, '//')).toBe('yes')
    expect(internalityOf({ text: '/ / x', blocks: undefined }, '//')).toBe('doubtful')
    expect(internalityOf({ text: ':smile: // x', blocks: undefined }, '//')).toBe('doubtful')
  })

  it('stays in Slack in every combination of marks, mentions and invisible signs', () => {
    const decoration = fc.constantFrom<Json[]>(
      [text(' ')],
      [text('\n')],
      [text('\u200b')],
      [text('\u2060\u200f')],
      [text('\ufeff', { bold: true })],
      [text('\u00ad')],
      [user()],
      [user('U0HITLROUTER'), text(', ')],
      [{ type: 'usergroup', usergroup_id: 'S1' }],
      [{ type: 'channel', channel_id: 'C1' }],
      [{ type: 'broadcast', range: 'channel' }],
      [{ type: 'emoji', name: 'lock', unicode: '1f512' }],
      [{ type: 'emoji', name: 'acme' }],
      [text('– ')],
      [text('… ')]
    )
    const style = fc.record({ bold: fc.boolean(), italic: fc.boolean(), strike: fc.boolean(), code: fc.boolean() })
    const prefix = fc.constantFrom('//', '／／', '/\u200b/', '/ /', '⁄⁄')
    const wrap = fc.constantFrom<(elements: Json[]) => Json>(
      (elements) => section(...elements),
      (elements) => ({ type: 'rich_text_quote', elements }),
      (elements) => ({ type: 'rich_text_preformatted', elements }),
      (elements) => list('bullet', section(...elements)),
      (elements) => list('ordered', section(...elements))
    )
    fc.assert(
      fc.property(fc.array(decoration, { maxLength: 5 }), style, prefix, wrap, (before, marks, typed, block) => {
        const elements = [...before.flat(), text(typed, marks), text(` ${SECRET}`)]
        expect(internalityOf({ text: '', blocks: richText(block(elements)) }, '//')).not.toBe('no')
      }),
      { numRuns: 1_000 }
    )
  })

  it.each([
    ['🔒', ':lock: x', richText(section({ type: 'emoji', name: 'lock', unicode: '1f512' }, text(' x')))],
    ['🔒', ':lock: x', undefined],
    [':lock:', ':lock: x', richText(section({ type: 'emoji', name: 'lock', unicode: '1f512' }, text(' x')))],
    ['internal:', 'INTERNAL: x', undefined],
    ['internal:', '*internal*: x', richText(section(text('internal', { bold: true }), text(': x')))],
    ['>', '&gt; x', richText({ type: 'rich_text_quote', elements: [text('x')] })],
    ['-', '• x', richText(list('bullet', section(text('x'))))],
    ['*', '*x*', richText(section(text('x', { bold: true })))],
  ])('has any prefix, here %s', (prefix, raw, blocks) => {
    expect(internalityOf({ text: raw, blocks }, prefix)).not.toBe('no')
  })
})

describe('a reply for the customer', () => {
  it.each([
    'see https://a.example // or not',
    'https://a.example/x//y',
    'and/or',
    '/shrug is a command',
    '1/2 of it, 50 / 50',
    '\\\\server\\share is the folder',
    '- one\n- two // three',
    'Hello\n// the second line of a program',
    ':smile: hello',
    '*important*: read this',
    '<@U0GRACE0001> will help you',
  ])('is delivered: %j', (raw) => {
    expect(internalityOf({ text: raw, blocks: richText(section(text(raw))) }, '//')).toBe('no')
    expect(internalityOf({ text: raw, blocks: undefined }, '//')).toBe('no')
  })

  it('is delivered when its first word only begins like the prefix in another case', () => {
    expect(internalityOf({ text: 'Notebooks are here', blocks: undefined }, 'note')).toBe('no')
  })
})
