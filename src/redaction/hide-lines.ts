/**
 * The grammar of what is hidden: what, then where.
 *
 *     cards, IBANs
 *     e-mails, phones from agents
 *     /AB-\d{6}/ from transcripts
 *
 * Without "from" it is hidden everywhere.
 */

export type Kind = 'cards' | 'ibans' | 'emails' | 'phones'

/** Where a text goes: to agents in the conversation, into the transcript and the ticket's texts, to the customer. */
export type Audience = 'agents' | 'transcripts' | 'customers'

/** One line, understood. `patterns` are in RE2's syntax. */
export interface HideLine {
  kinds: Kind[]
  patterns: string[]
  audiences: Audience[]
}

export interface HideProblem {
  /** Position of the line, from 0. */
  index: number
  /** The problem, and how to fix it. */
  problem: string
}

const KINDS: Record<string, Kind> = {
  card: 'cards',
  cards: 'cards',
  'card numbers': 'cards',
  'credit cards': 'cards',
  iban: 'ibans',
  ibans: 'ibans',
  'bank accounts': 'ibans',
  email: 'emails',
  emails: 'emails',
  'e-mail': 'emails',
  'e-mails': 'emails',
  'email addresses': 'emails',
  'e-mail addresses': 'emails',
  phone: 'phones',
  phones: 'phones',
  'phone numbers': 'phones',
}

const AUDIENCES: Record<string, Audience> = {
  agent: 'agents',
  agents: 'agents',
  transcript: 'transcripts',
  transcripts: 'transcripts',
  customer: 'customers',
  customers: 'customers',
}
const EVERYONE: Audience[] = ['agents', 'transcripts', 'customers']

const LONGEST_LINE = 500
/** A pattern between slashes, or what stands between commas. */
const PIECES = /\s*\/(?:[^/\\]|\\.)*\/|[^,;]+/g
const FROM = /\s+from\s+([^/]*)$/i

/** Reads the lines. A line that can't be read hides nothing and has a problem. Pure; patterns aren't compiled here. */
export const readHideLines = (lines: readonly unknown[]): { lines: HideLine[]; problems: HideProblem[] } => {
  const problems: HideProblem[] = []
  const read = lines.flatMap((line, index): HideLine[] => {
    if (typeof line !== 'string' || line.trim() === '') return []
    const result = _readLine(line.trim())
    if (typeof result !== 'string') return [result]
    problems.push({ index, problem: result })
    return []
  })
  return { lines: read, problems }
}

const _readLine = (line: string): HideLine | string => {
  if (line.length > LONGEST_LINE) return `is longer than ${LONGEST_LINE} characters: use several lines`
  const from = FROM.exec(line)
  const audiences = from ? _audiencesIn(from[1] ?? '') : EVERYONE
  if (typeof audiences === 'string') return audiences
  const kinds = new Set<Kind>()
  const patterns: string[] = []
  for (const match of (from ? line.slice(0, from.index) : line).matchAll(PIECES)) {
    const piece = match[0].trim()
    if (piece === '') continue
    if (piece.startsWith('/')) {
      if (piece.length < 3 || !piece.endsWith('/'))
        return `${piece} isn't a pattern: write it between slashes, /AB-\\d{6}/`
      patterns.push(piece.slice(1, -1))
      continue
    }
    for (const word of piece.split(/\s+(?:and|or)\s+/i)) {
      const kind = _lookUp(KINDS, word)
      if (!kind)
        return `"${word.trim()}" can't be hidden: write cards, IBANs, e-mails, phones, or a pattern like /AB-\\d{6}/`
      kinds.add(kind)
    }
  }
  if (kinds.size + patterns.length === 0) return 'says nothing to hide: write for example "cards, phones from agents"'
  return { kinds: [...kinds], patterns, audiences }
}

const _audiencesIn = (text: string): Audience[] | string => {
  const words = text.split(/\s*,\s*|\s+(?:and|or)\s+/i).filter((word) => word.trim() !== '')
  const audiences = new Set<Audience>()
  for (const word of words) {
    const audience = _lookUp(AUDIENCES, word)
    if (!audience) return `"${word.trim()}" isn't somebody to hide it from: write agents, customers or transcripts`
    audiences.add(audience)
  }
  return audiences.size > 0 ? [...audiences] : 'says "from" and nobody: write agents, customers or transcripts'
}

const _lookUp = <T>(words: Record<string, T>, word: string): T | undefined => {
  // Studio's users paste other hyphens and spaces.
  const key = word
    .normalize('NFKC')
    .replaceAll(/[\u2010-\u2015]/g, '-')
    .trim()
    .replaceAll(/\s+/g, ' ')
    .toLowerCase()
  return Object.hasOwn(words, key) ? words[key] : undefined
}
