import { cleanText, cutBefore, oneLine, shorten } from '../kit/text'
import { leftOut, transcriptToText } from '../kit/message-text'
import { addressesIn } from '../kit/addresses'
import type { TranscriptEntry } from '../provider'

/** Zendesk allows 64 KB a comment. The margin is for the markup that it adds. */
const MAX_COMMENT_BYTES = 60_000
const MAX_SUBJECT_LENGTH = 150
/** The line breaks between two messages of the transcript, as `<br>`. */
const SEPARATOR_BYTES = 8
/** Room for the transcript's heading and the line about omitted messages. */
const HEADING_BYTES = 200
/** How far back, in characters, to look for the end of a line or word when a text is split. */
const BREAK_LOOKBACK = 2_000

/**
 * Makes text safe for Zendesk. Disarms template placeholders (`{{…}}`, `{%…%}`), which Zendesk would replace with
 * internal data, and removes control characters, including those that change the writing direction.
 */
const _neutralise = (text: string): string =>
  cleanText(text)
    .replace(/[\u202a-\u202e\u2066-\u2069]/g, '')
    .replace(/\{(?=[{%])/g, '{\u200b')

const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const _escape = (text: string): string => text.replace(/[&<>"]/g, (character) => ESCAPES[character] ?? character)
const _escapeLines = (text: string): string => _escape(text).replaceAll('\n', '<br>')

/**
 * Converts text to a comment's `html_body`: everything escaped, and URLs linked under their own text.
 * `body` would not do: an account setting renders its Markdown, so a customer could hide a link behind another text.
 */
export const toHtml = (text: string): string => {
  const linked = addressesIn(text)
    .map((piece, index) =>
      index % 2 === 1 ? `<a href="${_escape(piece)}">${_escape(piece)}</a>` : _escapeLines(piece)
    )
    .join('')
  return Buffer.byteLength(linked) <= MAX_COMMENT_BYTES ? linked : _escapeLines(text)
}

/** Bytes that a character takes in `html_body`. */
const _htmlBytes = (character: string): number => {
  if (character === '\n') return 4
  return ESCAPES[character]?.length ?? Buffer.byteLength(character)
}

/** Splits text into pieces that each fit into a comment, in order and complete. Returns at least one piece. */
export const toComments = (text: string): string[] => {
  const clean = _neutralise(text)
  const chunks: string[] = []
  let start = 0
  let position = 0
  let size = 0
  for (const character of clean) {
    const added = _htmlBytes(character)
    if (size + added > MAX_COMMENT_BYTES) {
      const end =
        _lastBreak(clean, Math.max(start + 1, position - BREAK_LOOKBACK), position) ??
        (Math.max(cutBefore(clean, position), start) || position)
      chunks.push(clean.slice(start, end))
      size = 0
      for (const carried of clean.slice(end, position)) size += _htmlBytes(carried)
      start = end
    }
    size += added
    position += character.length
  }
  chunks.push(clean.slice(start))
  return chunks
}

/** The position after the last line break, or else after the last space, between two positions. */
const _lastBreak = (text: string, from: number, to: number): number | undefined => {
  const stretch = text.slice(from, to)
  const lineBreak = stretch.lastIndexOf('\n')
  const index = lineBreak >= 0 ? lineBreak : stretch.lastIndexOf(' ')
  return index >= 0 ? from + index + 1 : undefined
}

/** The title as one line, shortened to a subject's length. */
export const toSubject = (title: string): string =>
  shorten(_neutralise(oneLine(title, MAX_SUBJECT_LENGTH)), MAX_SUBJECT_LENGTH) || 'Handoff from the bot'

/** A person's name as one line that Zendesk accepts. */
export const toName = (name: string): string => shorten(_neutralise(oneLine(name, 255)), 255) || 'Customer'

/** The first comment: the description, after the whole title if the subject can't hold it. */
export const toOpening = (title: string, description: string | undefined): string => {
  const fullTitle = title.trim()
  const body = description?.trim() || fullTitle || 'Handoff from the bot'
  const isTitleCut = fullTitle.length > MAX_SUBJECT_LENGTH
  const [first = '', ...rest] = toComments(isTitleCut && body !== fullTitle ? `${fullTitle}\n\n${body}` : body)
  return rest.length > 0 ? `${first.trimEnd()}…` : first
}

/** The transcript as one note. If it is too long, the note drops the oldest messages and says how many. */
export const toTranscriptNote = (transcript: TranscriptEntry[]): string => {
  const heading = 'Conversation with the bot before the handoff'
  let room = MAX_COMMENT_BYTES - HEADING_BYTES
  const kept: string[] = []
  for (const entry of transcript.toReversed()) {
    const text = _neutralise(transcriptToText([entry]))
    let size = SEPARATOR_BYTES
    for (const character of text) size += _htmlBytes(character)
    if (size > room) {
      // The newest message is always shown, if necessary shortened. An escaped character takes at most six bytes.
      if (kept.length === 0) kept.unshift(shorten(text, Math.floor(room / 6)))
      break
    }
    room -= size
    kept.unshift(text)
  }
  const omitted = transcript.length - kept.length
  const gap = omitted === 0 ? [] : [leftOut(omitted)]
  return [heading, ...gap, ...kept].join('\n\n')
}

/** The text as a Zendesk tag. Empty if nothing in it can be part of a tag. */
export const toTag = (text: string): string =>
  text
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}_/-]+/gu, '_')
    .slice(0, 100)
    .replace(/\p{Surrogate}/gu, '')
