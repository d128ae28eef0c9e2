import { partToText } from '../kit/message-text'
import type { MessagePart, TranscriptEntry } from '../provider'
import { escapeName, escapeText, linkTo, markdownToBlocks, type Block } from './to-mrkdwn'

/** Slack recommends up to 4,000 characters. https://docs.slack.dev/reference/methods/chat.postMessage#truncating */
export const MAX_TEXT_LENGTH = 3_900
/** The most posts for a transcript. Slack allows one message per second and channel. */
const MAX_TRANSCRIPT_PIECES = 4
/** The 400 characters leave room for the opening line and for uneven splits. */
const MAX_TRANSCRIPT_LENGTH = MAX_TRANSCRIPT_PIECES * (MAX_TEXT_LENGTH - 400)

/** Converts a message's parts to the texts to post, in order. Returns at least one. */
export const partsToPieces = (parts: MessagePart[]): string[] => pack(parts.flatMap(_partToBlocks))

const _partToBlocks = (part: MessagePart): Block[] => {
  if (part.type === 'text') return markdownToBlocks(part.text)
  const text = partToText(part)
  const url = part.type === 'file' ? part.url : text.slice(text.lastIndexOf(': ') + 2)
  // The text before the URL contains the title, which may come from a stranger.
  return [{ text: escapeText(text.slice(0, text.length - url.length)) + linkTo(url), gap: '\n\n', isCode: false }]
}

/** Converts Markdown of any length to texts of at most `limit` characters. */
export const markdownToPieces = (markdown: string, limit = MAX_TEXT_LENGTH): string[] =>
  pack(markdownToBlocks(markdown), limit)

/**
 * Converts the conversation before the handoff to at most `MAX_TRANSCRIPT_PIECES` texts. Omits the oldest messages if
 * necessary; the first line counts them. Returns no texts for an empty transcript.
 */
export const transcriptToPieces = (transcript: TranscriptEntry[]): string[] => {
  if (transcript.length === 0) return []
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
  const opening =
    omitted === 0 ? '*Before the handoff*' : `*Before the handoff* (${omitted} earlier messages are left out)`
  const pieces = pack([{ text: opening, gap: '\n\n', isCode: false }, ...included.flat()])
  if (pieces.length <= MAX_TRANSCRIPT_PIECES) return pieces
  // A single message exceeds the limit: keep its end, which is closest to the handoff.
  return [`${opening}\n_The beginning of a long message is left out_`, ...pieces.slice(1 - MAX_TRANSCRIPT_PIECES)]
}

const _entryToBlocks = (entry: TranscriptEntry): Block[] => {
  const [first, ...rest] = entry.parts.flatMap(_partToBlocks)
  const name = `*${escapeName(entry.name) || (entry.author === 'bot' ? 'Bot' : 'Customer')}*:`
  if (!first || first.isCode) {
    return [{ text: name, gap: '\n\n', isCode: false }, ...(first ? [first] : []), ...rest]
  }
  const isOwnLine = /^(?:&gt;|[•◦☐☑]|\d+\.) /.test(first.text)
  return [{ text: `${name}${isOwnLine ? '\n' : ' '}${first.text}`, gap: '\n\n', isCode: false }, ...rest]
}

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

const _split = (block: Block, limit: number): { text: string; gap: string }[] => {
  const textLimit = block.isCode ? limit - 2 * (FENCE.length + 1) : limit
  // A fence inside the code would end the code block.
  const text = block.isCode ? escapeText(block.text).replaceAll(FENCE, '`\u200b`\u200b`') : block.text
  const texts = splitText(text, textLimit)
  return texts.map((part) => ({ text: block.isCode ? `${FENCE}\n${part}\n${FENCE}` : part, gap: block.gap }))
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
  const unit = text.charCodeAt(cut - 1)
  return unit >= 0xd800 && unit <= 0xdbff ? cut - 1 : cut
}
