import type { MessagePart, TranscriptEntry } from '../provider'

const KIND_WORDS = { image: 'Image', audio: 'Audio', video: 'Video', file: 'File' } as const

/** Cuts at a code point, not inside one, and says so. `limit` counts UTF-16 units, the ellipsis included. */
export const shorten = (text: string, limit: number): string => {
  if (text.length <= limit) return text
  let end = Math.max(0, limit - 1)
  const unit = text.charCodeAt(end - 1)
  if (unit >= 0xd800 && unit <= 0xdbff) end -= 1
  return `${text.slice(0, end)}…`
}

/** One part as plain text: text as it is, a file as its title and link, a location as its name and a map link. */
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

/** The parts of one message as one text, a line each. */
export const partsToText = (parts: MessagePart[]): string => parts.map(partToText).join('\n')

/** The conversation before the handoff, oldest first, one paragraph per message: "Eve: my printer burns". */
export const transcriptToText = (transcript: TranscriptEntry[]): string =>
  transcript.map((entry) => `${entry.name}: ${partsToText(entry.parts)}`).join('\n\n')
