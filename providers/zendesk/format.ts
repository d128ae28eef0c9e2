import { shorten, transcriptToText } from '../kit/message-text'
import type { TranscriptEntry } from '../provider'

/** Zendesk takes 64 KB a comment; the rest is room for what it adds itself. */
const LARGEST_COMMENT_BYTES = 60_000
const LONGEST_SUBJECT = 150
/** A chunk ends at a word or a line if there is an end this near. */
const LOOKING_BACK = 2_000

/**
 * The text without what would act at the desk: placeholders of Zendesk's templates (`{{…}}`, `{%…%}`), which are filled in with what an agent
 * may see, and control characters, those that turn the direction of writing among them.
 */
const _neutralized = (text: string): string =>
  text
    .replace(/\r\n?/g, '\n')
    .replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, (character) => (/[\n\t]/.test(character) ? character : ''))
    .replace(/\{(?=[{%])/g, '{\u200b')

const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const _escaped = (text: string): string => text.replace(/[&<>"]/g, (character) => ESCAPES[character] ?? character)
const _lines = (text: string): string => _escaped(text).replaceAll('\n', '<br>')

/**
 * Text as a comment's `html_body`: every sign as it was written, addresses clickable under their own name, and nothing else. Not `body`: whether
 * Markdown in it is rendered is a setting of the account, and a customer's link could then bear a false name.
 */
export const toHtml = (text: string): string => {
  const linked = text
    .split(/(https?:\/\/[^\s<>"']+)/)
    .map((piece, index) => (index % 2 === 1 ? `<a href="${_escaped(piece)}">${_escaped(piece)}</a>` : _lines(piece)))
    .join('')
  return Buffer.byteLength(linked) <= LARGEST_COMMENT_BYTES ? linked : _lines(text)
}

const _cost = (character: string): number => {
  if (character === '\n') return 4
  return ESCAPES[character]?.length ?? Buffer.byteLength(character)
}

/** The text in as many pieces as comments are needed, in order, nothing cut. At least one. */
export const toComments = (text: string): string[] => {
  const clean = _neutralized(text)
  const chunks: string[] = []
  let start = 0
  let at = 0
  let cost = 0
  for (const character of clean) {
    const more = _cost(character)
    if (cost + more > LARGEST_COMMENT_BYTES) {
      const end = _lastBreak(clean, Math.max(start + 1, at - LOOKING_BACK), at) ?? at
      chunks.push(clean.slice(start, end))
      cost = 0
      for (const kept of clean.slice(end, at)) cost += _cost(kept)
      start = end
    }
    cost += more
    at += character.length
  }
  chunks.push(clean.slice(start))
  return chunks
}

/** The position after the last line end, else the last space, in a stretch of text. */
const _lastBreak = (text: string, from: number, to: number): number | undefined => {
  const stretch = text.slice(from, to)
  const found = Math.max(stretch.lastIndexOf('\n'), -1)
  const at = found >= 0 ? found : stretch.lastIndexOf(' ')
  return at >= 0 ? from + at + 1 : undefined
}

/** One line, as long as a subject may be. */
export const toSubject = (title: string): string =>
  shorten(_neutralized(title).replace(/\s+/g, ' ').trim(), LONGEST_SUBJECT) || 'Handoff from the bot'

/** A person's name: one line that Zendesk accepts. */
export const toName = (name: string): string =>
  shorten(_neutralized(name).replace(/\s+/g, ' ').trim(), 255) || 'Customer'

/** The first comment. Of a title that the subject could not hold, all of it. */
export const toOpening = (title: string, description: string | undefined): string => {
  const said = description?.trim() || title.trim() || 'Handoff from the bot'
  const whole = title.trim().length > LONGEST_SUBJECT && said !== title.trim() ? `${title.trim()}\n\n${said}` : said
  const [first = '', ...rest] = toComments(whole)
  return rest.length > 0 ? `${first.trimEnd()}…` : first
}

/** The conversation before the handoff as one note. What is too much is left out from the beginning, and said. */
export const toTranscriptNote = (transcript: TranscriptEntry[]): string => {
  const heading = 'Conversation with the bot before the handoff'
  let room = LARGEST_COMMENT_BYTES - 200
  const kept: string[] = []
  for (const entry of transcript.toReversed()) {
    const text = _neutralized(transcriptToText([entry]))
    let cost = 8
    for (const character of text) cost += _cost(character)
    if (cost > room) {
      // The newest message is always shown, and an escaped character takes at most six bytes.
      if (kept.length === 0) kept.unshift(shorten(text, Math.floor(room / 6)))
      break
    }
    room -= cost
    kept.unshift(text)
  }
  const left = transcript.length - kept.length
  const gap = left === 0 ? [] : [`(${left} earlier ${left === 1 ? 'message was' : 'messages were'} left out)`]
  return [heading, ...gap, ...kept].join('\n\n')
}

/** A tag as Zendesk writes it. Empty for what cannot be one. */
export const toTag = (text: string): string =>
  text
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}_/-]+/gu, '_')
    .slice(0, 100)
