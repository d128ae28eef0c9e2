import { htmlToText } from '../kit/html-to-markdown'
import { escapeHtml, markdownBlocks, packed, plainBlocks, plainToHtml, type Fits } from '../kit/markdown-to-html'
import { leftOut, quoteRest } from '../kit/message-text'
import { entryBlocks, factBlock, factsOf, summaryBlocks } from '../kit/notes'
import { filesIn, saysPost, written, type Post, type Writing } from '../kit/posts'
import { cleanText, cutBefore, oneLine, shorten } from '../kit/text'
import type { TicketRequest } from '../provider'

/** Intercom publishes no limit for texts. These keep messages readable in the inbox and far below any API's limit. */
const LONGEST_MESSAGE = 10_000
const LONGEST_NOTE = 30_000
const LONGEST_TITLE = 255
const LONGEST_FIELD = 4_000

/**
 * Plain text for a contact's message. Intercom documents that it supports no HTML there; a zero-width space breaks up
 * tags and entities in case it is read as HTML anyway.
 */
export const toPlainBody = (text: string): string => {
  const body = cleanText(text)
    .replace(/<(?=[a-z/!?])/gi, '<\u200b')
    .replace(/&(?=#?\w{1,31};)/g, '&\u200b')
  return body.trim() === '' ? '(empty message)' : body
}

/** Escaped HTML for notes, with paragraphs and line breaks. */
export const toHtml = (text: string): string =>
  cleanText(text)
    .split(/\n{2,}/)
    .filter((paragraph) => paragraph.trim() !== '')
    .map((paragraph) => `<p>${escapeHtml(paragraph.trim()).replaceAll('\n', '<br>')}</p>`)
    .join('') || '<p>(empty message)</p>'

/**
 * Splits at the end of a line or word where possible, and never inside a character. `limit` counts UTF-16 units.
 */
export const splitText = (text: string, limit = LONGEST_MESSAGE): string[] => {
  const pieces: string[] = []
  let rest = text
  while (rest.length > limit) {
    const window = rest.slice(0, limit + 1)
    const at = Math.max(window.lastIndexOf('\n'), window.lastIndexOf(' '))
    const end = at > limit / 2 ? at : cutBefore(rest, limit)
    pieces.push(rest.slice(0, end))
    rest = at === end ? rest.slice(end + 1) : rest.slice(end)
  }
  return rest === '' && pieces.length > 0 ? pieces : [...pieces, rest]
}

export const titleOf = ({ title, options }: TicketRequest): string =>
  oneLine([options.subjectPrefix?.trim(), title].filter(Boolean).join(' '), LONGEST_TITLE) ||
  'Conversation from the bot'

/** The first message. It is in the customer's name, so it states the subject. */
export const openingOf = (request: TicketRequest): string =>
  toPlainBody(shorten(request.description?.trim() || request.title.trim() || 'Hello', LONGEST_FIELD))

/** Identifies the handoff's conversation. `noteOf` writes this line. */
const REFERENCE = /Handoff reference: (\S+)(?: of bot (\S+))?/g

/** The conversation and the bot that the router's note names. */
export interface Reference {
  conversationId: string
  botId?: string
}

/** The reference in a note's HTML. The last match counts: earlier ones may be the customer's text. */
export const referenceIn = (html: string): Reference | undefined => {
  const [, conversationId, botId] = [...htmlToText(html).matchAll(REFERENCE)].at(-1) ?? []
  return conversationId ? { conversationId, ...(botId ? { botId } : {}) } : undefined
}

const _fits: Fits = (html) => html.length <= LONGEST_NOTE
/** A conversation that is longer than this many notes becomes a file. */
const MOST_NOTES = 3

const _footOf = ({ conversationId, botId }: TicketRequest): string =>
  `<p>Handoff reference: ${escapeHtml(conversationId)} of bot ${escapeHtml(botId)}</p>`

/** The first note: the bot's summary, the subject and what is known about the customer. */
const _headOf = (request: TicketRequest): string[] => {
  const { options, description, summary } = request
  return [
    ...summaryBlocks(summary, _fits),
    `<p><strong>${escapeHtml(titleOf(request))}</strong></p>`,
    ...factBlock([...factsOf(request), ...(options.priority ? [`Priority: ${options.priority}`] : [])]),
    // The bot may quote the customer in it.
    ...(description ? [_labelled('Description', shorten(description, LONGEST_FIELD))] : []),
  ]
}

export interface Notes {
  /** In order. Each of them ends with the reference. */
  notes: string[]
  /** How many of the oldest messages no note shows. */
  omitted: number
}

/**
 * The notes for agents: summary, subject, customer and transcript, which continues in further notes. What is too long
 * for them is left out from its beginning, since agents need its end first.
 */
export const notesOf = (request: TicketRequest): Notes => {
  const { transcript } = request
  const foot = _footOf(request)
  const fits: Fits = (html) => _fits(html + foot)
  const heading = transcript.length === 0 ? [] : ['<p><strong>Conversation before the handoff</strong></p>']
  const head = [..._headOf(request), ...heading]
  const entries = transcript.map((entry) => entryBlocks(entry, fits, cleanText))
  const whole = packed([...head, ...entries.flat()], fits)
  if (whole.length <= MOST_NOTES) return { notes: whole.map((note) => note + foot), omitted: 0 }
  const kept: string[][] = []
  for (const blocks of entries.toReversed()) {
    if (!fits([...head, GAP, ...blocks, ...kept.flat()].join(''))) break
    kept.unshift(blocks)
  }
  const newest = entries.at(-1) ?? []
  const shown = kept.length > 0 ? kept.flat() : newest.slice(0, 1)
  return {
    notes: packed([...head, GAP, ...shown], fits).map((note) => note + foot),
    omitted: transcript.length - Math.max(kept.length, 1),
  }
}

/** Stands where messages are left out, until it is known whether the file with all of them could be attached. */
const GAP = `<p>\u2063${'x'.repeat(120)}</p>`

export const withGap = (note: string, omitted: number, isAttached: boolean): string => {
  const gap = `${leftOut(omitted)}${isAttached ? ' – the whole conversation is attached' : ''}`
  return note.replace(GAP, `<p>${escapeHtml(gap)}</p>`)
}

/** A paragraph under a bold label. Its further lines are quoted, so that none can pass for another label. */
const _labelled = (label: string, text: string): string => {
  const quoted = escapeHtml(quoteRest(cleanText(text).trim())).replaceAll('\n', '<br>')
  return `<p><strong>${escapeHtml(label)}:</strong> ${quoted}</p>`
}

/** Contacts write plain text, notes are HTML. */
export const writingOf = (isNote: boolean): Writing =>
  isNote
    ? {
        fits: (html) => html.length <= LONGEST_NOTE,
        text: ({ text, format }) => {
          const clean = cleanText(text)
          return format === 'plain' ? plainBlocks(clean, _fits) : markdownBlocks(clean, _fits)
        },
        line: (text) => `<p>${plainToHtml(cleanText(text))}</p>`,
        gap: '',
      }
    : {
        fits: (text) => text.length <= LONGEST_MESSAGE,
        text: ({ text }) => splitText(text),
        line: (text) => text,
        gap: '\n',
      }

/** What is sent. Never empty. */
export const bodyOf = (written: string, isNote: boolean): string => {
  if (!isNote) return toPlainBody(written)
  return written.trim() === '' ? '<p>(empty message)</p>' : written
}

/** Whether Intercom's HTML is this post, with its files attached or as links. */
export const saysThePost = (html: string, post: Post, isNote: boolean): boolean => {
  const writing = writingOf(isNote)
  if (filesIn(post).length === 0) {
    const sent = bodyOf(written(post, writing, new Map()), isNote)
    return saysTheSame(html, isNote ? htmlToText(sent) : sent)
  }
  return saysPost(post, writing, htmlToText(html), {
    toText: isNote ? htmlToText : (text) => text,
    comparable: (text) => text.replace(/[^\p{L}\p{N}\p{Extended_Pictographic}()]+/gu, ''),
  })
}

/** Whether Intercom's HTML has the same text as what was sent. Ignores mark-up, punctuation and spacing. */
export const saysTheSame = (html: string, sent: string): boolean => _normalise(htmlToText(html)) === _normalise(sent)

const _normalise = (text: string): string => {
  const words = text.replace(/[^\p{L}\p{N}]+/gu, '')
  return words === '' ? text.replace(/[\s\u200b\u2060]+/g, '') : words
}
