import { z } from '@botpress/sdk'
import { afterEach, describe, expect, it } from 'vitest'
import { defineProvider, type ConfigSchema, type Driver, type Provider } from '../../providers/provider'
import { register } from '../actions/setup'
import { parseRouting } from '../routing/parse-routing'
import { providers } from '../definition/registry'
import { providerNames } from '../definition/registry'
import type { Context } from './bp'
import type { Call } from './call'
import { configuredDesks, deskProblems } from './configuration'
import { connectDesk } from './desk'

const [FIRST = ''] = providerNames as readonly string[]

/** A desk whose token comes only after a first save. */
const pending = defineProvider({
  name: 'pending',
  title: 'Pending',
  config: z.object({
    token: z.string().secret().optional().title('Token').describe('Of the app that the log describes.'),
    room: z.string().optional().title('Room').describe('For handoffs.'),
    prefix: z.string().default('//').title('Prefix').describe('Of notes.'),
  }),
  checkConfig: ({ token, room }) => [
    ...(room === undefined ? [{ field: 'room', problem: 'is missing' }] : []),
    ...(token === undefined ? [{ field: 'token', problem: 'is missing', notReady: true as const }] : []),
  ],
  retryReply: { status: 503 },
  answerWithinMs: 1_000,
  redelivers: true,
  connect: () => ({ instructions: ({ url }) => `Make an app for ${url}` }) as Driver,
})

afterEach(() => {
  delete providers['pending']
})

const withPending = (): void => {
  providers['pending'] = pending as unknown as Provider<ConfigSchema>
}

const configuration = (blocks: Record<string, unknown>) => blocks as unknown as Context['configuration']
const namesOf = (blocks: Record<string, unknown>) =>
  configuredDesks(configuration(blocks)).map(({ provider }) => provider)

describe('a desk’s block that holds nothing', () => {
  it.each([
    ['null', null],
    ['no field', {}],
    ['the switch', { enabled: true }],
    ['defaults', { enabled: true, prefix: '//' }],
    ['empty texts', { enabled: true, token: '', room: '  ', languages: '', hours: '\n' }],
    ['nothing at all', { enabled: true, token: null, weight: null, room: undefined, hours: [] }],
  ])('is absent: %s', (_name, block) => {
    withPending()
    expect(namesOf({ pending: block })).toEqual([])
    expect(deskProblems(configuration({ pending: block }))[0]?.problem).toContain('no desk is set up')
  })

  it('doesn’t keep the other desks from being saved, at any desk', () => {
    withPending()
    const others = Object.fromEntries(Object.keys(providers).map((name) => [name, { enabled: true }]))
    expect(namesOf({ ...others, pending: { token: 't', room: 'r' } })).toEqual(['pending'])
    expect(deskProblems(configuration({ ...others, pending: { token: 't', room: 'r' } }))).toEqual([])
  })
})

describe('a block', () => {
  it('passes what is special there on to routing, and never to the driver', () => {
    withPending()
    const block = {
      token: 't',
      room: 'r',
      languages: 'fr',
      hours: 'Mon-Fri 9-17; Europe/Paris',
      weight: 3,
      capacity: '',
    }
    const [desk] = configuredDesks(configuration({ pending: block }))
    expect(desk?.settings).toEqual({ languages: 'fr', hours: 'Mon-Fri 9-17; Europe/Paris', weight: 3 })
    const [read] = parseRouting(undefined, desk ? [desk] : []).routing?.desks ?? []
    expect(read).toMatchObject({ languages: ['fr'], weight: 3, calendar: { timeZone: 'Europe/Paris' } })
    expect(read).not.toHaveProperty('settings')
  })

  it('that has only that names what is missing of its connection', () => {
    withPending()
    expect(deskProblems(configuration({ pending: { hours: 'Mon-Fri 9-17' } }))).toEqual([
      { field: 'Pending → Room', problem: 'is missing' },
    ])
  })

  it('names problems of its hours as Studio does', () => {
    withPending()
    const block = { token: 't', room: 'r', hours: 'Mon-Fri 9-5; EST', weight: 0 }
    expect(
      parseRouting(undefined, configuredDesks(configuration({ pending: block }))).problems?.map(({ field }) => field)
    ).toEqual(['Pending → Weight', 'Pending → Hours', 'Pending → Hours'])
  })

  it('may be incomplete when it is switched off, but not everything may be', () => {
    withPending()
    const off = { pending: { enabled: false, token: 't' } }
    expect(deskProblems(configuration(off))).toEqual([
      { field: 'Configuration', problem: 'every desk is disabled: enable at least one' },
    ])
  })

  it('has no field of a driver by the name of a routing field', () => {
    for (const { config } of Object.values(providers)) {
      for (const name of ['enabled', 'languages', 'hours', 'weight', 'capacity']) {
        expect(Object.keys(config.shape)).not.toContain(name)
      }
    }
  })
})

describe('a desk that is not ready', () => {
  const blocks = { pending: { room: 'r' } }
  const callFor = () => {
    const log: string[] = []
    const write = (text: string) => void log.push(text)
    const client = { getOrSetState: () => Promise.resolve({ state: { payload: { version: 1, subscriptions: {} } } }) }
    const context = { configuration: blocks, webhookId: 'wh', botId: 'bot', integrationId: 'int' }
    const call = {
      context,
      client: new Proxy(client, { get: () => client.getOrSetState }),
      log: { info: write, warn: write, error: write, debug: write },
      memory: { drivers: new Map(), caches: new Map() },
      environment: { now: () => 0, timeoutMs: 1_000 },
      installation: 'wh',
    }
    return { call: call as unknown as Call, log }
  }

  it('can be saved; the log says what is missing and how to get it', async () => {
    withPending()
    const { call, log } = callFor()
    await register(call, 'https://webhook.botpress.cloud/wh').catch((error: unknown) => log.push(String(error)))
    expect(log.join('\n')).toContain('Pending takes no handoffs yet: Token is missing. Fill it in and save again')
    expect(log.join('\n')).toContain('Make an app for https://webhook.botpress.cloud/wh/pending')
    expect(log.join('\n')).not.toContain('cannot be saved')
  })

  it('is not connected, and is left out of routing', () => {
    withPending()
    const { call } = callFor()
    expect(connectDesk(call, 'pending')).toBeUndefined()
    expect(configuredDesks(configuration(blocks))[0]).toMatchObject({ notReady: 'Token is missing' })
  })

  it('is refused when something else is wrong as well', () => {
    withPending()
    expect(deskProblems(configuration({ pending: { prefix: '#' } }))).toEqual([
      { field: 'Pending → Room', problem: 'is missing' },
    ])
  })

  it('doesn’t stop a save of the others', () => {
    withPending()
    expect(FIRST).not.toBe('')
    expect(deskProblems(configuration({ ...blocks, [FIRST]: { enabled: true } }))).toEqual([])
  })
})
