import { z } from '@botpress/sdk'
import { leftOut } from '../../providers/kit/message-text'
import { shorten } from '../../providers/kit/text'
import type { MessagePart, TranscriptEntry } from '../../providers/provider'
import { toParts } from '../botpress/messages'

const historyEntry = z.object({
  source: z.object({ type: z.string(), userId: z.string().nullish() }).nullish(),
  type: z.string(),
  payload: z.unknown(),
})

/** Entries. Enough for an agent to see what happened; a driver shortens it further to what its desk takes. */
const LONGEST_TRANSCRIPT = 300
const LONGEST_TEXT = 4_000

/**
 * The history that the plugin sends, oldest first. An entry that can't be read is named and doesn't affect the others.
 * Of a very long history the oldest entries are left out, and the first line says how many. `last`: only so many of the
 * newest entries.
 */
export const toTranscript = (
  history: unknown,
  people: { customer: string; nameOf?: (userId: string) => string | undefined; last?: number | undefined }
): TranscriptEntry[] => {
  const given = Array.isArray(history) ? (history as unknown[]) : []
  // The bot leaves out what it doesn't want to show, so nothing says that it is missing.
  const items =
    people.last === undefined ? given : given.slice(given.length - Math.min(given.length, Math.floor(people.last)))
  const entries = items.slice(-LONGEST_TRANSCRIPT).map((item): TranscriptEntry => {
    const parsed = historyEntry.safeParse(item)
    if (!parsed.success) return { author: 'bot', name: 'Bot', parts: toParts('unknown', undefined) }
    const { source, type, payload } = parsed.data
    const author = source?.type === 'user' ? 'customer' : 'bot'
    const parts = _partsOf(type, payload, author).map(_shortened)
    if (author === 'bot') return { author, name: 'Bot', parts }
    return { author, name: people.nameOf?.(source?.userId ?? '') ?? people.customer, parts }
  })
  const omitted = items.length - entries.length
  if (omitted === 0) return entries
  return [
    { author: 'bot', name: 'Bot', parts: [{ type: 'text', text: leftOut(omitted), format: 'plain' }] },
    ...entries,
  ]
}

/** The customer's last texts, newest last, for detecting the language. */
export const customerTexts = (transcript: TranscriptEntry[]): string[] =>
  transcript
    .filter(({ author }) => author === 'customer')
    .flatMap(({ parts }) => parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])))
    .slice(-5)

/** A bug at one entry must not fail the handoff. */
const _partsOf = (type: string, payload: unknown, author: TranscriptEntry['author']): MessagePart[] => {
  try {
    return toParts(type, payload, author)
  } catch {
    return toParts('unknown', undefined)
  }
}

const _shortened = (part: MessagePart): MessagePart =>
  part.type === 'text' ? { ...part, text: shorten(part.text, LONGEST_TEXT + 1) } : part
