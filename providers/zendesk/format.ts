import { htmlToText } from '../kit/html-to-markdown'
import { markdownBlocks, packed, plainBlocks, plainToHtml, type Fits } from '../kit/markdown-to-html'
import { leftOut } from '../kit/message-text'
import { entryBlocks, factBlock, factsOf, summaryBlocks } from '../kit/notes'
import type { Post, Writing } from '../kit/posts'
import { cleanText, oneLine, shorten } from '../kit/text'
import type { TicketRequest } from '../provider'

/** Zendesk allows 64 KB a comment. The margin is for the markup that it adds. */
const MAX_COMMENT_BYTES = 60_000
const MAX_SUBJECT_LENGTH = 150
/** A conversation that is longer than this many notes becomes a file. */
const MAX_NOTES = 3

export const fitsComment: Fits = (html) => Buffer.byteLength(html) <= MAX_COMMENT_BYTES

/**
 * Makes text safe for Zendesk. Disarms template placeholders (`{{…}}`, `{%…%}`), which Zendesk would replace with
 * internal data, and removes control characters, including those that change the writing direction.
 */
export const neutralise = (text: string): string =>
  cleanText(text)
    .replace(/[\u202a-\u202e\u2066-\u2069]/g, '')
    .replace(/\{(?=[{%])/g, '{\u200b')

const _line = (text: string): string => `<p>${plainToHtml(neutralise(text))}</p>`

/**
 * Comments in `html_body`. `body` would not do: an account setting renders its Markdown, so a customer could hide a
 * link behind another text. What customers write is plain text, the bot's is Markdown.
 */
export const writingOf = (author: 'customer' | 'bot'): Writing => ({
  fits: fitsComment,
  text: ({ text, format }) => {
    const clean = neutralise(text)
    return author === 'customer' || format === 'plain'
      ? plainBlocks(clean, fitsComment)
      : markdownBlocks(clean, fitsComment)
  },
  line: _line,
  gap: '',
})

/** A sentence of the router as a note. */
export const sentence = (text: string): Post => [_line(text)]

/** What Zendesk's own conversions may change: white space, zero-width spaces and signs of lists and tables. */
export const readBack = {
  toText: htmlToText,
  comparable: (text: string): string => text.replace(/&nbsp;|[\s\u200b]+/g, ''),
}

/** The same for formatted text: only letters and digits. */
export const readBackFormatted = {
  toText: htmlToText,
  comparable: (text: string): string => text.replace(/&nbsp;|[^\p{L}\p{N}()]+/gu, ''),
}

/** The title as one line, shortened to a subject's length. */
export const toSubject = (title: string): string =>
  shorten(neutralise(oneLine(title, MAX_SUBJECT_LENGTH)), MAX_SUBJECT_LENGTH) || 'Handoff from the bot'

/** A person's name as one line that Zendesk accepts. */
export const toName = (name: string): string => shorten(neutralise(oneLine(name, 255)), 255) || 'Customer'

/** The title with its prefix. */
export const titleOf = ({ title, options }: Pick<TicketRequest, 'title' | 'options'>): string =>
  [options.subjectPrefix?.trim(), title.trim()].filter(Boolean).join(' ')

/** The first comment: the description, after the whole title if the subject can't hold it. */
export const toOpening = (title: string, description: string | undefined): string => {
  const fullTitle = title.trim()
  const body = description?.trim() || fullTitle || 'Handoff from the bot'
  const isTitleCut = fullTitle.length > MAX_SUBJECT_LENGTH
  const text = neutralise(isTitleCut && body !== fullTitle ? `${fullTitle}\n\n${body}` : body)
  const [first = _line('Handoff from the bot'), ...rest] = plainBlocks(text, fitsComment)
  return rest.length > 0 ? first.replace(/\s*<\/p>$/, '…</p>') : first
}

export interface TranscriptNotes {
  notes: string[]
  /** The messages that no note shows. The last note has room for `gapBlock`. */
  omitted: number
}

/** Zendesk has name, address and phone number of the contact, but perhaps another contact has the address. */
const _facts = (request: TicketRequest): string[] => {
  const { email, phone, language, attributes } = request.customer
  const isPlain = !(email || phone || language || request.channel || request.conversationUrl)
  return isPlain && Object.keys(attributes ?? {}).length === 0 ? [] : factsOf(request).map(neutralise)
}

/**
 * The internal notes that follow the ticket's first comment: summary, facts and the conversation, in order. What
 * doesn't fit into `MAX_NOTES` is left out from its beginning, since agents need its end first.
 */
export const toNotes = (request: TicketRequest): TranscriptNotes => {
  const head = [
    ...summaryBlocks(request.summary === undefined ? undefined : neutralise(request.summary), fitsComment),
    ...factBlock(_facts(request)),
  ]
  const { transcript } = request
  if (transcript.length === 0) return { notes: packed(head, fitsComment), omitted: 0 }
  const heading = '<p><strong>Conversation with the bot before the handoff</strong></p>'
  const entries = transcript.map((entry) => entryBlocks(entry, fitsComment, neutralise))
  const whole = packed([...head, heading, ...entries.flat()], fitsComment)
  if (whole.length <= MAX_NOTES) return { notes: whole, omitted: 0 }
  // The newest messages that fit into one note behind the head.
  const room = (blocks: string[]): boolean => packed([...head, heading, GAP, ...blocks], fitsComment).length === 1
  const kept: string[][] = []
  for (const blocks of entries.toReversed()) {
    if (!room([...blocks, ...kept.flat()])) break
    kept.unshift(blocks)
  }
  const newest = entries.at(-1) ?? []
  const shown = kept.length > 0 ? kept.flat() : newest.slice(0, 2)
  return {
    notes: packed([...head, heading, GAP, ...shown], fitsComment),
    omitted: transcript.length - Math.max(kept.length, 1),
  }
}

/** Stands where messages are left out, until it is known whether the file with all of them could be attached. */
const GAP = `<p>\u2063${'x'.repeat(200)}</p>`

export const withGap = (note: string, omitted: number, isAttached: boolean): string =>
  note.replace(GAP, _line(isAttached ? `${leftOut(omitted)} – the whole conversation is attached` : leftOut(omitted)))

/** The text as a Zendesk tag. Empty if nothing in it can be part of a tag. */
export const toTag = (text: string): string =>
  text
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}_/-]+/gu, '_')
    .slice(0, 100)
    .replace(/\p{Surrogate}/gu, '')
