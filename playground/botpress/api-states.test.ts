import { isApiError } from '@botpress/client'
import { afterEach, describe, expect, it } from 'vitest'
import type { Switches } from './types'
import { createTestWorld, type TestWorld } from './testing'

const worlds: TestWorld[] = []
const open = async (switches: Partial<Switches> = {}): Promise<TestWorld> => {
  const world = await createTestWorld({ switches })
  worlds.push(world)
  return world
}

afterEach(async () => {
  await Promise.all(worlds.splice(0).map((world) => world.close()))
})

const failureOf = async (work: Promise<unknown>): Promise<{ type: string; code: number }> => {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown
  )
  if (!isApiError(error)) throw new Error('Expected an API error')
  return { type: error.type, code: error.code }
}

describe('states', () => {
  it('are set, patched and deleted', async () => {
    const { client, runtime } = await open()
    const id = runtime.identity.integrationId
    const place = { type: 'integration', id, name: 'position' } as const
    expect(await failureOf(client.getState(place))).toEqual({ type: 'ResourceNotFound', code: 404 })
    expect(await failureOf(client.patchState({ ...place, payload: {} }))).toMatchObject({ code: 404 })
    await client.setState({ ...place, payload: { next: 1, seen: true } })
    await client.patchState({ ...place, payload: { next: 2 } })
    expect((await client.getState(place)).state.payload).toEqual({ next: 2, seen: true })
    await client.setState({ ...place, payload: null })
    expect(await failureOf(client.getState(place))).toMatchObject({ code: 404 })
  })

  it('are set once by parallel get-or-set calls', async () => {
    const { client, runtime } = await open()
    const id = runtime.identity.integrationId
    const set = (next: number) => client.getOrSetState({ type: 'integration', id, name: 'position', payload: { next } })
    const states = await Promise.all([1, 2, 3, 4, 5, 6].map(set))
    expect(new Set(states.map(({ state }) => state.payload['next'])).size).toBe(1)
    runtime.switches.atomic = false
    await client.setState({ type: 'integration', id, name: 'position', payload: null })
    const torn = await Promise.all([1, 2, 3, 4, 5, 6].map(set))
    expect(new Set(torn.map(({ state }) => state.payload['next'])).size).toBeGreaterThan(1)
  })

  it('expire when idle', async () => {
    const { client, clock } = await open()
    const { user } = await client.createUser({ tags: {} })
    const place = { type: 'user', id: user.id, name: 'profile' } as const
    await client.setState({ ...place, payload: { a: 1 }, expiry: 1000 })
    await clock.advance(999)
    await client.patchState({ ...place, payload: { b: 1 } })
    await clock.advance(999)
    expect((await client.getState(place)).state.payload).toEqual({ a: 1, b: 1 })
    await clock.advance(1)
    expect(await failureOf(client.getState(place))).toMatchObject({ code: 404 })
  })
})

describe('schedules', () => {
  it('deliver events and messages at their time, except cancelled ones', async () => {
    const { client, clock, runtime, newAgent } = await open()
    const { conversation } = await client.createConversation({ channel: 'hitl', tags: { id: '1' } })
    const observed = (schedule: { delay?: number; dateTime?: string }) =>
      client.createEvent({ type: 'observed', payload: {}, schedule })
    const late = await observed({ delay: 3000 })
    const soon = await observed({ dateTime: new Date(clock.now() + 1000).toISOString() })
    const never = await observed({ delay: 2000 })
    const userId = await newAgent()
    const { message } = await client.createMessage({
      conversationId: conversation.id,
      userId,
      type: 'text',
      payload: { text: 'later' },
      tags: {},
      schedule: { delay: 2500 },
    })
    await client.cancelScheduledEvent({ id: never.event.id })
    expect(soon.event.status).toBe('scheduled')
    await clock.advance(999)
    expect(runtime.deliveries).toEqual([])
    await clock.advance(1)
    expect(runtime.deliveries.map(({ id }) => id)).toEqual([soon.event.id])
    await clock.advance(5000)
    expect(runtime.deliveries.map(({ id }) => id)).toEqual([soon.event.id, message.id, late.event.id])
    expect((await client.getEvent({ id: late.event.id })).event.status).toBe('processed')
    expect((await client.listEvents({ status: 'processed' })).events).toHaveLength(2)
    expect(await failureOf(observed({}))).toMatchObject({ code: 400 })
  })

  it('hide a message until its time when the switch is on', async () => {
    const { client, clock, newAgent } = await open({ scheduledMessages: 'hidden' })
    const { conversation } = await client.createConversation({ channel: 'hitl', tags: { id: '1' } })
    const body = { conversationId: conversation.id, userId: await newAgent(), type: 'text', payload: {}, tags: {} }
    const { message } = await client.createMessage({ ...body, schedule: { delay: 1000 } })
    expect(await failureOf(client.getMessage({ id: message.id }))).toMatchObject({ code: 404 })
    await clock.advance(1000)
    expect((await client.getMessage({ id: message.id })).message.id).toBe(message.id)
  })
})

describe('faults', () => {
  it('fail a call before or after its effect, or disconnect it', async () => {
    const { client, runtime } = await open()
    const create = () => client.createUser({ tags: { email: 'a@b.test' } })
    runtime.addFault({ kind: 'status', status: 503, method: 'POST', path: '/users' })
    expect(await failureOf(create())).toEqual({ type: 'Internal', code: 500 })
    runtime.addFault({ kind: 'status', status: 429, effect: 'after', headers: { 'retry-after': '0' } })
    expect(await failureOf(create())).toMatchObject({ type: 'RateLimited' })
    runtime.addFault({ kind: 'disconnect', effect: 'after', matches: (call) => call.operation === 'createUser' })
    expect(await failureOf(create())).toMatchObject({ type: 'Unknown' })
    const { users } = await client.listUsers({ tags: { email: 'a@b.test' } })
    expect(users).toHaveLength(2)
    expect(runtime.calls.map((call) => [call.operation, call.by, call.status])).toEqual([
      ['createUser', 'integration', undefined],
      ['createUser', 'integration', undefined],
      ['createUser', 'integration', undefined],
      ['listUsers', 'integration', 200],
    ])
  })
})
