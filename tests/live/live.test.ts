/** Real desks, local Botpress: the sandboxes stand for the vendors, served elsewhere over real HTTP. */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { openLive, type Live, type OpenLiveOptions } from '../../playground/live/main'
import { reachOverHttp } from '../../playground/doctor/address'
import type { ZendeskSandbox } from '../../providers/zendesk/sandbox'
import { freePort, serveDesks, type ServedDesks } from './desks'

const ROOT = join(import.meta.dirname, '../..')
const PUBLIC_URL = 'https://tunnel.example.test'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

const fileWith = (content: unknown): string => {
  const folder = mkdtempSync(join(tmpdir(), 'live-'))
  closing.push(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'configuration.json')
  writeFileSync(file, JSON.stringify(content))
  return file
}

const served = async (): Promise<ServedDesks> => {
  const desks = await serveDesks()
  closing.push(desks.close)
  return desks
}

const zendeskOf = ({ sandboxes }: ServedDesks) => sandboxes['zendesk'] as unknown as ZendeskSandbox

/** What the router has set up at the vendors. */
const setUpAt = (desks: ServedDesks): string[] => {
  const { webhooks, triggers } = zendeskOf(desks).rules
  return [...webhooks.map(({ name }) => name), ...triggers.map(({ title }) => title)]
}

const open = async (desks: ServedDesks, more: Partial<OpenLiveOptions> = {}) => {
  const told: string[] = []
  const log: string[] = []
  const webhookPort = await freePort()
  const tunnel = `http://127.0.0.1:${webhookPort}`
  const live: Live = await openLive({
    file: fileWith(desks.configuration),
    publicUrl: PUBLIC_URL,
    webhookPort,
    ports: {},
    reach: (url) => reachOverHttp(`${tunnel}${new URL(url).pathname}`),
    resolveOrigin: desks.resolveOrigin,
    onLog: (text) => log.push(text),
    tell: (line) => told.push(line),
    ...more,
  })
  closing.push(() => live.close().catch(() => undefined))
  const { pathname } = new URL(/https:\S+(?=\/<desk>)/.exec(told.join('\n'))?.[0] ?? PUBLIC_URL)
  desks.deliverTo(`${tunnel}${pathname}`)
  return { live, told, log, tunnel, pathname, world: live.playground.world }
}

describe('npm start -- --live', () => {
  it('hands over to a real desk, brings the agent’s answer back, and removes what it has set up', async () => {
    const desks = await served()
    const { live, world, told, pathname } = await open(desks)
    expect(told[0]).toContain(`${PUBLIC_URL}${pathname}/<desk>`)
    const installation = pathname.slice(1)
    expect(setUpAt(desks).toSorted()).toEqual([
      `Botpress HITL Router ${installation}`,
      `Botpress HITL Router ${installation}: notes`,
      `Botpress HITL Router ${installation}: replies`,
      `Botpress HITL Router ${installation}: state`,
    ])
    expect(zendeskOf(desks).rules.webhooks[0]?.endpoint).toBe(`${PUBLIC_URL}${pathname}/zendesk`)

    const { bot } = world.botpress
    const { conversationId } = bot.newCustomer({ name: 'Eve Customer' })
    await bot.customerSays(conversationId, 'My printer burns')
    await bot.startHitl(conversationId, { title: 'Printer' })
    const [ticket] = desks.sandboxes['zendesk']?.tickets() ?? []
    expect(ticket).toMatchObject({ title: 'Printer', customer: 'Eve Customer' })
    desks.sandboxes['zendesk']?.agentReplies(ticket?.id ?? '', 'Unplug it, please')
    await expect.poll(() => bot.transcript(conversationId).map(({ text }) => text)).toContain('Unplug it, please')

    const left = await live.close()
    expect(left.failed).toEqual([])
    expect(left.byHand.map((line) => line.split(':')[0])).toEqual(['Intercom', 'Slack'])
    expect(setUpAt(desks)).toEqual([])
  })

  it('lets the internet reach webhooks of its desks, and nothing else', async () => {
    const desks = await served()
    const { tunnel, pathname } = await open(desks)
    const statusOf = async (path: string, init: RequestInit = {}) => (await fetch(`${tunnel}${path}`, init)).status
    const post = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }
    expect(await statusOf(`${pathname}/zendesk`, post), 'unsigned').toBe(401)
    expect(await statusOf(`${pathname}/intercom`, { method: 'HEAD' }), 'Intercom’s handshake').toBe(200)
    for (const path of [
      `${pathname}/fax`,
      '/',
      '/v1/chat/users',
      '/api/state',
      `${pathname}/zendesk/x`,
      '/other/zendesk',
    ])
      expect(await statusOf(path, post), path).toBe(404)
    expect(await statusOf(`${pathname}/slack`, { ...post, body: 'x'.repeat(3_000_000) })).toBe(413)
  })

  it('finds what a killed session with the same address has left', async () => {
    const desks = await served()
    const first = await open(desks)
    await first.live.playground.close()
    const before = setUpAt(desks)
    expect(before).toHaveLength(4)
    const second = await open(desks)
    expect(setUpAt(desks)).toEqual(before)
    await second.live.close()
    expect(setUpAt(desks)).toEqual([])
  })

  it('leaves nothing behind when a desk refuses its credentials', async () => {
    const desks = await served()
    const configuration = {
      ...desks.configuration,
      slack: { ...(desks.configuration['slack'] as object), botToken: 'xoxb-no' },
    }
    await expect(open(desks, { file: fileWith(configuration) })).rejects.toThrow(/a desk did not accept it[\s\S]*Slack/)
    expect(setUpAt(desks)).toEqual([])
  })

  it('says that the address leads elsewhere, before it asks any desk', async () => {
    const desks = await served()
    const elsewhere = () => Promise.resolve({ status: 404, body: '<html>' })
    await expect(open(desks, { reach: elsewhere })).rejects.toThrow(
      'doesn’t lead here: something else answers there (404)'
    )
    const nowhere = () => Promise.reject(new Error('ENOTFOUND'))
    await expect(open(desks, { reach: nowhere })).rejects.toThrow(/can’t be reached\. Start a tunnel to http:\/\/127/)
    expect(Object.values(desks.sandboxes).flatMap(({ server }) => server.requests)).toEqual([])
  })

  it.each([
    ['http://tunnel.example.test', 'begin with https://'],
    ['https://localhost:8787', 'can’t be reached from the internet'],
    ['https://192.168.1.7', 'can’t be reached from the internet'],
    ['tunnel', 'isn’t an address'],
    ['https://a:b@tunnel.example.test', 'must not hold a name or a password'],
  ])('refuses %s as a public address', async (publicUrl, problem) => {
    await expect(open(await served(), { publicUrl })).rejects.toThrow(problem)
  })

  it('reports what could not be removed', async () => {
    const desks = await served()
    const { live } = await open(desks)
    zendeskOf(desks).server.addFault({ kind: 'status', status: 500, times: 99 })
    const left = await live.close()
    expect(left.failed).toEqual([expect.stringContaining('Could not clean up at Zendesk')])
  })
})

const running: ChildProcess[] = []
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL')
})

const startProcess = async (desks: ServedDesks, args: string[]) => {
  const port = await freePort()
  const tunnel = `http://127.0.0.1:${port}`
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', 'tests/live/process.ts', '--webhook-port', String(port), ...args],
    { cwd: ROOT, env: { ...process.env, RESOLVE: JSON.stringify(desks.origins), TUNNEL: tunnel } }
  )
  running.push(child)
  const written = { out: '', error: '' }
  child.stdout.on('data', (data: Buffer) => {
    written.out += data.toString('utf8')
  })
  child.stderr.on('data', (data: Buffer) => {
    written.error += data.toString('utf8')
  })
  const ended = new Promise<number | null>((resolve) => {
    child.on('exit', (code) => resolve(code))
  })
  return { child, written, ended }
}

describe('as a process', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('removes its subscriptions on %s', async (signal) => {
    const desks = await served()
    const file = fileWith(desks.configuration)
    const { child, written, ended } = await startProcess(desks, ['--live', file, '--public-url', PUBLIC_URL])
    await expect.poll(() => written.out).toContain('Press Ctrl-C to stop.')
    expect(written.out).toContain('The desks are your real ones')
    expect(setUpAt(desks)).toHaveLength(4)
    child.kill(signal)
    expect(await ended).toBe(0)
    expect(setUpAt(desks)).toEqual([])
    expect(written.error).toContain('Removing the subscriptions')
    expect(written.error).toContain('Left to do by hand: Slack: ')
  })

  it('removes its subscriptions when Ctrl-C comes while it starts', async () => {
    const desks = await served()
    const { child, written, ended } = await startProcess(desks, [
      '--live',
      fileWith(desks.configuration),
      '--public-url',
      PUBLIC_URL,
    ])
    await expect.poll(() => setUpAt(desks).length).toBeGreaterThan(0)
    child.kill('SIGINT')
    expect(await ended, written.error).toBe(0)
    expect(setUpAt(desks)).toEqual([])
  })

  it('refuses what it can’t use in one sentence', async () => {
    const desks = await served()
    const { written, ended } = await startProcess(desks, ['--live', '/nowhere.json', '--public-url', PUBLIC_URL])
    expect(await ended).toBe(2)
    expect(written.error).toBe('--live: /nowhere.json doesn’t exist\n')
  })
})
