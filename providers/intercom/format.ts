import { htmlToText } from '../kit/html-to-markdown'
import { partsToText, shorten } from '../kit/message-text'
import type { TicketRequest, TranscriptEntry } from '../provider'

/** Intercom publishes no limit for a text. These keep a message readable in its inbox and far from where any API refuses. */
const LONGEST_MESSAGE = 10_000
const LONGEST_NOTE = 30_000
const LONGEST_TITLE = 255
const LONGEST_FIELD = 4_000

// Control signs other than tab and line feed have no business in a text.
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f]/g

/**
 * What a contact says: plain text. Intercom documents that HTML is not supported there; an invisible joint keeps a tag from being one even where it
 * were read as HTML.
 */
export const toPlainBody = (text: string): string => {
  const body = text
    .replace(/\r\n?/g, '\n')
    .replace(CONTROL, '')
    .replace(/<(?=[a-z/!?])/gi, '<\u200b')
  return body.trim() === '' ? '(empty message)' : body
}

/** Text as HTML in which nothing is a tag, for notes. */
export const toHtml = (text: string): string =>
  _clean(text)
    .split(/\n{2,}/)
    .filter((paragraph) => paragraph.trim() !== '')
    .map((paragraph) => `<p>${escapeHtml(paragraph.trim()).replaceAll('\n', '<br>')}</p>`)
    .join('') || '<p>(empty message)</p>'

export const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

const _clean = (text: string): string => text.replace(/\r\n?/g, '\n').replace(CONTROL, '')

/** In order, at a line's or a word's end where there is one, never inside a character. */
export const splitText = (text: string, limit = LONGEST_MESSAGE): string[] => {
  const pieces: string[] = []
  let rest = text
  while (rest.length > limit) {
    const window = rest.slice(0, limit + 1)
    const at = Math.max(window.lastIndexOf('\n'), window.lastIndexOf(' '))
    let end = at > limit / 2 ? at : limit
    const unit = rest.charCodeAt(end - 1)
    if (unit >= 0xd800 && unit <= 0xdbff) end -= 1
    pieces.push(rest.slice(0, end))
    rest = at === end ? rest.slice(end + 1) : rest.slice(end)
  }
  return rest === '' && pieces.length > 0 ? pieces : [...pieces, rest]
}

export const titleOf = (request: TicketRequest): string =>
  shorten(_clean(request.title).replace(/\s+/g, ' ').trim() || 'Conversation from the bot', LONGEST_TITLE)

/** How the conversation begins: in the customer's name, so with what it is about. */
export const openingOf = (request: TicketRequest): string =>
  toPlainBody(shorten(request.description?.trim() || request.title.trim() || 'Hello', LONGEST_FIELD))

/** The line by which a conversation is recognised as the handoff's. */
const REFERENCE = /Handoff reference: (\S+)/g

/** The reference in a note's HTML: the last one, since what stands before it may have been written by the customer. */
export const referenceIn = (html: string): string | undefined => [...htmlToText(html).matchAll(REFERENCE)].at(-1)?.[1]

/** What agents see before they answer: subject, customer, and what was said before, the oldest left out where it is too long. */
export const noteOf = (request: TicketRequest): string => {
  const { customer, options } = request
  const facts = [
    `Customer: ${customer.name}${customer.email ? ` (${customer.email}, as told in the chat)` : ''}`,
    ...(options.priority ? [`Priority: ${options.priority}`] : []),
  ]
  const head = [
    `<p><strong>${escapeHtml(titleOf(request))}</strong></p>`,
    ...(request.description ? [toHtml(shorten(request.description, LONGEST_FIELD))] : []),
    toHtml(shorten(facts.join('\n'), LONGEST_FIELD)),
  ].join('')
  const foot = `<p>Handoff reference: ${escapeHtml(request.conversationId)}</p>`
  return head + _transcript(request.transcript, LONGEST_NOTE - head.length - foot.length) + foot
}

const _transcript = (transcript: TranscriptEntry[], room: number): string => {
  if (transcript.length === 0) return ''
  const heading = '<p><strong>Conversation before the handoff</strong></p>'
  let left = room - heading.length - 100
  const shown: string[] = []
  for (const entry of transcript.toReversed()) {
    let html = _entry(entry, LONGEST_MESSAGE)
    // The last thing said is shown in any case; escaped, a sign takes up to six.
    if (shown.length === 0 && html.length > left) html = _entry(entry, Math.floor((left - 1_000) / 6))
    if (html.length > left) break
    left -= html.length
    shown.unshift(html)
  }
  const omitted = transcript.length - shown.length
  const notice = omitted > 0 ? `<p>(${omitted} earlier messages left out)</p>` : ''
  return heading + notice + shown.join('')
}

const _entry = (entry: TranscriptEntry, limit: number): string => {
  const name = shorten(_clean(entry.name).trim() || entry.author, 100)
  const text = _clean(shorten(partsToText(entry.parts), limit)).trim()
  return `<p><strong>${escapeHtml(name)}:</strong> ${escapeHtml(text).replaceAll('\n', '<br>')}</p>`
}

/** Whether the HTML that Intercom returns says what we sent. Its own mark-up, links and spacing do not count. */
export const saysTheSame = (html: string, sent: string): boolean => _essence(htmlToText(html)) === _essence(sent)

const _essence = (text: string): string => {
  const words = text.replace(/[^\p{L}\p{N}]+/gu, '')
  return words === '' ? text.replace(/[\s\u200b]+/g, '') : words
}
