import type { AgentPart, TranscriptEntry } from '../provider'

export { shorten } from './text'

const KIND_WORDS = { image: 'Image', audio: 'Audio', video: 'Video', file: 'File' } as const

/** One part as text: a text unchanged, a file as title and link, a location as name and map link. */
export const partToText = (part: AgentPart): string => {
  switch (part.type) {
    case 'text':
      return part.text
    case 'file':
      return `${KIND_WORDS[part.kind]}${_quoted(part.title ?? '')}: ${part.url}`
    case 'desk-file':
      return `File${_quoted(part.name ?? '')}`
    case 'location': {
      const name = [part.title, part.address].filter(Boolean).join(', ')
      const point = `${part.latitude},${part.longitude}`
      return `Location${_quoted(name)}: https://maps.google.com/?q=${point}`
    }
  }
}

const _quoted = (title: string): string => {
  const line = title.replace(/\s+/g, ' ').trim()
  return line ? ` “${line}”` : ''
}

/** The parts of one message, one per line. */
export const partsToText = (parts: AgentPart[]): string => parts.map(partToText).join('\n')

/**
 * A message under its author's name: “Eve: My printer is on fire”. Further lines are quoted, so that none of them can
 * pass for somebody else's message.
 */
export const underName = (name: string, text: string): string => `${name}: ${quoteRest(text)}`

export const quoteRest = (text: string): string => text.replaceAll('\n', '\n> ')

/** The conversation before the handoff, oldest first, one paragraph per message. */
export const transcriptToText = (transcript: TranscriptEntry[]): string =>
  transcript.map((entry) => underName(entry.name, partsToText(entry.parts))).join('\n\n')

/** Stands for the oldest messages where a transcript is too long. */
export const leftOut = (count: number): string =>
  `(${count} earlier ${count === 1 ? 'message was' : 'messages were'} left out)`
