import { createRequire } from 'node:module'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import hitlInterface from '../../bp_modules/hitl'
import { createStage, type Stage } from '../../tests/support/simulated'
import { bundle } from '../build/bundle'
import definition from './bot.definition'
import { handOver, type Platform } from './src/hand-over'
import type { Availability } from './src/bp'
import { asksForPerson, TEXTS } from './src/texts'
import plugin from './stand-ins/hitl-plugin'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

/** Builds a file of the bot as the CLI does, and loads it. */
const built = async (entry: string): Promise<Record<string, unknown>> => {
  const { code } = await bundle(entry)
  const folder = mkdtempSync(join(tmpdir(), 'example-bot-'))
  folders.push(folder)
  const file = join(folder, 'index.cjs')
  writeFileSync(file, code)
  return createRequire(import.meta.url)(file) as Record<string, unknown>
}

describe('the definition', () => {
  it('binds the plugin to the router through the interface that it implements', () => {
    const { hitl } = definition.plugins ?? {}
    const router = definition.integrations?.['hitl-router']
    expect(router?.definition.actions).toHaveProperty('checkAvailability')
    const [alias] = Object.keys(router?.definition.interfaces ?? {})
    expect(hitl?.interfaces['hitl']).toMatchObject({
      integrationAlias: 'hitl-router',
      integrationInterfaceAlias: alias,
    })
    expect(plugin.definition.interfaces.hitl).toMatchObject({
      name: hitlInterface.name,
      version: hitlInterface.version,
    })
    expect(Object.keys(definition.withPlugins.actions ?? {})).toEqual(['hitl#startHitl', 'hitl#stopHitl'])
  })

  it('builds', async () => {
    const { default: loaded } = await built('playground/example-bot/bot.definition.ts')
    expect(Object.keys((loaded as typeof definition).integrations ?? {})).toEqual(['hitl-router'])
  })
})

/** The platform, as the bot gets it from Botpress: the real router, and the local plugin. */
const platformOf = (stage: Stage, conversationId: string) => {
  const said: string[] = []
  const { runtime, bot } = stage.botpress
  const platform: Platform = {
    say: (text) => Promise.resolve(said.push(text)),
    checkAvailability: async (input) => {
      const body = { type: 'desk:checkAvailability', input }
      const answer = await stage.finish(runtime.botCall('POST', '/v1/chat/actions', body))
      return (JSON.parse('body' in answer ? (answer.body ?? '') : '') as { output: Availability }).output
    },
    startHitl: ({ conversationId: _own, userId: _user, ...card }) => stage.finish(bot.startHitl(conversationId, card)),
  }
  return { said, platform }
}

const ask = async (text: string, routing: Record<string, unknown>) => {
  const stage = await createStage()
  await stage.save(stage.configuration(routing))
  const { conversationId, userId } = stage.botpress.bot.newCustomer({ name: 'Eve Customer' })
  await stage.finish(stage.botpress.bot.customerSays(conversationId, text))
  const { said, platform } = platformOf(stage, conversationId)
  const outcome = await handOver({ conversationId, userId, text }, platform)
  const tickets = Object.values(stage.sandboxes).flatMap((sandbox) => sandbox.tickets())
  return { outcome, said, tickets, isActive: stage.botpress.bot.isActive(conversationId) }
}

const closed = (nobodyThere: string) => ({
  desks: ['zendesk', 'intercom', 'slack'].map((desk) => ({ desk, hours: 'Sun 03:00-03:01; UTC' })),
  nobodyThere,
})

describe('the handoff', () => {
  it('says that somebody comes, and opens a ticket', async () => {
    const { outcome, said, tickets, isActive } = await ask('a human, please: my printer burns', {})
    expect({ outcome, said, isActive }).toEqual({ outcome: 'handed-over', said: [TEXTS.handingOver], isActive: true })
    expect(tickets).toMatchObject([{ customer: 'Eve Customer', tags: expect.arrayContaining(['example-bot']) }])
  })

  it('says in the customer’s language that nobody is there, and opens no ticket', async () => {
    const { outcome, said, tickets } = await ask(
      'Ich möchte bitte mit einem Menschen sprechen, mein Drucker brennt',
      closed('refuse')
    )
    expect(outcome).toBe('closed')
    expect(said).toEqual([expect.stringContaining('niemand erreichbar')])
    expect(tickets).toEqual([])
  })

  it('says that a ticket waits', async () => {
    const { outcome, said, tickets } = await ask('I want to talk to a person about my bill', closed('open-anyway'))
    expect(outcome).toBe('waits-for-agents')
    expect(said).toHaveLength(1)
    expect(said[0]).not.toBe(TEXTS.handingOver)
    expect(tickets).toHaveLength(1)
  })

  it.each([
    ['No desk took the handoff.\n- Slack: Could not open the ticket: the desk answered 503', TEXTS.failed],
    ['action_triggered failed: no answer', TEXTS.failed],
    ['No agent is available at the moment.', 'No agent is available at the moment.'],
  ])('tells the customer nothing that is for the team: %j', async (message, expected) => {
    const said: string[] = []
    const outcome = await handOver(
      { conversationId: 'c', userId: 'u', text: 'human' },
      {
        say: (text) => Promise.resolve(said.push(text)),
        checkAvailability: () =>
          Promise.resolve({ available: true, willOpen: true, message: '', messageForCustomer: '' }),
        startHitl: () => Promise.reject(new Error(message)),
      }
    )
    expect(outcome).toBe('failed')
    expect(said.at(-1)).toBe(expected)
  })

  it('knows who asks for a person', () => {
    expect(['I want a human', 'Einen Menschen bitte', 'Mensch!', 'un agente'].map(asksForPerson)).toEqual([
      true,
      false,
      true,
      false,
    ])
  })
})

describe('the built bot', () => {
  it('serves, and counts what the router reports', async () => {
    const { default: bot } = await built('playground/example-bot/src/index.ts')
    const { handler } = bot as { handler(request: unknown): Promise<{ status?: number }> }
    const call = (operation: string, type: string, body: unknown) =>
      handler({
        method: 'POST',
        path: '/',
        query: '',
        headers: {
          'x-bot-id': 'bot-1',
          'x-bot-user-id': 'bot-1',
          'x-bp-operation': operation,
          'x-bp-type': type,
          'x-bp-configuration': Buffer.from('{"payload":"{}"}').toString('base64'),
        },
        body: JSON.stringify(body),
      })
    expect((await call('ping', 'ping', {})).status).toBe(200)
    const counted: unknown[] = []
    const { createServer } = await import('node:http')
    const server = createServer((incoming, outgoing) => {
      const chunks: Buffer[] = []
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
      incoming.on('end', () => {
        counted.push(JSON.parse(Buffer.concat(chunks).toString('utf8')))
        outgoing.writeHead(200, { 'content-type': 'application/json' }).end('{}')
      })
    })
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    const address = server.address()
    const before = process.env['BP_API_URL']
    process.env['BP_API_URL'] = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
    try {
      const type = 'hitl-router:handoffRouted'
      const payload = { hitlConversationId: 'conv_1', desk: 'slack', reason: 'first', attempts: 1 }
      const event = { id: 'event_1', type, payload, createdAt: new Date(0).toISOString() }
      expect((await call('event_received', type, { event })).status).toBe(200)
      expect(counted).toEqual([{ name: 'routed-to-slack', count: 1 }])
    } finally {
      if (before === undefined) delete process.env['BP_API_URL']
      else process.env['BP_API_URL'] = before
      server.closeAllConnections()
      server.close()
    }
  })
})
