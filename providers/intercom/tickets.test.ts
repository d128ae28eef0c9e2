import { describe, expect, it } from 'vitest'
import { isProviderError } from '../errors'
import { saysTheSame, splitText, toHtml, toPlainBody } from './format'
import { setUp, openOne, textOf, shown, fault } from './testing'

describe('intercom: messages', () => {
  it('asks one call', async () => {
    const setting = await setUp()
    const ticket = await openOne(setting)
    const before = setting.asked().length
    const posted = await setting.driver.postMessage(ticket, textOf('hello'))
    expect(setting.asked().slice(before)).toEqual([`POST /conversations/${ticket.id}/reply`])
    expect(shown(setting, ticket).entries.at(-1)?.id).toBe(posted.messageIds[0])
  })

  it('knows two equal texts apart when an outcome is unknown', async () => {
    const setting = await setUp()
    const ticket = await openOne(setting)
    await setting.driver.postMessage(ticket, textOf('yes', { id: 'msg_01' }))
    setting.sandbox.server.addFault(fault(/reply$/, { effect: 'before' }))
    await setting.driver.postMessage(ticket, textOf('yes', { id: 'msg_02' }))
    expect(shown(setting, ticket).entries.filter((entry) => entry.text === 'yes')).toHaveLength(2)
  })

  it('does not take an old equal text for the one that may exist', async () => {
    const setting = await setUp()
    const ticket = await openOne(setting)
    await setting.driver.postMessage(ticket, textOf('yes'))
    setting.clock.advance(15 * 60_000)
    await setting.connect().postMessage(ticket, textOf('yes', { id: 'msg_09', mayExist: true }))
    expect(shown(setting, ticket).entries.filter((entry) => entry.text === 'yes')).toHaveLength(2)
  })

  it('finds the message of another instance', async () => {
    const setting = await setUp()
    const ticket = await openOne(setting)
    const first = await setting.driver.postMessage(ticket, textOf('a <b> & “c”\nsecond line'))
    const again = await setting.connect().postMessage(ticket, textOf('a <b> & “c”\nsecond line', { mayExist: true }))
    expect(again).toEqual(first)
  })

  it('says that the outcome is open when pieces before the failing one are there', async () => {
    const setting = await setUp()
    const ticket = await openOne(setting)
    let replies = 0
    setting.sandbox.server.addFault({
      kind: 'status',
      status: 429,
      headers: { 'x-ratelimit-reset': String(Math.floor(setting.clock.now() / 1_000) + 30) },
      times: 9,
      matches: (request) => request.path.endsWith('/reply') && (replies += 1) > 1,
    })
    const long = Array.from({ length: 3_000 }, (_unused, index) => `word${index}`).join(' ')
    const error: unknown = await setting.driver.postMessage(ticket, textOf(long)).catch((thrown: unknown) => thrown)
    expect(isProviderError(error) && [error.code, error.outcome, error.retryAfterMs]).toEqual([
      'rate-limited',
      'unknown',
      30_000,
    ])
    setting.sandbox.server.clearFaults()
    await setting.driver.postMessage(ticket, textOf(long, { mayExist: true }))
    const said = shown(setting, ticket)
      .entries.slice(1)
      .filter((entry) => entry.kind === 'customer')
    expect(said.map((entry) => entry.text).join(' ')).toBe(long)
  })

  it('waits as long as Intercom asks', async () => {
    const setting = await setUp()
    const ticket = await openOne(setting)
    const start = setting.clock.now()
    const reset = String(Math.floor(start / 1_000) + 2)
    setting.sandbox.server.addFault(fault(/reply$/, { status: 429, headers: { 'x-ratelimit-reset': reset } }))
    await setting.driver.postMessage(ticket, textOf('patience'))
    expect(setting.clock.now() - start).toBe(2_000)
  })

  it('opens a closed conversation again by the customer’s words', async () => {
    const setting = await setUp()
    const ticket = await openOne(setting)
    setting.sandbox.solve(ticket.id)
    const posted = await setting.driver.postMessage(ticket, textOf('one more thing'))
    expect(shown(setting, ticket)).toMatchObject({ status: 'open' })
    expect(shown(setting, ticket).entries.at(-1)?.id).toBe(posted.messageIds[0])
  })

  it('finds the new part among others in the answer', async () => {
    const setting = await setUp()
    const ticket = await openOne(setting)
    setting.sandbox.server.addFault(
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
    await expect(setting.driver.postMessage(ticket, textOf('x'))).resolves.toEqual({ messageIds: ['900'] })
  })

  it('is over when the conversation was deleted', async () => {
    const setting = await setUp()
    const ticket = await openOne(setting)
    setting.sandbox.remove(ticket.id)
    const error: unknown = await setting.driver
      .postMessage(ticket, textOf('anyone?'))
      .catch((thrown: unknown) => thrown)
    expect(isProviderError(error) && error.code).toBe('ended')
  })
})

describe('intercom: closing', () => {
  it.each([{}, { adminId: '991267002' }])('closes as the acting teammate and says nothing: %j', async (config) => {
    const setting = await setUp(config)
    const ticket = await openOne(setting)
    const before = setting.asked().length
    await setting.driver.closeTicket(ticket)
    expect(setting.asked().slice(before)).toEqual([`POST /conversations/${ticket.id}/parts`])
    const { body } = setting.sandbox.server.requests.at(-1) ?? { body: Buffer.alloc(0) }
    expect(JSON.parse(body.toString())).toEqual({
      message_type: 'close',
      type: 'admin',
      admin_id: config.adminId ?? '991267000',
    })
    const parts = shown(setting, ticket).entries
    expect(parts.at(-1)).toMatchObject({ kind: 'system', text: 'close' })
  })

  it.each([400, 409, 422])('takes a refusal (%i) for success when the conversation is closed', async (status) => {
    const setting = await setUp()
    const ticket = await openOne(setting)
    setting.sandbox.solve(ticket.id)
    setting.sandbox.server.addFault(fault(/parts$/, { status }))
    await expect(setting.driver.closeTicket(ticket)).resolves.toBeUndefined()
  })

  it('reports a refusal while the conversation is open', async () => {
    const setting = await setUp()
    const ticket = await openOne(setting)
    setting.sandbox.server.addFault(fault(/parts$/, { status: 422 }))
    await expect(setting.driver.closeTicket(ticket)).rejects.toMatchObject({ code: 'rejected' })
  })
})

describe('intercom: formats', () => {
  it('splits in order and never inside a character', () => {
    for (const text of ['a'.repeat(25), '😀'.repeat(20), 'one two three four five six', '', 'x\ny\nz'.repeat(5)]) {
      const pieces = splitText(text, 10)
      expect(pieces.every((piece) => piece.length <= 10)).toBe(true)
      expect(pieces.join('').replace(/\s/g, '')).toBe(text.replace(/\s/g, ''))
      expect(pieces.join('')).not.toMatch(/[\ud800-\udbff](?![\udc00-\udfff])/)
    }
  })

  it('recognises its own words in Intercom’s HTML', () => {
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
