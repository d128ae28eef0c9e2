/** Generators of what people type. They know the signs of Markdown, mrkdwn and HTML. */
import fc from 'fast-check'

const PIECES = [
  ...'*_~`#>+-=|[](){}<>!&\\/.,:;"\'@^$%?',
  '**',
  '__',
  '~~',
  '```',
  '***',
  '- ',
  '+ ',
  '* ',
  '1. ',
  '5) ',
  '# ',
  '> ',
  '---',
  '===',
  '|-|-|',
  'a|b',
  '[x]',
  '[ ] ',
  '[1]: ',
  '](',
  '][',
  '![',
  '<b>',
  '</b>',
  '<br>',
  '<!--',
  '-->',
  '&amp;',
  '&lt;',
  '&#42;',
  '&copy',
  '\\*',
  '\\\\',
  'C:\\x',
  '__init__.py',
  'AB*CD*EF',
  '2*3*4=24',
  'snake_case',
  '10⁶',
  '「',
  '」',
  '。',
  '，',
  '你好',
  'é',
  'e\u0301',
  'שלום',
  '😀',
  '👩‍👩‍👧',
  '🇫🇷',
  '’',
  '“',
  '•',
  '◦',
  '☑',
  ':smile:',
  'fe80:a:b:1',
  '@here',
  '<!channel>',
  '<@U1>',
  '{{x}}',
  'www.x.test/a_b',
  'https://x.test/a_b_c',
  'https://x.test/_next/a*b',
  'https://x.test/(a)?q=1&r=2#z',
  'mail@x.test',
  'word',
  'Bot:',
  'a',
  'b',
  '1',
]

export const word = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...PIECES) },
  { weight: 1, arbitrary: fc.stringMatching(/^[a-z0-9]{1,6}$/) }
)

/** A line, sometimes with spaces between its pieces and sometimes without. */
export const line = fc
  .array(fc.tuple(word, fc.constantFrom('', ' ', ' ')), { minLength: 1, maxLength: 8 })
  .map((pieces) =>
    pieces
      .map((piece) => piece.join(''))
      .join('')
      .trim()
  )
  .filter((text) => text !== '')

/** Several lines, some of them empty. */
export const typedText = fc
  .array(fc.tuple(line, fc.constantFrom('\n', '\n\n')), { minLength: 1, maxLength: 4 })
  .map((lines) =>
    lines
      .map((pair) => pair.join(''))
      .join('')
      .trim()
  )

export const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

/** What an editor makes of a typed text: paragraphs, and line breaks in them. */
export const toEditorHtml = (text: string): string =>
  text
    .split('\n\n')
    .map((paragraph) => `<p>${escapeHtml(paragraph).replaceAll('\n', '<br>')}</p>`)
    .join('')
