/**
 * The scenario table: every type of message, at every desk, in both directions. It prints itself, and hub.md shows the
 * same table under “What arrives”.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { Payload } from '../playground/botpress/types'
import type { SandboxEntry } from '../providers/kit/sandbox'
import { providers } from '../src/definition/registry'
import { handOver, SETTLED_MS, type Handoff } from './support/handoffs'
import { createStage, type Stage } from './support/simulated'

const DESKS = Object.values(providers).map(({ name, title }) => ({ name, title }))

const PNG = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(2_000, 3)])
const MP3 = Buffer.concat([Buffer.from('ID3\x03\0\0\0\0\0\0', 'latin1'), Buffer.alloc(2_000, 3)])
const MP4 = Buffer.concat([Buffer.from('\0\0\0\x18ftypisom', 'latin1'), Buffer.alloc(2_000, 3)])
const PDF = Buffer.from('%PDF-1.7\nthe manual\n')
const FILES = {
  'photo.png': { contentType: 'image/png', bytes: PNG },
  'voice.mp3': { contentType: 'audio/mpeg', bytes: MP3 },
  'film.mp4': { contentType: 'video/mp4', bytes: MP4 },
  'manual.pdf': { contentType: 'application/pdf', bytes: PDF },
}
type FileName = keyof typeof FILES
const GONE = 'https://files.example.test/gone.pdf'
const HUGE = 'https://files.example.test/huge.mp4'
const urlOf = (name: string) => `https://files.example.test/${name}`

const text = (words: string): Message => ({ type: 'text', payload: { text: words } })
const image = (more: Payload = {}): Message => ({ type: 'image', payload: { imageUrl: urlOf('photo.png'), ...more } })
const file = (more: Payload = {}): Message => ({ type: 'file', payload: { fileUrl: urlOf('manual.pdf'), ...more } })
const location: Message = { type: 'location', payload: { latitude: 48.85, longitude: 2.35, title: 'The shop' } }

interface Message {
  type: string
  payload: Payload
}

/** What a customer sends, as the channel and the plugin pass it on. */
const FROM_CUSTOMER: Record<string, Message> = {
  'Text, also with emoji and signs of formatting': text('5*3 = 15 👍 <b>_now_</b>'),
  Picture: image(),
  'Picture with a caption': image({ title: 'It looks like this' }),
  'Voice message or other audio': { type: 'audio', payload: { audioUrl: urlOf('voice.mp3') } },
  Video: { type: 'video', payload: { videoUrl: urlOf('film.mp4') } },
  'Document or other file': file({ title: 'Invoice 4711' }),
  'Text, picture and file in one message': { type: 'bloc', payload: { items: [text('See both'), image(), file()] } },
  Location: { type: 'bloc', payload: { items: [location] } },
  'File of 2 GB': { type: 'video', payload: { videoUrl: HUGE, title: 'The whole film' } },
  'File that can’t be opened': { type: 'file', payload: { fileUrl: GONE, title: 'Contract' } },
}

interface Sent {
  text: string
  files: FileName[]
}

/** What an agent sends. */
const FROM_AGENT: Record<string, Sent> = {
  'Text, also with formatting': { text: 'We have *sent* it', files: [] },
  Picture: { text: '', files: ['photo.png'] },
  Audio: { text: '', files: ['voice.mp3'] },
  Video: { text: '', files: ['film.mp4'] },
  'Document or other file': { text: '', files: ['manual.pdf'] },
  'Text, picture and file in one message': { text: 'See both', files: ['photo.png', 'manual.pdf'] },
}

/** Cells by row, then by desk. */
const toDesk = new Map<string, Map<string, string>>()
const toCustomer = new Map<string, Map<string, string>>()
const note = (table: typeof toDesk, row: string, desk: string, cell: string): void => {
  table.set(row, (table.get(row) ?? new Map<string, string>()).set(desk, cell))
}

const open = async (desk: string): Promise<{ stage: Stage; handoff: Handoff }> => {
  const stage = await createStage({ desks: [desk] })
  await stage.save(stage.configuration())
  for (const [name, content] of Object.entries(FILES)) stage.web.publish(urlOf(name), content)
  stage.web.publish(GONE, { status: 404, bytes: 'gone' })
  stage.web.publish(HUGE, { bytes: MP4, contentType: 'video/mp4', length: 2 * 1024 ** 3 })
  const handoff = await handOver(stage)
  return { stage, handoff }
}

const WORDS: Record<string, string> = { image: 'picture', audio: 'audio', video: 'video', file: 'file', text: 'text' }

/** Signs without a shape keep a desk from obeying what customers write. */
const visible = (shown: string): string => shown.replace(/[\u200b\u2060\ufeff]/g, '')

const kindOf = (contentType: string): string => WORDS[contentType.split('/')[0] ?? ''] ?? 'file'

/** What agents see of one message of the customer. Throws where something of it is missing. */
const asArrived = (entries: SandboxEntry[], sent: Message): string => {
  const shown = visible(entries.map((entry) => entry.text).join('\n'))
  const attached = entries.flatMap(({ files = [] }) => files)
  const items = (sent.type === 'bloc' ? sent.payload['items'] : [sent]) as Message[]
  const cells = items.map(({ type, payload }) => {
    if (type === 'text') return shown.includes(String(payload['text'])) ? 'text' : 'dropped'
    if (type === 'location') return shown.includes('48.85') ? 'map link with its name' : 'dropped'
    const url = String(payload[`${type}Url`])
    const known = FILES[url.split('/').at(-1) as FileName] as { bytes: Buffer } | undefined
    const found = attached.find(({ bytes }) => known !== undefined && known.bytes.equals(Buffer.from(bytes)))
    if (found) return `${kindOf(found.contentType)}, attached`
    if (!shown.includes(url)) return 'dropped'
    return /larger than|could not/.test(shown) ? 'link with the reason' : 'link'
  })
  const title = sent.payload['title']
  const isTitled = title === undefined || shown.includes(String(title))
  const parts = entries.length > 1 ? ` (${entries.length} posts)` : ''
  return `${isTitled ? cells.join('; ') : 'dropped'}${parts}`
}

/** What the customer sees of one message of an agent. */
const asSeen = (messages: Message[], sent: Sent): string => {
  const items = messages.flatMap((message) =>
    message.type === 'bloc' ? (message.payload['items'] as Message[]) : [message]
  )
  const shown = items.map(({ type, payload }) => {
    if (type === 'text') return String(payload['text']).includes('shown here') ? 'named' : 'text'
    return WORDS[type] ?? 'dropped'
  })
  const wanted = (sent.text ? 1 : 0) + sent.files.length
  if (shown.length < wanted) return 'dropped'
  return `${shown.join('; ')}${messages.length > 1 ? ` (${messages.length} messages)` : ''}`
}

describe.each(DESKS)('what a customer sends to $title', ({ name, title }) => {
  it.each(Object.entries(FROM_CUSTOMER))('%s', async (row, message) => {
    const { stage, handoff } = await open(name)
    const before = handoff.ticket().entries.length
    await stage.finish(stage.botpress.bot.customerSays(handoff.conversationId, message))
    await stage.pass(SETTLED_MS)
    const cell = asArrived(handoff.ticket().entries.slice(before), message)
    note(toDesk, row, title, cell)
    expect(cell).not.toContain('dropped')
    expect(stage.botpress.bot.errors).toEqual([])
  })
})

describe.each(DESKS)('what an agent sends from $title', ({ name, title }) => {
  const arrives = async (act: (stage: Stage, id: string) => void) => {
    const { stage, handoff } = await open(name)
    const before = stage.botpress.bot.seen(handoff.conversationId).length
    act(stage, handoff.ticket().id)
    await stage.pass(SETTLED_MS)
    const seen = stage.botpress.bot.seen(handoff.conversationId).slice(before)
    return seen.filter(({ from }) => from === 'agent')
  }

  it.each(Object.entries(FROM_AGENT))('%s', async (row, sent) => {
    const seen = await arrives((stage, id) => {
      const attachments = sent.files.map((file) => ({ name: file, ...FILES[file] }))
      stage.sandbox(name).agentReplies(id, sent.text, { attachments })
    })
    const cell = asSeen(seen, sent)
    note(toCustomer, row, title, cell)
    expect(cell).not.toContain('dropped')
  })

  /** Some desks let agents change nothing. Then there is nothing to arrive. */
  it.each(['Edited message', 'Deleted message'])('%s', async (row) => {
    const { stage, handoff } = await open(name)
    const { id } = handoff.ticket()
    const sandbox = stage.sandbox(name)
    const change = row === 'Edited message' ? sandbox.agentEdits : sandbox.deleteReply
    if (!change) {
      note(toCustomer, row, title, '–')
      return
    }
    const message = sandbox.agentReplies(id, 'It costs 10 euros')
    await stage.pass(SETTLED_MS)
    const before = stage.botpress.bot.seen(handoff.conversationId).length
    change(message, 'It costs 100 euros')
    await stage.pass(SETTLED_MS)
    const isTold = () =>
      stage.botpress.bot
        .seen(handoff.conversationId)
        .slice(before)
        .some(({ text: words }) => /Correction:|disregard/.test(words))
    const isToldAtOnce = isTold()
    sandbox.agentReplies(id, 'And one more thing')
    await stage.pass(SETTLED_MS)
    const later = isTold() ? 'correction, with the next message' : 'dropped'
    note(toCustomer, row, title, isToldAtOnce ? 'correction' : later)
    expect(toCustomer.get(row)?.get(title)).not.toBe('dropped')
  })
})

const asTable = (heading: string, rows: typeof toDesk): string => {
  const titles = DESKS.map(({ title }) => title)
  const lines = [...rows].map(([row, cells]) => [row, ...titles.map((title) => cells.get(title) ?? 'dropped')])
  const all = [[heading, ...titles], ...lines]
  const widths = all[0]?.map((_cell, column) => Math.max(...all.map((line) => line[column]?.length ?? 0))) ?? []
  const line = (cells: string[]) => `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  const [head = [], ...body] = all.map(line)
  return [head, `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...body].join('\n')
}

afterAll(() => {
  process.stdout.write(`\n${asTable('from the customer', toDesk)}\n\n${asTable('from an agent', toCustomer)}\n`)
})

describe('hub.md', () => {
  it('shows the same tables under “What arrives”', () => {
    const hub = readFileSync(join(import.meta.dirname, '../hub.md'), 'utf8')
    expect(hub).toContain('## What arrives')
    expect(hub).toContain(asTable('from the customer', toDesk))
    expect(hub).toContain(asTable('from an agent', toCustomer))
  })
})
