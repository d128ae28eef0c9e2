import libraries from './libraries.cjs'

export type Attributes = Map<string, string>

export interface TokenHandler {
  /** `at` is where the text or tag begins in the HTML. */
  text(text: string, at: number): void
  open(name: string, attributes: Attributes, at: number): void
  close(name: string, at: number): void
}

/** Elements whose content is dropped. */
export const DROPPED = new Set(
  'script style head title template noscript svg math object canvas select textarea iframe video audio'.split(' ')
)

export const BLOCKS = new Set(
  (
    'address article aside blockquote body center dd details div dl dt fieldset figcaption figure footer form ' +
    'h1 h2 h3 h4 h5 h6 header hr html li main nav ol p pre section summary table tbody tfoot thead tr ul'
  ).split(' ')
)

/** Uses only the library's tokenizer: its parser is quadratic in the depth of the nesting. */
export const tokenizeHtml = (html: string, handler: TokenHandler): void => {
  let name = ''
  let nameAt = 0
  let attribute = ''
  let value = ''
  let attributes: Attributes = new Map()
  const ignore = (): void => {}
  const Tokenizer = libraries.tokenizer()
  const tokenizer = new Tokenizer(
    { decodeEntities: true },
    {
      ontext: (start, end) => handler.text(html.slice(start, end), start),
      ontextentity: (codepoint, end) => handler.text(String.fromCodePoint(codepoint), end),
      onopentagname: (start, end) => {
        name = html.slice(start, end).toLowerCase()
        nameAt = start
        attributes = new Map()
      },
      onopentagend: () => handler.open(name, attributes, nameAt - 1),
      onselfclosingtag: () => {
        if (name !== 'svg' && name !== 'math') handler.open(name, attributes, nameAt - 1)
      },
      onclosetag: (start, end) => handler.close(html.slice(start, end).toLowerCase(), end),
      onattribname: (start, end) => {
        attribute = html.slice(start, end).toLowerCase()
        value = ''
      },
      onattribdata: (start, end) => {
        value += html.slice(start, end)
      },
      onattribentity: (codepoint) => {
        value += String.fromCodePoint(codepoint)
      },
      onattribend: () => {
        if (!attributes.has(attribute)) attributes.set(attribute, value)
      },
      oncdata: ignore,
      oncomment: ignore,
      ondeclaration: ignore,
      onend: ignore,
      onprocessinginstruction: ignore,
    }
  )
  tokenizer.write(html)
  tokenizer.end()
}

/** The plain text, with entities decoded. */
export const htmlToText = (html: string): string => {
  const pieces: string[] = []
  let skipped = 0
  tokenizeHtml(html, {
    text: (text) => {
      if (skipped === 0) pieces.push(text)
    },
    open: (name) => {
      if (DROPPED.has(name)) skipped += 1
      else if (name === 'br' || BLOCKS.has(name)) pieces.push('\n')
    },
    close: (name) => {
      if (DROPPED.has(name)) skipped = Math.max(0, skipped - 1)
      else if (BLOCKS.has(name)) pieces.push('\n')
    },
  })
  return pieces
    .join('')
    .replace(/[^\S\n]+/g, ' ')
    .replace(/ ?\n[ \n]*/g, '\n')
    .trim()
}

/** Decodes entities in a text that is no HTML otherwise: “<” in it is no tag. */
export const decodeEntities = (text: string): string =>
  text.includes('&')
    ? text
        .split('<')
        .map((piece) => {
          let decoded = ''
          const text = (found: string): void => {
            decoded += found
          }
          tokenizeHtml(piece, { text, open: () => {}, close: () => {} })
          return decoded
        })
        .join('<')
    : text
