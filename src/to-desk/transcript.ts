import { z } from '@botpress/sdk'
import type { MessagePart, TranscriptEntry } from '../../providers/provider'
import { toParts } from '../botpress/messages'

const entry = z.object({
  source: z.object({ type: z.string(), userId: z.string().nullish() }).nullish(),
  type: z.string(),
  payload: z.unknown(),
})

/** Enough for an agent to see what happened; a driver shortens further to what its desk takes. */
const LONGEST_TRANSCRIPT = 300
const LONGEST_TEXT = 4_000

/**
 * The history that the plugin sends, oldest first. Each entry is read on its own: one that cannot be read is named, never the end of the others. The oldest of a very
 * long history are left out, and the first line says so.
 */
export const toTranscript = (
  history: unknown,
  people: { customer: string; nameOf?: (userId: string) => string | undefined }
): TranscriptEntry[] => {
  const items = Array.isArray(history) ? (history as unknown[]) : []
  const entries = items.slice(-LONGEST_TRANSCRIPT).map((item): TranscriptEntry => {
    const parsed = entry.safeParse(item)
    if (!parsed.success) return { author: 'bot', name: 'Bot', parts: toParts('unknown', undefined) }
    const { source, type, payload } = parsed.data
    const parts = toParts(type, payload).map(_shortened)
    if (source?.type !== 'user') return { author: 'bot', name: 'Bot', parts }
    return { author: 'customer', name: people.nameOf?.(source.userId ?? '') ?? people.customer, parts }
  })
  const left = items.length - entries.length
  if (left === 0) return entries
  return [
    { author: 'bot', name: 'Bot', parts: [{ type: 'text', text: `(${left} earlier messages are left out)` }] },
    ...entries,
  ]
}

/** The customer's last words, newest last: what the language is found out from. */
export const customerTexts = (transcript: TranscriptEntry[]): string[] =>
  transcript
    .filter(({ author }) => author === 'customer')
    .flatMap(({ parts }) => parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])))
    .slice(-5)

const _shortened = (part: MessagePart): MessagePart =>
  part.type === 'text' && part.text.length > LONGEST_TEXT
    ? { ...part, text: `${part.text.slice(0, LONGEST_TEXT)}…` }
    : part
