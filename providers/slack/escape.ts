/**
 * Text in mrkdwn that shows as it is. Slack has no escapes for its marks, so invisible characters stand beside them.
 * https://docs.slack.dev/messaging/formatting-message-text
 */
import { addressesIn } from '../kit/addresses'
import { characterAt, characterBefore } from '../kit/markdown-signs'
import { withoutPlaceholders } from './marks'

/** Not an edge of a word: a mark behind it opens nothing, and a mark before it closes nothing. */
export const WORD_JOINER = '\u2060'
/** An edge of a word. */
export const ZERO_WIDTH_SPACE = '\u200b'
/** White space: a mark before it opens nothing, and a mark behind it closes nothing. */
const NO_BREAK_SPACE = '\ufeff'

const BROADCAST = /(?<![\p{L}\p{N}])@(?=(?:here|channel|everyone|group)\b)/giu
/** “:cat:” becomes a picture, and so does “:a:” in the middle of an address of a network card. */
const EMOJI = /:(?=[a-z0-9_+'-]{1,60}:)/gi

/** Escapes text so that it shows literally: no control sequences, no broadcast mentions. Marks still count. */
export const escapeText = (text: string): string =>
  withoutPlaceholders(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(BROADCAST, `@${WORD_JOINER}`)

/** The same for a post in which marks don't count (`mrkdwn: false`). */
const _escapeUnmarked = (text: string): string =>
  escapeText(text.replace(EMOJI, (_found, at: number) => _colon(text, at)))

/** The time 10:30:45 has no emoji in it. */
const _colon = (text: string, at: number): string => (/^:\d+:/.test(text.slice(at, at + 62)) ? ':' : `:${WORD_JOINER}`)

/** What surrounds a text in its line. */
export interface Surroundings {
  before?: string
  after?: string
  /** The text is inside marks, which its own signs must not close. */
  isMarked?: boolean
}

/** Escapes text so that each of its signs shows, marks included. */
export const literal = (text: string, { before = '', after = '', isMarked = false }: Surroundings = {}): string =>
  _escapeUnmarked(
    text.replace(/[*_~`]/g, (sign, at: number) => {
      const previous = at === 0 ? before : characterBefore(text, at)
      const next = characterAt(text + after, at + 1)
      const isOpening = isEdge(previous) && next !== '' && !/^\s/.test(next)
      const isClosing = isMarked && !/^\s$/.test(previous) && isEdge(next)
      if (isMarked && (isOpening || isClosing)) {
        // The marks around the text have to touch something that is no space.
        return WORD_JOINER + NO_BREAK_SPACE + sign + NO_BREAK_SPACE + WORD_JOINER
      }
      return isOpening ? WORD_JOINER + sign + NO_BREAK_SPACE : sign
    })
  )

/** Whether a mark can stand beside this character, on its outside. */
export const isEdge = (character: string): boolean =>
  character === '' || /^[\s\p{P}\p{S}\u200b\ufdd0-\ufdd7]/u.test(character)

/** A sign at the start of a line that makes it a quotation. */
const QUOTATION = /^(?=[^\S\n]*&gt;)/gm

/** Plain text of any number of lines, with its addresses as links. */
export const plainText = (text: string, { isUnmarked = false } = {}): string => {
  const pieces = addressesIn(text)
  const shown = pieces
    .map((piece, index) => {
      // These can't stand in a link.
      if (index % 2 === 1 && !/[|`\\]/.test(piece)) return linkTo(piece)
      return isUnmarked
        ? _escapeUnmarked(piece)
        : literal(piece, { before: index === 0 ? '' : '>', after: index === pieces.length - 1 ? '' : '<' })
    })
    .join('')
  return isUnmarked ? shown : shown.replace(QUOTATION, WORD_JOINER)
}

/** Whether escaped plain text has signs that Slack would read as marks. */
export const hasMarks = (text: string): boolean => /[*_~`]|^[^\S\n]*&gt;/m.test(text)

/** Escapes a name or title: one line, without formatting characters. */
export const escapeName = (name: string): string =>
  escapeText(
    name
      .replace(/[*_~`]/g, ' ')
      .replace(/\s+/g, ' ')
      .trim()
  )

/** Escapes a name for fields of plain text, which Slack doesn't unescape: `username`, buttons, headers. */
export const plainName = (name: string): string =>
  name.replaceAll('<', '‹').replaceAll('>', '›').replace(BROADCAST, `@${WORD_JOINER}`).replace(/\s+/g, ' ').trim()

/** A longer link could be cut when a text is split. */
const MAX_LINK_LENGTH = 2_000

/** A link that shows its full URL. URLs that aren't http(s) become plain text. */
export const linkTo = (url: string): string => {
  if (!/^https?:\/\/[^\s]/i.test(url) || url.length > MAX_LINK_LENGTH) return literal(url)
  const safe = withoutPlaceholders(url).replace(/[\s<>|"`\\]/g, (character) => encodeURIComponent(character))
  return `<${safe.replaceAll('&', '&amp;')}>`
}
