import { partToText } from '../kit/message-text'
import type { MessagePart, TranscriptEntry } from '../provider'
import { escapeName, escapeText, linkTo, markdownToBlocks, type Block } from './to-mrkdwn'

/** Slack advises 4,000 characters a message. https://docs.slack.dev/reference/methods/chat.postMessage#truncating */
export const LONGEST_TEXT = 3_900
/** Posts that a transcript may take: each counts against one message a second and channel. */
const TRANSCRIPT_PIECES = 4
/** Room for the line that counts what was left out, and for where pieces break. */
const TRANSCRIPT_ROOM = TRANSCRIPT_PIECES * (LONGEST_TEXT - 400)

/** One message's parts as texts to post, in order. At least one. */
export const partsToPieces = (parts: MessagePart[]): string[] => pack(parts.flatMap(_partToBlocks))

const _partToBlocks = (part: MessagePart): Block[] => {
  if (part.type === 'text') return markdownToBlocks(part.text)
  const text = partToText(part)
  const at = text.lastIndexOf(': ') + 2
  // What stands before the address is the title, which anybody may have written.
  const url = part.type === 'file' ? part.url : text.slice(at)
  return [{ text: escapeText(text.slice(0, text.length - url.length)) + linkTo(url), gap: '\n\n', isCode: false }]
}

/** A long text that goes into the thread as it is. */
export const markdownToPieces = (markdown: string, limit = LONGEST_TEXT): string[] =>
  pack(markdownToBlocks(markdown), limit)

/**
 * The conversation before the handoff. What does not fit is left out from its beginning, and a line says how much that was. No entries: no pieces.
 */
export const transcriptToPieces = (transcript: TranscriptEntry[]): string[] => {
  if (transcript.length === 0) return []
  const shown: Block[][] = []
  let room = TRANSCRIPT_ROOM
  for (const entry of transcript.toReversed()) {
    const blocks = _entryToBlocks(entry)
    const length = blocks.reduce((sum, block) => sum + block.text.length + 10, 0)
    if (length > room && shown.length > 0) break
    shown.unshift(blocks)
    room -= length
  }
  const left = transcript.length - shown.length
  const opening = left === 0 ? '*Before the handoff*' : `*Before the handoff* (${left} earlier messages are left out)`
  const pieces = pack([{ text: opening, gap: '\n\n', isCode: false }, ...shown.flat()])
  if (pieces.length <= TRANSCRIPT_PIECES) return pieces
  // One message alone is longer than a transcript may be: its end is what the handoff is about.
  return [`${opening}\n_The beginning of a long message is left out_`, ...pieces.slice(1 - TRANSCRIPT_PIECES)]
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

/** Blocks in as few texts as hold them, in order, none longer than `limit`, nothing left out. */
export const pack = (blocks: Block[], limit = LONGEST_TEXT): string[] => {
  const pieces: string[] = []
  for (const block of blocks.flatMap((whole) => _split(whole, limit))) {
    const last = pieces.at(-1)
    if (last !== undefined && last.length + block.gap.length + block.text.length <= limit) {
      pieces[pieces.length - 1] = last + block.gap + block.text
    } else pieces.push(block.text)
  }
  return pieces.length > 0 ? pieces : ['_(empty message)_']
}

const FENCE = '```'

const _split = (block: Block, limit: number): { text: string; gap: string }[] => {
  const room = block.isCode ? limit - 2 * (FENCE.length + 1) : limit
  // A fence inside the code would end it.
  const text = block.isCode ? escapeText(block.text).replaceAll(FENCE, '`\u200b`\u200b`') : block.text
  const texts = splitText(text, room)
  return texts.map((part) => ({ text: block.isCode ? `${FENCE}\n${part}\n${FENCE}` : part, gap: block.gap }))
}

/** Cuts mrkdwn where it hurts least: at a line, else at a word, else anywhere but inside an entity or a link. */
export const splitText = (text: string, limit: number): string[] => {
  const pieces: string[] = []
  let rest = text
  while (rest.length > limit) {
    const window = rest.slice(0, limit + 1)
    const line = window.lastIndexOf('\n')
    const word = Math.max(window.lastIndexOf(' '), line)
    const at = line > limit / 2 ? line : word > limit / 2 ? word : _safeCut(rest, limit)
    pieces.push(rest.slice(0, at))
    rest = rest.slice(/\s/.test(rest[at] ?? '') ? at + 1 : at)
  }
  if (rest !== '' || pieces.length === 0) pieces.push(rest)
  return pieces.filter((piece, index) => piece.trim() !== '' || (index === 0 && pieces.length === 1))
}

const _safeCut = (text: string, limit: number): number => {
  let at = limit
  const link = text.lastIndexOf('<', at - 1)
  if (link > 0 && text.indexOf('>', link) >= at) at = link
  const entity = text.lastIndexOf('&', at - 1)
  if (entity > 0 && at - entity < 6 && text.indexOf(';', entity) >= at) at = entity
  const unit = text.charCodeAt(at - 1)
  return unit >= 0xd800 && unit <= 0xdbff ? at - 1 : at
}
