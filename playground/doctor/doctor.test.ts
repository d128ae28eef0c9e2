import { createServer } from 'node:net'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { serveDesks, type ServedDesks } from '../../tests/live/desks'
import { providers } from '../../src/definition/registry'
import { performed } from '../terminal/testing'
import type { Reach } from './address'
import type { DeskReport } from './examine'
import { DOCTOR, doctorCommand } from './main'
import { readOnlyNetwork } from './read-only'

const PUBLIC_URL = 'https://webhook.botpress.cloud/abc'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

const served = async (): Promise<ServedDesks> => {
  const desks = await serveDesks()
  closing.push(desks.close)
  return desks
}

const fileWith = (content: unknown): string => {
  const folder = mkdtempSync(join(tmpdir(), 'doctor-'))
  closing.push(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'configuration.json')
  writeFileSync(file, JSON.stringify(content))
  return file
}

/** As the router answers an unsigned GET. */
const router: Reach = () => Promise.resolve({ status: 405, body: '{"error":"Webhooks are sent by POST"}' })

const doctor = (
  desks: ServedDesks,
  args: string[] = [],
  more: { now?: () => number; reach?: Reach; configuration?: unknown } = {}
) =>
  performed(
    DOCTOR,
    (run) =>
      doctorCommand(run, {
        now: more.now ?? (() => Date.now()),
        reach: more.reach ?? router,
        resolveOrigin: desks.resolveOrigin,
        timeoutMs: 2_000,
      }),
    ['--config', fileWith(more.configuration ?? desks.configuration), ...args]
  )

const reportOf = (out: string) => JSON.parse(out) as { right: number; look: number; wrong: number; desks: DeskReport[] }

/** Subscribes at every desk, as a save does. */
const subscribe = async (desks: ServedDesks): Promise<void> => {
  for (const [name, { config }] of Object.entries(desks.sandboxes)) {
    const provider = providers[name]
    const driver = provider?.connect(provider.config.parse(config), {
      now: () => Date.now(),
      sleep: () => Promise.resolve(),
      log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
      timeoutMs: 2_000,
      memory: new Map(),
      resolveOrigin: desks.resolveOrigin,
    })
    await driver?.subscribe?.({ url: `${PUBLIC_URL}/${name}`, installation: 'abc', botId: 'bot-1' })
  }
}

/** Everything of a vendor that a call could change. */
const stateOf = ({ sandboxes }: ServedDesks): string =>
  JSON.stringify(
    Object.values(sandboxes).map((sandbox) => {
      const { rules, state } = sandbox as unknown as Record<
        string,
        { webhooks?: unknown; triggers?: unknown; users?: unknown }
      >
      return [sandbox.tickets(), rules?.webhooks, rules?.triggers, state?.users]
    })
  )

const writesAt = ({ sandboxes }: ServedDesks): string[] =>
  Object.values(sandboxes).flatMap(({ server }) =>
    server.requests
      .filter(({ method, path }) => method !== 'GET' && !/\/oauth\/tokens$|\/auth\.test$/.test(path))
      .map(({ method, path }) => `${method} ${path}`)
  )

describe('the doctor', () => {
  it('says line by line what is right, and changes nothing', async () => {
    const desks = await served()
    await subscribe(desks)
    for (const { server } of Object.values(desks.sandboxes)) server.requests.length = 0
    const before = stateOf(desks)
    const { code, out, error } = await doctor(desks, ['--public-url', PUBLIC_URL])
    expect(error).toBe('')
    expect(out).not.toContain('✗')
    expect(code).toBe(0)
    for (const { title } of Object.values(providers)) expect(out).toContain(`${title}\n`)
    expect(out).toMatch(/✓ Network {2,}The desk answers within \d+ ms/)
    expect(out).toContain('✓ Webhook      “Botpress HITL Router abc” is active and leads to')
    expect(out).toMatch(/✓ Address {2,}The router answers at https:\/\/webhook\.botpress\.cloud\/abc\/slack/)
    expect(out).toMatch(/Ready: \d+ right, \d+ to look at, 0 wrong\. Nothing was changed\.\n$/)
    expect(stateOf(desks)).toBe(before)
    expect(writesAt(desks)).toEqual([])
  })

  it('changes nothing where something is missing either, and says what to do', async () => {
    const desks = await served()
    const configuration = {
      ...desks.configuration,
      // A public channel that the app hasn't joined: a save would join it.
      slack: { ...(desks.configuration['slack'] as object), channel: 'C0PUBLIC001' },
    }
    const before = stateOf(desks)
    const { code, out } = await doctor(desks, ['--public-url', PUBLIC_URL, '--json'], { configuration })
    expect(code).toBe(1)
    const { desks: reports } = reportOf(out)
    const zendesk = reports.find(({ desk }) => desk === 'zendesk')
    expect(zendesk?.findings).toContainEqual({
      state: 'wrong',
      about: 'Webhook',
      found: 'There is none for the installation abc',
      advice: 'Save the configuration in Botpress: that creates and restores webhook and triggers',
    })
    expect(stateOf(desks)).toBe(before)
    expect(writesAt(desks)).toEqual([])
  })

  it('prints JSON that counts what it lists', async () => {
    const { code, out } = await doctor(await served(), ['--json'])
    const { right, look, wrong, desks } = reportOf(out)
    const findings = desks.flatMap((desk) => desk.findings)
    expect(desks.map(({ desk }) => desk).toSorted()).toEqual(Object.keys(providers).toSorted())
    expect(right + look + wrong).toBe(findings.length)
    expect(code).toBe(wrong === 0 ? 0 : 1)
  })

  it('notices a clock that is wrong', async () => {
    const ahead = await doctor(await served(), [], { now: () => Date.now() + 10 * 60_000 })
    expect(ahead.out).toContain('This machine’s clock is 10 minutes ahead of the desk’s')
    expect(ahead.code).toBe(1)
    const behind = await doctor(await served(), [], { now: () => Date.now() - 90_000 })
    expect(behind.out).toMatch(/This machine’s clock is \d+ s behind the desk’s/)
  })

  it('says that there is no network', async () => {
    const desks = await served()
    const unused = createServer()
    await new Promise<void>((resolve) => {
      unused.listen(0, '127.0.0.1', resolve)
    })
    const address = unused.address()
    await new Promise((resolve) => {
      unused.close(resolve)
    })
    const nowhere = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 1}`
    const { code, out } = await doctor({ ...desks, resolveOrigin: () => nowhere })
    expect(code).toBe(1)
    expect(out).toContain('✗ Network')
    expect(out).toContain('no answer (ECONNREFUSED)')
    expect(out).toContain('Check this machine’s network, DNS and firewall')
  })

  it('says that a desk answers nonsense, without its words', async () => {
    const desks = await served()
    for (const { server } of Object.values(desks.sandboxes))
      server.addFault({ kind: 'status', status: 200, body: { nonsense: 'xoxb-leak' }, times: 99 })
    const { code, out } = await doctor(desks)
    expect(code).toBe(1)
    expect(out).toContain('unexpected answer')
    expect(out).not.toContain('xoxb-leak')
  })

  it.each([
    ['is not the router', { status: 200, body: '<html>' }, '! Address', 'Something answers 200 at'],
    [
      'lacks the desk',
      { status: 404, body: '{"error":"No such desk is configured: the …"}' },
      '✗ Address',
      'doesn’t have this desk',
    ],
  ])('says that what answers at the address %s', async (_title, answer, sign, words) => {
    const { out } = await doctor(await served(), ['--public-url', PUBLIC_URL], { reach: () => Promise.resolve(answer) })
    expect(out).toContain(sign)
    expect(out).toContain(words)
  })

  it('says that the address can’t be reached', async () => {
    const refuse = () => Promise.reject(Object.assign(new TypeError('fetch failed'), { cause: { code: 'ENOTFOUND' } }))
    const { code, out } = await doctor(await served(), ['--public-url', PUBLIC_URL], { reach: refuse })
    expect(code).toBe(1)
    expect(out).toContain('can’t be reached from here (ENOTFOUND)')
  })

  it('says what a desk still lacks, and that one is switched off', async () => {
    const desks = await served()
    const configuration = {
      ...desks.configuration,
      slack: { enabled: true, channel: 'C0123456789' },
      intercom: { ...(desks.configuration['intercom'] as object), enabled: false },
    }
    const { out } = await doctor(desks, [], { configuration })
    expect(out).toContain('It isn’t ready: Bot token is missing; Signing secret is missing')
    expect(out).toContain('It is switched off and gets no new handoffs')
  })

  it.each([
    [[], '--config is missing'],
    [['--config', '/nowhere.json'], '--config: /nowhere.json doesn’t exist'],
    [['--config', 'x', '--public-url', 'http://x.example'], 'has to begin with https://'],
    [['--config', 'x', '--public-url', 'https://webhook.botpress.cloud'], 'lacks the installation’s id'],
    [['--config', 'playground/examples/configuration.json'], 'is a placeholder: enter the real one'],
  ])('refuses %j', async (args, problem) => {
    const surroundings = { now: () => 0, reach: router, timeoutMs: 1 }
    const { code, out, error } = await performed(DOCTOR, (run) => doctorCommand(run, surroundings), args)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(error).toContain(problem)
    expect(error).not.toContain('    at ')
  })
})

describe('the read-only network', () => {
  it('sends nothing that could change something', async () => {
    const sent: string[] = []
    const network = readOnlyNetwork(
      () => 0,
      (config) => {
        sent.push(`${config.method} ${config.url}`)
        return Promise.resolve({ data: '', status: 200, statusText: '', headers: {}, config })
      }
    )
    const send = (method: string, url: string) =>
      network.transport({ method, url, baseURL: 'https://desk.example.test', headers: {} as never })
    await send('get', '/api/v2/webhooks')
    await send('post', '/oauth/tokens')
    await send('post', '/api/auth.test')
    for (const [method, url] of [
      ['post', '/api/v2/tickets'],
      ['put', '/api/v2/triggers/1'],
      ['patch', '/api/v2/webhooks/1'],
      ['delete', '/api/v2/webhooks/1'],
      ['post', '/api/conversations.join'],
    ] as const)
      await expect(send(method, url)).rejects.toThrow('Only reading')
    expect(sent).toEqual(['get /api/v2/webhooks', 'post /oauth/tokens', 'post /api/auth.test'])
  })
})
