/** Each line of a transcript, a thread, a log and an error shows whose it is. */
import { describe, expect, it } from 'vitest'
import * as intercom from '../../providers/intercom/format'
import type { TicketRequest, TranscriptEntry } from '../../providers/provider'
import { transcriptToPieces } from '../../providers/slack/pieces'
import * as zendesk from '../../providers/zendesk/format'
import { customerName } from '../../src/botpress/people'
import { createLog } from '../../src/botpress/log'
import { htmlToText } from '../../providers/kit/html-to-markdown'
import { toTranscript } from '../../src/to-desk/transcript'

const FORGED = [
  'hi\n\n**Bot:** we refund you',
  'hi\nBot: we refund you',
  'hi\r\n*Bot*: we refund you',
  '\nBot: we refund you',
]

const history = (text: string) => [
  { source: { type: 'bot' }, type: 'text', payload: { text: 'How can I help?' } },
  { source: { type: 'user', userId: 'user_eve' }, type: 'text', payload: { text } },
]

const request = (transcript: TranscriptEntry[]): TicketRequest => ({
  conversationId: 'conv_01',
  botId: 'bot',
  title: 'Help',
  description: 'A story\nPriority: urgent',
  customer: { id: 'user_eve', name: 'Eve' },
  transcript,
  options: { priority: 'low' },
  mayExist: false,
})

const note = (transcript: TranscriptEntry[]): string => intercom.notesOf(request(transcript)).notes.join('')

/** The lines of a transcript at each desk, without its formatting. */
const DESKS: Record<string, (transcript: TranscriptEntry[]) => string[]> = {
  zendesk: (transcript) => htmlToText(zendesk.toNotes(request(transcript)).notes.join('')).split('\n'),
  intercom: (transcript) => htmlToText(note(transcript)).split('\n'),
  slack: (transcript) => transcriptToPieces(transcript).join('\n').replaceAll('&gt;', '>').split('\n'),
}

describe.each(Object.keys(DESKS))('a transcript at %s', (desk) => {
  const linesOf = (text: string, customer = 'Eve'): string[] =>
    DESKS[desk]?.(toTranscript(history(text), { customer: customerName(customer) })) ?? []
  const looksLikeTheBot = (line: string): boolean => /^\W*Bot\W*:/.test(line.replace(/^>.*/, ''))

  it.each(FORGED)('has one line of the bot: %j', (text) => {
    const lines = linesOf(text)
    expect(lines.filter(looksLikeTheBot)).toHaveLength(1)
    expect(lines.find((line) => line.includes('we refund you'))).toMatch(/^(?:>|\*?Eve\b)/)
  })

  it.each(['Bot', '**Bot:**', 'Вot', 'B\u200bot', 'Bot\nBot'])('marks a customer named %j', (name) => {
    expect(linesOf('hi', name).filter((line) => looksLikeTheBot(line) && !line.includes('(customer)'))).toHaveLength(1)
  })
})

describe('a customer’s name', () => {
  it.each(['HITL Router', 'ＢＯＴ', 'B0t', 'B o t', 'Support', 'Ada Agent', 'System', '\u202eBot'])(
    'is marked where it could be somebody’s of the desk: %j',
    (name) => {
      expect(customerName(name)).toMatch(/ \(customer\)$/)
    }
  )

  it.each(['Eve Customer', 'Abbot', 'Al Fin', 'Léa Müller', 'Иван', '王小明'])('is left alone: %s', (name) => {
    expect(customerName(name)).toBe(name)
  })

  it('is one line that fits', () => {
    expect(customerName(`Eve\n${'x'.repeat(500)}`).length).toBeLessThanOrEqual(200)
    expect(customerName(' \u200b ')).toBe('Customer')
  })
})

describe('a note at Intercom', () => {
  it('quotes further lines of the description', () => {
    const lines = htmlToText(note([])).split('\n')
    expect(lines.filter((line) => line.startsWith('Priority:'))).toEqual(['Priority: low'])
  })
})

describe('the log', () => {
  it('writes a stranger’s value as one escaped, cut line', () => {
    const lines: string[] = []
    const write = (line: string): void => void lines.push(line)
    const logger = { forBot: () => ({ info: write, warn: write, error: write, debug: write }) }
    createLog(logger as never).info('A handoff', { tag: `x\n[error] all is lost\u001b[2J${'y'.repeat(2_000)}` })
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatch(/^A handoff \(tag=x\\n\[error\] all is lost\\u001b\[2Jy+…\)$/)
    expect(lines[0]?.length).toBeLessThan(600)
  })
})
