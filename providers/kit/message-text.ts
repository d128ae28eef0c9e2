import type { MessagePart, TranscriptEntry } from '../provider'

const KIND_WORDS = { image: 'Image', audio: 'Audio', video: 'Video', file: 'File' } as const

/** Shortens to `limit` UTF-16 units, including the ellipsis. Never cuts inside a surrogate pair. */
export const shorten = (text: string, limit: number): string => {
  if (text.length <= limit) return text
  let end = Math.max(0, limit - 1)
  const unit = text.charCodeAt(end - 1)
  if (unit >= 0xd800 && unit <= 0xdbff) end -= 1
  return `${text.slice(0, end)}…`
}

/** One part as plain text: a text unchanged, a file as title and link, a location as name and map link. */
export const partToText = (part: MessagePart): string => {
  switch (part.type) {
    case 'text':
      return part.text
    case 'file':
      return `${KIND_WORDS[part.kind]}${part.title ? ` “${part.title}”` : ''}: ${part.url}`
    case 'location': {
      const name = [part.title, part.address].filter(Boolean).join(', ')
      const point = `${part.latitude},${part.longitude}`
      return `Location${name ? ` “${name}”` : ''}: https://maps.google.com/?q=${point}`
    }
  }
}

/** The parts of one message, one per line. */
export const partsToText = (parts: MessagePart[]): string => parts.map(partToText).join('\n')

/** The conversation before the handoff, oldest first, one paragraph per message: “Eve: My printer is on fire”. */
export const transcriptToText = (transcript: TranscriptEntry[]): string =>
  transcript.map((entry) => `${entry.name}: ${partsToText(entry.parts)}`).join('\n\n')
