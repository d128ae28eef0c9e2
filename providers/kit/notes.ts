/** What agents are told when a handoff begins, as blocks of HTML: summary, customer and conversation. */
import type { MessagePart, TicketRequest, TranscriptEntry } from '../provider'
import { escapeHtml, markdownBlocks, plainBlocks, plainToHtml, type Fits } from './markdown-to-html'
import { partsToText, partToText, quoteRest } from './message-text'
import { cleanText, oneLine } from './text'

const LONGEST_FACT = 1_000
const LONGEST_SUMMARY = 8_000

/** What is known about the customer and the handoff, one line each. `extra` comes first. */
export const factsOf = ({ customer, channel, conversationUrl }: TicketRequest, extra: string[] = []): string[] => {
  const name = oneLine(customer.name, LONGEST_FACT)
  const facts: [string, string | undefined][] = [
    ['Customer', name],
    [`E-mail address, as given in the chat`, customer.email],
    [`Phone number, as given in the chat`, customer.phone],
    ['Language', customer.language],
    ['Channel', channel],
    ...Object.entries(customer.attributes ?? {}),
    ['Conversation in Botpress', conversationUrl],
  ]
  return [
    ...extra,
    ...facts.flatMap(([label, value]) => {
      const line = oneLine(value ?? '', LONGEST_FACT)
      return line === '' ? [] : [`${oneLine(label, 100)}: ${line}`]
    }),
  ]
}

export const factBlock = (facts: string[]): string[] =>
  facts.length === 0 ? [] : [`<p>${facts.map((fact) => plainToHtml(fact)).join('<br>')}</p>`]

/** What the bot tells agents first. */
export const summaryBlocks = (summary: string | undefined, fits: Fits): string[] => {
  const text = cleanText(summary ?? '').trim()
  if (text === '') return []
  const blocks = markdownBlocks(text.slice(0, LONGEST_SUMMARY), fits)
  return ['<p><strong>Summary</strong></p>', ...blocks]
}

/**
 * One message of the conversation before the handoff. Further lines are quoted, so that none of them can pass for
 * somebody else's message. `clean` disarms what the desk would obey.
 */
export const entryBlocks = (entry: TranscriptEntry, fits: Fits, clean: (text: string) => string): string[] => {
  const by = `<strong>${escapeHtml(clean(oneLine(entry.name, 100)) || entry.author)}</strong>${_time(entry.at)}:`
  const isFormatted = (part: MessagePart): boolean =>
    entry.author === 'bot' && part.type === 'text' && part.format !== 'plain'
  if (!entry.parts.some(isFormatted)) {
    const blocks = plainBlocks(clean(quoteRest(partsToText(entry.parts))), (html) => fits(`${by} ${html}`))
    return blocks.length === 0 ? [`<p>${by}</p>`] : blocks.map((html, at) => (at === 0 ? _behind(by, html) : html))
  }
  const quoted = (html: string): string => `<blockquote>${html}</blockquote>`
  const blocks = entry.parts.flatMap((part) => {
    const text = clean(partToText(part)).trim()
    const write = isFormatted(part) ? markdownBlocks : plainBlocks
    return text === '' ? [] : write(text, (html) => fits(quoted(html)))
  })
  const [only = ''] = blocks
  const isOneLine = blocks.length === 1 && /^<p>(?:(?!<br>|<p>).)*<\/p>$/.test(only) && fits(_behind(by, only))
  return isOneLine ? [_behind(by, only)] : [`<p>${by}</p>`, ...blocks.map(quoted)]
}

const _behind = (by: string, html: string): string => html.replace(/^<p>/, () => `<p>${by} `)

const _time = (at: number | undefined): string =>
  at === undefined || !Number.isFinite(at) ? '' : ` (${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC)`

/** The whole conversation as a text file, for a desk that can't show all of it. */
export const transcriptFile = (
  transcript: TranscriptEntry[]
): { name: string; contentType: string; bytes: Uint8Array } => {
  const text = transcript
    .map((entry) => `${oneLine(entry.name, 100)}${_time(entry.at)}:\n${cleanText(partsToText(entry.parts))}`)
    .join('\n\n')
  return { name: 'transcript.txt', contentType: 'text/plain; charset=utf-8', bytes: Buffer.from(`${text}\n`, 'utf8') }
}
