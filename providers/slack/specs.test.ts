/**
 * Checks the sandbox's events against Slack's schemas, and the driver against events recorded at Slack. The environment
 * variable VENDOR_SPECS names their folder, which is not part of the repository.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import Ajv from 'ajv'
import { afterEach, describe, expect, it } from 'vitest'
import type { ParsedWebhook } from '../provider'
import { createSandbox } from './sandbox'
import { closeAll, fromCustomer, setUp } from './testing'
import { parseWebhook, type Known } from './webhook'

const folder = process.env['VENDOR_SPECS'] ? join(process.env['VENDOR_SPECS'], 'slack') : undefined

type Json = Record<string, unknown>

const read = (...path: string[]): unknown => JSON.parse(readFileSync(join(folder ?? '', ...path), 'utf8'))
const KNOWN: Known = {
  settings: { internalPrefix: '//', agents: 'workspace' },
  identity: {},
  members: undefined,
  nameOf: () => undefined,
}
const parse = (body: unknown): ParsedWebhook => {
  const sandbox = createSandbox({ now: Date.now })
  // Slack sends an event at once.
  const { event_time: time } = body as { event_time?: number }
  return parseWebhook(sandbox.signed(JSON.stringify(body), time ? { at: time * 1_000 } : {}), KNOWN)
}
const parseButton = (payload: unknown): ParsedWebhook => {
  const sandbox = createSandbox({ now: Date.now })
  return parseWebhook(sandbox.signed(new URLSearchParams({ payload: JSON.stringify(payload) }).toString()), KNOWN)
}

afterEach(closeAll)

describe.skipIf(folder === undefined)('Slack’s schemas and recorded events (skipped without VENDOR_SPECS)', () => {
  /** Everything that the sandbox sends in the lifetime of a thread. */
  const threadLifetime = async () => {
    const { sandbox, driver, openTicket, deliver } = await setUp()
    const ticket = await openTicket()
    await driver.openTicket({
      conversationId: 'conv_02',
      botId: 'bot-1',
      title: 'Another',
      customer: { id: 'user_2', name: 'Bob' },
      transcript: [],
      options: {},
      mayExist: false,
    })
    await driver.postMessage(ticket, fromCustomer('hello'))
    sandbox.agentReplies(ticket.id, '<@U0HITLROUTER> hello')
    sandbox.agentReplies(ticket.id, 'file', { attachments: [{ name: 'a.png', contentType: 'image/png' }] })
    sandbox.postAsPerson(ticket.id, 'also to the channel', { subtype: 'thread_broadcast' })
    sandbox.botReplies?.(ticket.id, 'beep')
    sandbox.addReaction(ticket.id, 'white_check_mark')
    sandbox.assign(ticket.id, 'U0ADA000001')
    sandbox.solve(ticket.id)
    sandbox.foreignTicket()
    await driver.closeTicket(ticket)
    sandbox.remove(ticket.id)
    const { requests } = await deliver()
    return {
      events: requests
        .filter(({ body }) => body.startsWith('{'))
        .map(({ body }) => JSON.parse(body) as Json & { event: Json }),
      presses: requests.flatMap(({ body }) => {
        const payload = new URLSearchParams(body).get('payload')
        return body.startsWith('payload=') && payload !== null ? [JSON.parse(payload) as Json] : []
      }),
    }
  }

  it('the sandbox’s events match Slack’s schema of the envelope', async () => {
    const asyncApi = read('slack_events_api_async_v1.json') as { components: { schemas: Record<string, object> } }
    const ajv = new Ajv({ strict: false, allErrors: true })
    const schemas = [
      read('slack_common_event_wrapper_schema.json') as object,
      asyncApi.components.schemas['GenericEventWrapper'],
    ]
    const { events } = await threadLifetime()
    expect(events.length).toBeGreaterThan(15)
    for (const schema of schemas) {
      const validate = ajv.compile(schema ?? {})
      for (const event of events) {
        expect(validate(event), `${String(event.event['type'])}: ${ajv.errorsText(validate.errors)}`).toBe(true)
      }
    }
  })

  it('the sandbox’s events have only types and fields that Slack has', async () => {
    const { topics } = read('slack_events_api_async_v1.json') as { topics: Record<string, unknown> }
    const known = new Map<string, Set<string>>()
    const learn = (event: Json): void => {
      const kind = `${String(event['type'])} ${String(event['subtype'] ?? '')}`.trim()
      known.set(kind, new Set([...(known.get(kind) ?? []), ...Object.keys(event)]))
    }
    const logs = readdirSync(join(folder ?? '', 'java-sdk-json-logs', 'events'))
    for (const file of logs) learn((read('java-sdk-json-logs', 'events', file) as { event: Json }).event)
    for (const { event } of read('real-event-samples-vercel-chat.json') as { event: Json }[]) learn(event)
    const { events, presses } = await threadLifetime()
    const kinds = new Set<string>()
    for (const { event } of events) {
      const kind = `${String(event['type'])} ${String(event['subtype'] ?? '')}`.trim()
      kinds.add(kind)
      expect(Object.keys(topics)).toContain(String(event['type']).replaceAll('_', '.'))
      const fields = known.get(kind)
      for (const field of Object.keys(event)) expect([...(fields ?? [])], `${kind}: ${field}`).toContain(field)
    }
    expect([...kinds].toSorted()).toEqual([
      'app_mention',
      'message',
      'message bot_message',
      'message file_share',
      'message message_changed',
      'message message_deleted',
      'message thread_broadcast',
      'reaction_added',
    ])
    const button = read('java-sdk-json-logs', 'app-backend', 'BlockActionPayload.json') as Json
    expect(presses).toHaveLength(2)
    for (const press of presses) for (const field of Object.keys(press)) expect(Object.keys(button)).toContain(field)
  })

  it('the driver parses recorded events', () => {
    const samples = read('real-event-samples-vercel-chat.json') as { event: Json }[]
    const results = samples.map((sample) => {
      const { events, ignored } = parse(sample)
      return events.length > 0 ? events.map(({ type }) => type).join() : (ignored ?? '')
    })
    expect(results).toHaveLength(12)
    expect(results).toEqual([
      'A message outside a thread',
      'A message outside a thread',
      'A message from an app',
      'A reply in a thread not opened by the router',
      'A message from an app',
      'A change of an app’s message',
      'A change of an app’s message',
      'Events of type app_context_changed are not used',
      'A message outside a thread',
      'Events of type app_home_opened are not used',
      'A message not written by a person',
      'A message outside a thread',
    ])
  })

  it('a recorded reply in the router’s thread is an agent’s message', () => {
    const [, , , reply] = read('real-event-samples-vercel-chat.json') as (Json & { event: Json })[]
    const ours = { ...reply, event: { ...reply?.event, parent_user_id: 'U00FAKEBOT01' } }
    const ticket = { ticketId: 'C00FAKECHAN1:1766458026.240809', origin: 'recent' }
    expect(parse(ours).events).toEqual([
      { type: 'agent-assigned', ticket, agent: { id: 'U00FAKEUSER1' }, ifUnassigned: true },
      {
        type: 'message-posted',
        ticket,
        id: '1766458026.240809:1766458031.859009',
        agent: { id: 'U00FAKEUSER1' },
        parts: [{ type: 'text', text: '2' }],
      },
    ])
  })

  it('recorded buttons and reactions count only on the router’s messages', () => {
    const { action, reaction } = read('vercel-chat-replay', 'actions-reactions.json') as {
      action: Json & { actions: Json[] }
      reaction: Json & { event: Json }
    }
    expect(parseButton(action)).toMatchObject({ events: [], reply: { status: 200 } })
    const claim = { ...action, actions: [{ ...action.actions[0], action_id: 'hitl_router_claim', value: 'conv_01' }] }
    expect(parseButton(claim).events).toEqual([
      {
        type: 'agent-assigned',
        ticket: { ticketId: 'C00FAKECHAN1:1767326126.896109', conversationId: 'conv_01', origin: 'recent' },
        agent: { id: 'U00FAKEUSER1' },
        ifUnassigned: true,
      },
    ])
    expect(parse(reaction).events).toEqual([])
    const done = { ...reaction, event: { ...reaction.event, reaction: 'white_check_mark' } }
    expect(parse(done).events).toEqual([
      {
        type: 'ticket-closed',
        ticket: { ticketId: 'C00FAKECHAN1:1767326126.896109', origin: 'possible' },
        reason: 'solved',
      },
    ])
  })

  it('the driver ignores every other recorded payload and gives a reason', () => {
    const files = [
      ...readdirSync(join(folder ?? '', 'java-sdk-json-logs', 'events')).map((file) =>
        join('java-sdk-json-logs', 'events', file)
      ),
      ...readdirSync(join(folder ?? '', 'java-sdk-json-logs', 'app-backend')).map((file) =>
        join('java-sdk-json-logs', 'app-backend', file)
      ),
    ]
    expect(files.length).toBeGreaterThan(15)
    for (const file of files) {
      for (const parsed of [parse(read(file)), parseButton(read(file))]) {
        expect(parsed.events, file).toEqual([])
        expect(parsed.ignored, file).toBeTruthy()
      }
    }
    for (const file of readdirSync(join(folder ?? '', 'vercel-chat-replay'))) {
      for (const value of Object.values(read('vercel-chat-replay', file) as Json)) {
        for (const parsed of [parse(value), parseButton(value)]) {
          expect(parsed.events, file).toEqual([])
          expect(parsed.ignored, file).toBeTruthy()
        }
      }
    }
  })
})
