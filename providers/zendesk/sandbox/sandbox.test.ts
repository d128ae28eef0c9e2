import { afterEach, describe, expect, it } from 'vitest'
import type { WebhookReply } from '../../provider'
import { capabilitiesOf, closeAll, openSession, setUp, TARGET, type Setting } from '../testing'

afterEach(closeAll)

const call = async (setting: Setting, method: string, path: string, body?: unknown, headers: object = {}) => {
  const { email, apiToken } = setting.sandbox.tokenConfig as Record<string, string>
  const response = await fetch(`${setting.sandbox.server.origin}${path}`, {
    method,
    headers: {
      authorization: `Basic ${Buffer.from(`${email}/token:${apiToken}`).toString('base64')}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    body: (text ? JSON.parse(text) : {}) as Record<string, unknown>,
  }
}

describe('the sandbox', () => {
  it('checks credentials, and shows an anonymous user to requests without any', async () => {
    const setting = await setUp()
    expect((await call(setting, 'GET', '/api/v2/tickets', undefined, { authorization: 'Bearer x' })).status).toBe(401)
    const anonymous = await fetch(`${setting.sandbox.server.origin}/api/v2/users/me`)
    expect(anonymous.status).toBe(200)
    expect(await anonymous.json()).toMatchObject({ user: { id: null } })
    expect((await fetch(`${setting.sandbox.server.origin}/api/v2/tickets`)).status).toBe(401)
  })

  it.each([
    ['GET', '/api/v2/nothing', undefined, {}, 404],
    ['GET', '/api/v2/tickets/999', undefined, {}, 404],
    ['POST', '/api/v2/tickets/1/comments', { comment: {} }, {}, 404],
    ['POST', '/api/v2/tickets', '{', {}, 400],
    ['POST', '/api/v2/tickets', {}, {}, 400],
    ['POST', '/api/v2/tickets', { ticket: {} }, { 'content-type': 'text/plain' }, 415],
    ['POST', '/api/v2/tickets', { ticket: { subject: 'x' } }, {}, 422],
    ['POST', '/api/v2/tickets', { ticket: { comment: { body: ' ' } } }, {}, 422],
    ['POST', '/api/v2/tickets', { ticket: { comment: { body: 'x' }, requester_id: 1 } }, {}, 422],
    ['POST', '/api/v2/tickets', { ticket: { comment: { body: 'x' }, priority: 'asap' } }, {}, 422],
    ['POST', '/api/v2/tickets', { ticket: { comment: { body: 'x'.repeat(70_000) } } }, {}, 422],
    ['POST', '/api/v2/users', { user: {} }, {}, 422],
    ['POST', '/api/v2/users', { user: { name: 'x', email: 'ada@acme.example' } }, {}, 422],
    ['POST', '/api/v2/webhooks', { webhook: { name: 'x' } }, {}, 400],
    ['POST', '/api/v2/triggers', { trigger: { title: 'x' } }, {}, 422],
    ['POST', '/oauth/tokens', { grant_type: 'password' }, {}, 400],
  ])('refuses %s %s %j with headers %j: %i', async (method, path, body, headers, status) => {
    const setting = await setUp()
    const answer = await call(setting, method, path, body, headers)
    expect(answer.status).toBe(status)
    expect(Object.keys(answer.body).some((key) => key === 'error' || key === 'errors')).toBe(true)
    expect(answer.headers.get('x-rate-limit')).toBe('700')
  })

  it('refuses to solve unassigned tickets, to update closed ones and to overwrite newer updates', async () => {
    const setting = await setUp()
    const { ticket } = await openSession(setting)
    const put = (fields: object) => call(setting, 'PUT', `/api/v2/tickets/${ticket.id}`, { ticket: fields })
    expect((await put({ status: 'solved' })).body).toMatchObject({
      error: 'RecordInvalid',
      details: { assignee: [{}] },
    })
    expect((await put({ safe_update: true, updated_stamp: '2020-01-01T00:00:00Z', status: 'open' })).status).toBe(409)
    setting.sandbox.solve(ticket.id)
    setting.sandbox.closeForGood(ticket.id)
    expect((await put({ comment: { body: 'x' } })).body).toMatchObject({
      details: { status: [{ error: 'ClosedTicket' }] },
    })
    expect(() => setting.sandbox.agentReplies(ticket.id, 'x')).toThrow('closed')
  })

  it('reopens a solved ticket when the customer replies by mail', async () => {
    const setting = await setUp()
    const { ticket } = await openSession(setting)
    setting.sandbox.solve(ticket.id)
    setting.sandbox.customerReplies?.(ticket.id, 'no, still broken')
    expect(setting.sandbox.tickets()[0]?.status).toBe('open')
  })

  const replies: [WebhookReply | undefined, number][] = [
    [{ status: 200 }, 1],
    [{ status: 401 }, 1],
    [{ status: 500 }, 1],
    [{ status: 409 }, 4],
    [{ status: 429 }, 1],
    [{ status: 503, headers: { 'Retry-After': '5' } }, 6],
    [{ status: 503, headers: { 'retry-after': '90' } }, 1],
    [undefined, 6],
  ]
  it.each(replies)('after the reply %j has delivered %i times', async (reply, times) => {
    const setting = await setUp()
    await capabilitiesOf(setting.driver).subscribe(TARGET)
    const { ticket } = await openSession(setting)
    const ids: (string | undefined)[] = []
    setting.sandbox.deliveries.connect((request) => {
      ids.push(request.headers['x-zendesk-webhook-invocation-id'])
      return reply ? Promise.resolve(reply) : Promise.reject(new Error('no answer'))
    })
    setting.sandbox.agentReplies(ticket.id, 'hello')
    await setting.sandbox.deliveries.flush()
    expect(ids).toHaveLength(times)
    expect(new Set(ids).size).toBe(1)
  })
})
