/** What is no ordinary file, text or field: delivered as far as possible at every desk, and the rest said. */
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { PublishedFile, SandboxEntry } from '../providers/kit/sandbox'
import { providers } from '../src/definition/registry'
import { handOver, SETTLED_MS } from './support/handoffs'
import { createStage } from './support/simulated'

const DESKS = Object.keys(providers)
const MB = 1024 ** 2
const PNG = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(2_000, 3)])
/** Its header promises 30,000 × 30,000 pixels. */
const HUGE_PICTURE = Buffer.concat([
  Buffer.from('89504e470d0a1a0a0000000d49484452000075300000753008060000', 'hex'),
  Buffer.alloc(1_000),
])
const SVG = '<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
const PAGE = '<!DOCTYPE html><script>alert(1)</script>'
/** An archive of a little that unpacks to much. */
const ARCHIVE = Buffer.concat([Buffer.from('PK\x03\x04\x14\0\0\0\x08\0', 'latin1'), gzipSync(Buffer.alloc(5 * MB))])

const URL_OF = 'https://files.example.test/photo.png'
const RIGHT_TO_LEFT = '\u202e'
const ZERO_WIDTH = '\u200b'

const open = async (desk: string, name = 'Eve Customer') => {
  const stage = await createStage({ desks: [desk] })
  await stage.save(stage.configuration())
  const handoff = await handOver(stage, {}, { name })
  const before = handoff.ticket().entries.length
  const sent = async (message: string | { type: string; payload: Record<string, unknown> }) => {
    const startedAt = stage.clock.now()
    await stage.finish(stage.botpress.bot.customerSays(handoff.conversationId, message))
    const ms = stage.clock.now() - startedAt
    await stage.pass(SETTLED_MS)
    const entries = handoff
      .ticket()
      .entries.slice(before)
      .filter(({ kind }) => kind === 'customer')
    return { entries, ms, files: entries.flatMap(({ files = [] }) => files), text: _textOf(entries) }
  }
  return { stage, handoff, sent }
}

const _textOf = (entries: SandboxEntry[]): string => entries.map(({ text }) => text).join('\n')

const picture = (title = 'The photo') => ({ type: 'image', payload: { imageUrl: URL_OF, title } })

describe.each(DESKS)('at %s', (desk) => {
  const sendFile = async (file: PublishedFile, title?: string) => {
    const { stage, sent } = await open(desk)
    stage.web.publish(URL_OF, file)
    const arrived = await sent(picture(title))
    expect(stage.botpress.bot.errors).toEqual([])
    return arrived
  }

  it.each<[string, PublishedFile, string]>([
    ['a page that poses as a picture', { bytes: PAGE, contentType: 'image/png' }, 'text/html'],
    ['a page with scripts', { bytes: PAGE, contentType: 'text/html' }, 'text/html'],
    ['a drawing with scripts', { bytes: SVG, contentType: 'image/png' }, 'image/svg+xml'],
    ['a picture of 30,000 × 30,000', { bytes: HUGE_PICTURE, contentType: 'image/png' }, 'image/png'],
    ['an archive that unpacks to much', { bytes: ARCHIVE, contentType: 'application/zip' }, 'application/zip'],
  ])('%s arrives unopened as what it is, or as a link with the reason', async (_what, file, type) => {
    const { files, text } = await sendFile(file)
    expect(text).toContain('The photo')
    if (files.length === 0) expect(text).toMatch(/photo\.png[^]*not attached|not attached[^]*photo\.png/)
    for (const { name, contentType, bytes } of files) {
      if (type !== 'image/png') expect(name).not.toMatch(/\.png$/)
      // A desk may know fewer types than we do.
      expect([type, 'application/octet-stream']).toContain(contentType)
      expect(Buffer.from(bytes)).toEqual(Buffer.from(file.bytes as Uint8Array | string))
    }
  })

  it.each<[string, PublishedFile, string]>([
    ['zero bytes', { bytes: '', contentType: 'image/png' }, 'is empty'],
    ['2 GB', { bytes: PNG, length: 2 * 1024 * MB, contentType: 'image/png' }, 'is larger than'],
    [
      '2 GB without a word',
      { bytes: () => _endless(200 * MB), length: null, contentType: 'image/png' },
      'is larger than',
    ],
    ['an address that never answers', { failure: 'silent' }, 'takes too long to load'],
    ['an address of this machine', { failure: 'refused' }, 'has an address that may not be opened'],
    [
      'a body that unpacks to much',
      { bytes: gzipSync(Buffer.alloc(120 * MB)), headers: { 'content-encoding': 'gzip' } },
      'is larger than',
    ],
  ])('%s is a titled link that says why', async (_what, file, why) => {
    const { files, text, entries, ms } = await sendFile(file)
    expect(files).toEqual([])
    expect(entries).toHaveLength(1)
    expect(text).toContain('The photo')
    expect(text).toContain(URL_OF)
    expect(text).toContain(why)
    expect(ms).toBeLessThan(40_000)
  })

  it('a file that sends a byte a second holds nothing up', async () => {
    const { stage, sent } = await open(desk)
    const trickle = async function* () {
      yield PNG
      for (let count = 0; count < 3_600; count += 1) {
        await stage.clock.sleep(1_000)
        yield Buffer.from([0])
      }
    }
    stage.web.publish(URL_OF, { bytes: trickle, length: null, contentType: 'image/png' })
    const { files, text, ms } = await sent(picture())
    expect(files).toEqual([])
    expect(text).toContain('takes too long to load')
    expect(ms).toBeLessThan(40_000)
    expect((await sent('and a word')).text).toContain('and a word')
  })

  it('signs that turn or hide a name are gone', async () => {
    const { stage, sent, handoff } = await open(desk, `Eve${ZERO_WIDTH} ${RIGHT_TO_LEFT}remotsuC`)
    stage.web.publish(URL_OF, { bytes: PNG, contentType: 'image/png' })
    const { files } = await sent(picture(`photo${RIGHT_TO_LEFT}gnp${ZERO_WIDTH}.exe`))
    for (const { name } of files) expect(name).toMatch(/^[\w.-]+\.png$/)
    const { customer, entries } = handoff.ticket()
    const names = [customer, ...entries.filter(({ kind }) => kind === 'customer').map(({ author }) => author)]
    for (const name of names) expect(name).not.toMatch(/[\u200b\u202a-\u202e]/)
  })

  it.each([3_899, 3_900, 3_901, 4_000, 65_535])(
    'a text of emoji is cut nowhere inside one: after %i units',
    async (at) => {
      const { sent } = await open(desk)
      const text = `${'x'.repeat(at % 7)}${'😀'.repeat(Math.ceil(at / 2) + 9)}`
      const { entries } = await sent(text)
      const shown = entries.map((entry) => entry.text).join('')
      expect(shown).not.toMatch(/\p{Cs}/u)
      expect(shown.match(/😀/gu)).toHaveLength(text.match(/😀/gu)?.length ?? 0)
    }
  )
})

it.each(DESKS)('a custom field that does not exist at %s is named to the agents and to the bot', async (desk) => {
  const stage = await createStage({ desks: [desk] })
  await stage.save(stage.configuration())
  const { ticket } = await handOver(stage, { hitlSession: { fields: { 'Shoe size': '42' } } })
  const [routed] = stage.botpress.bot.events.filter(({ type }) => type.endsWith('handoffRouted'))
  const shown = _textOf(ticket().entries)
  expect(shown).toContain('Shoe size')
  // Slack shows fields of any name.
  if (ticket().fields?.['Shoe size'] === '42') return
  expect(shown).toContain('Left out of this ticket')
  expect(routed?.payload).toMatchObject({ leftOut: [expect.stringContaining('Shoe size')] })
  expect(shown).not.toContain('42')
})

async function* _endless(bytes: number): AsyncGenerator<Uint8Array> {
  yield PNG
  const block = Buffer.alloc(MB)
  for (let sent = 0; sent < bytes; sent += block.length) {
    await Promise.resolve()
    yield block
  }
}
