import { htmlToText } from '../kit/html-to-markdown'
import { partsToText, quoteRest } from '../kit/message-text'
import { cleanText, cutBefore, oneLine, shorten } from '../kit/text'
import type { TicketRequest, TranscriptEntry } from '../provider'

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

export const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

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

export const titleOf = (request: TicketRequest): string =>
  oneLine(request.title, LONGEST_TITLE) || 'Conversation from the bot'

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

/** The note for agents: subject, customer and transcript. Leaves out the oldest messages when it gets too long. */
export const noteOf = (request: TicketRequest): string => {
  const { customer, options } = request
  const facts = [
    `Customer: ${oneLine(customer.name, LONGEST_TITLE)}${customer.email ? ` (${customer.email}, as given in the chat)` : ''}`,
    ...(options.priority ? [`Priority: ${options.priority}`] : []),
  ]
  const head = [
    `<p><strong>${escapeHtml(titleOf(request))}</strong></p>`,
    toHtml(shorten(facts.join('\n'), LONGEST_FIELD)),
    // The bot may quote the customer in it.
    ...(request.description ? [_labelled('Description', shorten(request.description, LONGEST_FIELD))] : []),
  ].join('')
  const foot = `<p>Handoff reference: ${escapeHtml(request.conversationId)} of bot ${escapeHtml(request.botId)}</p>`
  return head + _transcript(request.transcript, LONGEST_NOTE - head.length - foot.length) + foot
}

const _transcript = (transcript: TranscriptEntry[], limit: number): string => {
  if (transcript.length === 0) return ''
  const heading = '<p><strong>Conversation before the handoff</strong></p>'
  let remaining = limit - heading.length - 100
  const included: string[] = []
  for (const entry of transcript.toReversed()) {
    let html = _entry(entry, LONGEST_MESSAGE)
    // The newest message is always shown. Escaping makes a character up to nine long.
    if (included.length === 0 && html.length > remaining) html = _entry(entry, Math.floor((remaining - 1_000) / 9))
    if (html.length > remaining) break
    remaining -= html.length
    included.unshift(html)
  }
  const omitted = transcript.length - included.length
  const notice = omitted > 0 ? `<p>(${omitted} earlier ${omitted === 1 ? 'message' : 'messages'} left out)</p>` : ''
  return heading + notice + included.join('')
}

/** A paragraph under a bold label. Its further lines are quoted, so that none can pass for another label. */
const _labelled = (label: string, text: string): string => {
  const quoted = escapeHtml(quoteRest(cleanText(text).trim())).replaceAll('\n', '<br>')
  return `<p><strong>${escapeHtml(label)}:</strong> ${quoted}</p>`
}

const _entry = (entry: TranscriptEntry, limit: number): string =>
  _labelled(oneLine(entry.name, 100) || entry.author, shorten(partsToText(entry.parts), limit))

/** Whether Intercom's HTML has the same text as what was sent. Ignores mark-up, punctuation and spacing. */
export const saysTheSame = (html: string, sent: string): boolean => _normalise(htmlToText(html)) === _normalise(sent)

const _normalise = (text: string): string => {
  const words = text.replace(/[^\p{L}\p{N}]+/gu, '')
  return words === '' ? text.replace(/[\s\u200b\u2060]+/g, '') : words
}
