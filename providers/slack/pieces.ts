import { partToText } from '../kit/message-text'
import { cutBefore } from '../kit/text'
import type { MessagePart, TranscriptEntry } from '../provider'
import { escapeName, escapeText, linkTo, literal } from './escape'
import { showMarks } from './marks'
import { markdownToBlocks, plainToBlocks, type Block } from './to-mrkdwn'

/** Slack recommends up to 4,000 characters. https://docs.slack.dev/reference/methods/chat.postMessage#truncating */
export const MAX_TEXT_LENGTH = 3_900
/** The most posts for a transcript. Slack allows one message per second and channel. */
const MAX_TRANSCRIPT_PIECES = 4
/** The 400 characters leave room for the opening line and for uneven splits. */
const MAX_TRANSCRIPT_LENGTH = MAX_TRANSCRIPT_PIECES * (MAX_TEXT_LENGTH - 400)

/** Converts a message's parts to the texts to post, in order. Returns at least one. */
export const partsToPieces = (parts: MessagePart[]): string[] => {
  const isUnmarked = isPlain(parts)
  return pack(parts.flatMap((part) => _partToBlocks(part, isUnmarked)))
}

/** The same where Slack reads marks in every text, as above files. */
export const piecesWithMarks = (parts: MessagePart[]): string[] =>
  pack(parts.flatMap((part) => _partToBlocks(part, false)))

/** Whether a message has no formatting, so that Slack must not look for any in its texts (`mrkdwn: false`). */
export const isPlain = (parts: MessagePart[]): boolean =>
  parts.every((part) => part.type !== 'text' || part.format === 'plain')

const _partToBlocks = (part: MessagePart, isUnmarked: boolean): Block[] => {
  if (part.type === 'text') {
    return part.format === 'plain' ? plainToBlocks(part.text, { isUnmarked }) : markdownToBlocks(part.text)
  }
  const text = partToText(part)
  const url = part.type === 'file' ? part.url : text.slice(text.lastIndexOf(': ') + 2)
  // The text before the URL contains the title, which may come from a stranger.
  const label = text.slice(0, text.length - url.length)
  return [{ text: (isUnmarked ? escapeText(label) : literal(label)) + linkTo(url), gap: '\n\n', isCode: false }]
}

/** Converts Markdown of any length to texts of at most `limit` characters. */
export const markdownToPieces = (markdown: string, limit = MAX_TEXT_LENGTH): string[] =>
  pack(markdownToBlocks(markdown), limit)

/**
 * Converts the conversation before the handoff to at most `MAX_TRANSCRIPT_PIECES` texts. Omits the oldest messages if
 * necessary; the first line counts them. Returns no texts for an empty transcript. `isAttached`: the whole of it is in
 * the thread as a file.
 */
export const transcriptToPieces = (
  transcript: TranscriptEntry[],
  { isAttached = false }: { isAttached?: boolean } = {}
): string[] => _transcript(transcript, isAttached).texts

/** Whether all of it is shown. */
export const fitsThread = (transcript: TranscriptEntry[]): boolean => !_transcript(transcript, false).isShortened

const _transcript = (transcript: TranscriptEntry[], isAttached: boolean): { texts: string[]; isShortened: boolean } => {
  if (transcript.length === 0) return { texts: [], isShortened: false }
  const included: Block[][] = []
  let remaining = MAX_TRANSCRIPT_LENGTH
  for (const entry of transcript.toReversed()) {
    const blocks = _entryToBlocks(entry)
    const length = blocks.reduce((sum, block) => sum + block.text.length + 10, 0)
    if (length > remaining && included.length > 0) break
    included.unshift(blocks)
    remaining -= length
  }
  const omitted = transcript.length - included.length
  const left = omitted === 1 ? '1 earlier message is' : `${omitted} earlier messages are`
  const file = isAttached ? '; the file above has the whole conversation' : ''
  const opening = omitted === 0 ? '*Before the handoff*' : `*Before the handoff* (${left} left out${file})`
  const pieces = pack([{ text: opening, gap: '\n\n', isCode: false }, ...included.flat()])
  if (pieces.length <= MAX_TRANSCRIPT_PIECES) return { texts: pieces, isShortened: omitted > 0 }
  // A single message exceeds the limit: keep its end, which is closest to the handoff.
  const start = `${opening}\n_The beginning of a long message is left out${omitted === 0 ? file : ''}_`
  return { texts: [start, ...pieces.slice(1 - MAX_TRANSCRIPT_PIECES)], isShortened: true }
}

/** The first line stands beside the name. Further ones are quoted: none can pass for somebody else's message. */
const _entryToBlocks = (entry: TranscriptEntry): Block[] => {
  const [first, ...rest] = entry.parts.flatMap((part) => _partToBlocks(part, false))
  const name = `*${escapeName(entry.name) || (entry.author === 'bot' ? 'Bot' : 'Customer')}*:`
  const head = (text: string): Block => ({ text, gap: '\n\n', isCode: false })
  if (!first) return [head(name)]
  if (first.isCode || first.isQuote) return [head(name), ...[first, ...rest].map(_asQuote)]
  const [line = '', ...others] = first.text.split('\n')
  const isOwnLine = /^(?:[•◦☐☑]|\d+[.)]) /.test(line)
  if (isOwnLine) return [head(name), ...[first, ...rest].map(_asQuote)]
  const below = others.length > 0 ? [_asQuote({ ...first, text: others.join('\n'), gap: '\n' })] : []
  return [head(`${name} ${line}`), ...below, ...rest.map(_asQuote)]
}

/** Code is framed already. */
const _asQuote = (block: Block): Block => (block.isCode ? block : { ...block, gap: '\n', isQuote: true })

/** Joins blocks into as few texts as possible, in order. No text exceeds `limit`, and nothing is omitted. */
export const pack = (blocks: Block[], limit = MAX_TEXT_LENGTH): string[] => {
  const pieces: string[] = []
  for (const block of blocks.flatMap((block) => _split(block, limit))) {
    const last = pieces.at(-1)
    if (last !== undefined && last.length + block.gap.length + block.text.length <= limit) {
      pieces[pieces.length - 1] = last + block.gap + block.text
    } else pieces.push(block.text)
  }
  return pieces.length > 0 ? pieces : ['_(empty message)_']
}

const FENCE = '```'
const QUOTE = '&gt; '

/** Room for the marks that close and reopen a span which is cut. */
const MARKS_LENGTH = 8

const _split = (block: Block, limit: number): { text: string; gap: string }[] =>
  showMarks(_texts(block, limit - MARKS_LENGTH)).map((text) => ({
    text: block.isQuote ? text.replace(/^/gm, QUOTE) : text,
    gap: block.gap,
  }))

const _texts = (block: Block, limit: number): string[] => {
  if (block.isQuote) return _splitLines(block.text, limit)
  if (!block.isCode) return splitText(block.text, limit)
  // A fence inside the code would end the code block.
  const code = escapeText(block.text).replaceAll(FENCE, '`\u200b`\u200b`')
  return splitText(code, limit - 2 * (FENCE.length + 1)).map((part) => `${FENCE}\n${part}\n${FENCE}`)
}

/** Splits a text of which each line gets a quotation mark. */
const _splitLines = (text: string, limit: number): string[] => {
  const pieces: string[] = []
  let length = 0
  for (const line of text
    .split('\n')
    .flatMap((whole) => (whole === '' ? [''] : splitText(whole, limit - QUOTE.length)))) {
    const added = line.length + QUOTE.length + 1
    const last = pieces.length - 1
    if (last >= 0 && length + added <= limit) {
      pieces[last] += `\n${line}`
      length += added
    } else {
      pieces.push(line)
      length = added
    }
  }
  return pieces
}

/** Splits mrkdwn at a line, else at a word, else anywhere except inside an entity or a link. */
export const splitText = (text: string, limit: number): string[] => {
  const pieces: string[] = []
  let rest = text
  while (rest.length > limit) {
    const window = rest.slice(0, limit + 1)
    const line = window.lastIndexOf('\n')
    const word = Math.max(window.lastIndexOf(' '), line)
    const cut = line > limit / 2 ? line : word > limit / 2 ? word : _safeCut(rest, limit)
    pieces.push(rest.slice(0, cut))
    rest = rest.slice(/\s/.test(rest[cut] ?? '') ? cut + 1 : cut)
  }
  if (rest !== '' || pieces.length === 0) pieces.push(rest)
  return pieces.filter((piece, index) => piece.trim() !== '' || (index === 0 && pieces.length === 1))
}

const _safeCut = (text: string, limit: number): number => {
  let cut = limit
  const link = text.lastIndexOf('<', cut - 1)
  if (link > 0 && text.indexOf('>', link) >= cut) cut = link
  const entity = text.lastIndexOf('&', cut - 1)
  if (entity > 0 && cut - entity < 6 && text.indexOf(';', entity) >= cut) cut = entity
  return cut === limit ? cutBefore(text, cut) : cut
}
