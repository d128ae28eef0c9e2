import { describe, expect, it } from 'vitest'
import { isProviderError } from '../errors'
import { saysTheSame, splitText, toHtml, toPlainBody } from './format'
import { setUp, openOne, textOf, sandboxTicket, fault } from './testing'

describe('intercom: messages', () => {
  it('posts with one call', async () => {
    const setup = await setUp()
    const ticket = await openOne(setup)
    const before = setup.calls().length
    const posted = await setup.driver.postMessage(ticket, textOf('hello'))
    expect(setup.calls().slice(before)).toEqual([`POST /conversations/${ticket.id}/reply`])
    expect(sandboxTicket(setup, ticket).entries.at(-1)?.id).toBe(posted.messageIds[0])
  })

  it('distinguishes two equal texts when an outcome is unknown', async () => {
    const setup = await setUp()
    const ticket = await openOne(setup)
    await setup.driver.postMessage(ticket, textOf('yes', { id: 'msg_01' }))
    setup.sandbox.server.addFault(fault(/reply$/, { effect: 'before' }))
    await setup.driver.postMessage(ticket, textOf('yes', { id: 'msg_02' }))
    expect(sandboxTicket(setup, ticket).entries.filter((entry) => entry.text === 'yes')).toHaveLength(2)
  })

  it('does not match an old equal text when the message may exist', async () => {
    const setup = await setUp()
    const ticket = await openOne(setup)
    await setup.driver.postMessage(ticket, textOf('yes'))
    setup.clock.advance(15 * 60_000)
    await setup.connect().postMessage(ticket, textOf('yes', { id: 'msg_09', mayExist: true }))
    expect(sandboxTicket(setup, ticket).entries.filter((entry) => entry.text === 'yes')).toHaveLength(2)
  })

  it('finds a message posted by another instance', async () => {
    const setup = await setUp()
    const ticket = await openOne(setup)
    const first = await setup.driver.postMessage(ticket, textOf('a <b> & “c”\nsecond line'))
    const again = await setup.connect().postMessage(ticket, textOf('a <b> & “c”\nsecond line', { mayExist: true }))
    expect(again).toEqual(first)
  })

  it('reports an unknown outcome when earlier pieces are posted', async () => {
    const setup = await setUp()
    const ticket = await openOne(setup)
    let replies = 0
    setup.sandbox.server.addFault({
      kind: 'status',
      status: 429,
      headers: { 'x-ratelimit-reset': String(Math.floor(setup.clock.now() / 1_000) + 30) },
      times: 9,
      matches: (request) => request.path.endsWith('/reply') && (replies += 1) > 1,
    })
    const long = Array.from({ length: 3_000 }, (_unused, index) => `word${index}`).join(' ')
    const error: unknown = await setup.driver.postMessage(ticket, textOf(long)).catch((thrown: unknown) => thrown)
    expect(isProviderError(error) && [error.code, error.outcome, error.retryAfterMs]).toEqual([
      'rate-limited',
      'unknown',
      30_000,
    ])
    setup.sandbox.server.clearFaults()
    await setup.driver.postMessage(ticket, textOf(long, { mayExist: true }))
    const posted = sandboxTicket(setup, ticket)
      .entries.slice(1)
      .filter((entry) => entry.kind === 'customer')
    expect(posted.map((entry) => entry.text).join(' ')).toBe(long)
  })

  it('waits until the rate limit resets', async () => {
    const setup = await setUp()
    const ticket = await openOne(setup)
    const start = setup.clock.now()
    const reset = String(Math.floor(start / 1_000) + 2)
    setup.sandbox.server.addFault(fault(/reply$/, { status: 429, headers: { 'x-ratelimit-reset': reset } }))
    await setup.driver.postMessage(ticket, textOf('patience'))
    expect(setup.clock.now() - start).toBe(2_000)
  })

  it('reopens a closed conversation with the customer’s message', async () => {
    const setup = await setUp()
    const ticket = await openOne(setup)
    setup.sandbox.solve(ticket.id)
    const posted = await setup.driver.postMessage(ticket, textOf('one more thing'))
    expect(sandboxTicket(setup, ticket)).toMatchObject({ status: 'open' })
    expect(sandboxTicket(setup, ticket).entries.at(-1)?.id).toBe(posted.messageIds[0])
  })

  it('finds the new part among others in the response', async () => {
    const setup = await setUp()
    const ticket = await openOne(setup)
    setup.sandbox.server.addFault(
      fault(/reply$/, {
        status: 200,
        body: {
          type: 'conversation',
          id: ticket.id,
          conversation_parts: {
            conversation_parts: [
              { id: '900', created_at: 20, author: { type: 'user', id: ticket.contactId } },
              { id: '99', created_at: 20, author: { type: 'user', id: ticket.contactId } },
              { id: '901', created_at: 30, author: { type: 'admin', id: '1' } },
            ],
          },
        },
      })
    )
    await expect(setup.driver.postMessage(ticket, textOf('x'))).resolves.toEqual({ messageIds: ['900'] })
  })

  it('throws `ended` when the conversation was deleted', async () => {
    const setup = await setUp()
    const ticket = await openOne(setup)
    setup.sandbox.remove(ticket.id)
    const error: unknown = await setup.driver.postMessage(ticket, textOf('anyone?')).catch((thrown: unknown) => thrown)
    expect(isProviderError(error) && error.code).toBe('ended')
  })
})

describe('intercom: closing', () => {
  it.each([{}, { adminId: '991267002' }])('closes as the acting teammate, without a message: %j', async (config) => {
    const setup = await setUp(config)
    const ticket = await openOne(setup)
    const before = setup.calls().length
    await setup.driver.closeTicket(ticket)
    expect(setup.calls().slice(before)).toEqual([`POST /conversations/${ticket.id}/parts`])
    const { body } = setup.sandbox.server.requests.at(-1) ?? { body: Buffer.alloc(0) }
    expect(JSON.parse(body.toString())).toEqual({
      message_type: 'close',
      type: 'admin',
      admin_id: config.adminId ?? '991267000',
    })
    const parts = sandboxTicket(setup, ticket).entries
    expect(parts.at(-1)).toMatchObject({ kind: 'system', text: 'close' })
  })

  it.each([400, 409, 422])('treats a refusal (%i) as success when the conversation is closed', async (status) => {
    const setup = await setUp()
    const ticket = await openOne(setup)
    setup.sandbox.solve(ticket.id)
    setup.sandbox.server.addFault(fault(/parts$/, { status }))
    await expect(setup.driver.closeTicket(ticket)).resolves.toBeUndefined()
  })

  it('reports a refusal while the conversation is open', async () => {
    const setup = await setUp()
    const ticket = await openOne(setup)
    setup.sandbox.server.addFault(fault(/parts$/, { status: 422, body: {} }))
    await expect(setup.driver.closeTicket(ticket)).rejects.toMatchObject({ code: 'rejected' })
  })
})

describe('intercom: formats', () => {
  it('splits in order and never inside a surrogate pair', () => {
    for (const text of ['a'.repeat(25), '😀'.repeat(20), 'one two three four five six', '', 'x\ny\nz'.repeat(5)]) {
      const pieces = splitText(text, 10)
      expect(pieces.every((piece) => piece.length <= 10)).toBe(true)
      expect(pieces.join('').replace(/\s/g, '')).toBe(text.replace(/\s/g, ''))
      expect(pieces.join('')).not.toMatch(/[\ud800-\udbff](?![\udc00-\udfff])/)
    }
  })

  it('recognises a sent text in Intercom’s HTML', () => {
    expect(
      saysTheSame(
        '<p>a &lt;b&gt; &amp; <a href="https://x.test">https://x.test</a><br>c</p>',
        toPlainBody('a <b> & https://x.test\nc')
      )
    ).toBe(true)
    expect(saysTheSame('<p>👍</p>', '👎')).toBe(false)
    expect(saysTheSame('<p>👍</p>', '👍')).toBe(true)
    expect(saysTheSame('<p>yes</p>', 'yes!!')).toBe(true)
    expect(saysTheSame('<p>yes please</p>', 'yes')).toBe(false)
  })

  it('never posts an empty body', () => {
    expect(toPlainBody(' \u0000 ')).toBe('(empty message)')
    expect(toHtml('')).toBe('<p>(empty message)</p>')
  })
})
