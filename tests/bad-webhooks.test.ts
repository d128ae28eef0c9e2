/** Malformed webhook requests: each gets the right status and changes nothing. */
import { describe, expect, it } from 'vitest'
import { providers } from '../src/definition/registry'
import { startStage } from './support/actions'
import { handOver, SETTLED_MS } from './support/handoffs'
import type { Stage } from './support/simulated'

const DESKS = Object.keys(providers)

const counts = ({ botpress: { runtime } }: Stage) => ({
  conversations: runtime.store.conversations.size,
  users: runtime.store.users.size,
  messages: runtime.store.messages.size,
})

const send = async (
  stage: Stage,
  request: Partial<Parameters<Stage['botpress']['runtime']['gateway']['webhook']>[0]>
) => {
  const reply = await stage.finish(
    stage.botpress.runtime.gateway.webhook({
      method: 'POST',
      path: '/',
      query: '',
      headers: { 'content-type': 'application/json' },
      body: '{}',
      ...request,
    })
  )
  return { ...reply, body: reply.body ?? '' }
}

describe('a webhook request', () => {
  it.each([
    ['an unknown path', { path: '/nobody' }, 404],
    ['an empty path', { path: '/' }, 404],
    ['the path __proto__', { path: '/__proto__' }, 404],
    ['the path constructor', { path: '/constructor' }, 404],
  ])('with %s gets a 404', async (_title, request, status) => {
    const stage = await startStage()
    const before = counts(stage)
    expect((await send(stage, request)).status).toBe(status)
    expect(counts(stage)).toEqual(before)
  })

  describe.each(DESKS)('for %s', (desk) => {
    it.each([
      ['unsigned', {}, 401],
      ['empty', { body: '' }, 401],
      ['without a body', { body: undefined }, 401],
      ['with the method PUT', { method: 'PUT' }, 405],
      ['with the method GET', { method: 'GET' }, 405],
      ['with another content type', { headers: { 'content-type': 'application/xml' } }, 415],
      ['without a content type', { headers: {} }, 415],
      ['of 5 MB', { body: `{"a":"${'x'.repeat(5_000_000)}"}` }, 413],
    ])('%s is rejected', async (_title, request, status) => {
      const stage = await startStage()
      const before = counts(stage)
      const reply = await send(stage, { path: `/${desk}`, ...request })
      expect(reply.status).toBe(status)
      expect(JSON.parse(reply.body)).toHaveProperty('error')
      expect(counts(stage)).toEqual(before)
    })

    it.each(['not json', '[]', '{"type":17}', '{"type":"event_callback"}', 'null', '{"ticket":{"id":"1"}}'])(
      'signed with the body %s changes nothing',
      async (body) => {
        const stage = await startStage()
        const before = counts(stage)
        const { headers } = stage.sandbox(desk).signed(body)
        const reply = await send(stage, { path: `/${desk}`, headers, body })
        expect(reply.status).toBe(200)
        expect(counts(stage)).toEqual(before)
      }
    )

    it('signed by another desk is rejected', async () => {
      const stage = await startStage()
      for (const other of DESKS.filter((name) => name !== desk)) {
        const { headers, body } = stage.sandbox(other).signed('{}')
        expect((await send(stage, { path: `/${desk}`, headers, body })).status).toBe(401)
      }
    })

    it('is rejected when the desk is not configured', async () => {
      const stage = await startStage()
      const { [desk]: _removed, ...others } = stage.configuration({ order: DESKS.filter((name) => name !== desk) })
      await stage.save(others)
      const { headers, body } = stage.sandbox(desk).signed('{}')
      expect((await send(stage, { path: `/${desk}`, headers, body })).status).toBe(404)
    })

    it('still reaches an open session when the desk is disabled', async () => {
      const stage = await startStage()
      const { conversationId, sandbox, ticket } = await handOver(stage, { hitlSession: { provider: desk } })
      const configuration = stage.configuration({ order: DESKS })
      await stage.save({ ...configuration, [desk]: { ...(configuration[desk] as object), enabled: false } })
      sandbox.agentReplies(ticket().id, 'Still with you')
      await stage.pass(SETTLED_MS)
      expect(stage.botpress.bot.seen(conversationId).at(-1)?.text).toBe('Still with you')
      const next = await handOver(stage, { hitlSession: { provider: desk } })
      expect(next.sandbox.name).not.toBe(desk)
    })
  })
})
