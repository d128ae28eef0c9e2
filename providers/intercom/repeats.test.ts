/** Retries that must not post twice, and messages that must not reopen an ended session. */
import { describe, expect, it } from 'vitest'
import { isProviderError } from '../errors'
import { coldInstance, EVE, fault, openOne, setUp, sandboxTicket, textOf, type Setup } from './testing'
import type { OutboundMessage, Ticket } from '../provider'

const entriesWith = (setup: Setup, ticket: Ticket, text: string) =>
  sandboxTicket(setup, ticket).entries.filter((entry) => entry.text === text)
const noteOf = (text: string, more: Partial<OutboundMessage> = {}) => textOf(text, { author: { type: 'bot' }, ...more })

describe('intercom: retried messages', () => {
  it.each(['customer', 'bot'] as const)('finds an attempt of half an hour ago by the %s', async (type) => {
    const setup = await setUp()
    const ticket = await openOne(setup)
    const createdAt = setup.clock.now()
    const message = type === 'bot' ? noteOf('once') : textOf('once')
    const first = await setup.driver.postMessage(ticket, message)
    setup.clock.advance(30 * 60_000)
    const again = await coldInstance(setup).postMessage(ticket, { ...message, mayExist: true, createdAt })
    expect(again).toEqual(first)
  })

  it('finds a note of the bot of any age when `createdAt` is absent', async () => {
    const setup = await setUp()
    const ticket = await openOne(setup)
    const first = await setup.driver.postMessage(ticket, noteOf('posted once'))
    setup.clock.advance(3 * 60 * 60_000)
    const again = await coldInstance(setup).postMessage(ticket, noteOf('posted once', { mayExist: true }))
    expect(again).toEqual(first)
  })

  it('does not match an equal text older than the message', async () => {
    const setup = await setUp()
    const ticket = await openOne(setup)
    await setup.driver.postMessage(ticket, textOf('yes'))
    setup.clock.advance(2 * 60_000)
    const createdAt = setup.clock.now()
    setup.clock.advance(20 * 60_000)
    await coldInstance(setup).postMessage(ticket, textOf('yes', { id: 'msg_02', mayExist: true, createdAt }))
    expect(entriesWith(setup, ticket, 'yes')).toHaveLength(2)
  })

  it('does not match an equal text that is listed in `others`', async () => {
    const setup = await setUp()
    const ticket = await openOne(setup)
    const first = await setup.driver.postMessage(ticket, textOf('yes'))
    const second = textOf('yes', {
      id: 'msg_02',
      mayExist: true,
      createdAt: setup.clock.now(),
      others: first.messageIds,
    })
    const posted = await coldInstance(setup).postMessage(ticket, second)
    expect(posted).not.toEqual(first)
    expect(await coldInstance(setup).postMessage(ticket, second)).toEqual(posted)
    expect(entriesWith(setup, ticket, 'yes')).toHaveLength(2)
  })

  it('does not match an equal text of a moment ago after an unknown outcome', async () => {
    const setup = await setUp()
    const ticket = await openOne(setup)
    const first = await setup.driver.postMessage(ticket, textOf('yes'))
    setup.clock.advance(5_000)
    const second = textOf('yes', { id: 'msg_02', createdAt: setup.clock.now() })
    const dropNextReply = () => setup.sandbox.server.addFault(fault(/reply$/, { effect: 'before' }))
    dropNextReply()
    const error: unknown = await coldInstance(setup)
      .postMessage(ticket, second)
      .catch((thrown: unknown) => thrown)
    expect(isProviderError(error) && error.outcome).toBe('unknown')
    expect(entriesWith(setup, ticket, 'yes')).toHaveLength(1)
    dropNextReply()
    await coldInstance(setup).postMessage(ticket, { ...second, mayExist: true, others: first.messageIds })
    expect(entriesWith(setup, ticket, 'yes')).toHaveLength(2)
  })

  it('keeps the outcome unknown when the second attempt is refused, since the first may be in flight', async () => {
    const setup = await setUp()
    const ticket = await openOne(setup)
    setup.sandbox.server.addFault(fault(/reply$/, { effect: 'before' }))
    const reset = String(Math.floor(setup.clock.now() / 1_000) + 30)
    setup.sandbox.server.addFault(fault(/reply$/, { status: 429, times: 9, headers: { 'x-ratelimit-reset': reset } }))
    await expect(setup.driver.postMessage(ticket, textOf('once'))).rejects.toMatchObject({
      code: 'rate-limited',
      outcome: 'unknown',
      retryAfterMs: 30_000,
    })
  })
})

describe('intercom: messages after the end', () => {
  const ended = async (closedBy: 'bot' | 'agent' = 'bot') => {
    const setup = await setUp()
    const ticket = await openOne(setup)
    if (closedBy === 'bot') await setup.driver.closeTicket(ticket)
    else setup.sandbox.solve(ticket.id)
    return { setup, ticket }
  }

  it('reopen a conversation that an agent closed, not one that the router closed', async () => {
    const byAgent = await ended('agent')
    await byAgent.setup.driver.postMessage(byAgent.ticket, textOf('wait'))
    expect(sandboxTicket(byAgent.setup, byAgent.ticket).status).toBe('open')
    const byBot = await ended()
    await byBot.setup.driver.postMessage(byBot.ticket, textOf('wait'))
    expect(sandboxTicket(byBot.setup, byBot.ticket).status).toBe('solved')
    expect(entriesWith(byBot.setup, byBot.ticket, 'wait')).toHaveLength(1)
  })

  it('leave a conversation open that an agent reopened', async () => {
    const { setup, ticket } = await ended()
    setup.sandbox.reopen(ticket.id)
    await setup.driver.postMessage(ticket, textOf('hello again'))
    expect(sandboxTicket(setup, ticket).status).toBe('open')
    setup.sandbox.solve(ticket.id)
    await setup.driver.postMessage(ticket, textOf('and again', { id: 'msg_02' }))
    expect(sandboxTicket(setup, ticket).status).toBe('open')
  })

  it('are found by the next attempt, which closes, when closing again failed', async () => {
    const { setup, ticket } = await ended()
    setup.sandbox.server.addFault(fault(/^POST .*parts$/, { times: 3 }))
    const last = textOf('bye', { createdAt: setup.clock.now() })
    await expect(setup.driver.postMessage(ticket, last)).rejects.toMatchObject({ outcome: 'unknown' })
    expect(sandboxTicket(setup, ticket).status).toBe('open')
    await coldInstance(setup).postMessage(ticket, { ...last, mayExist: true })
    expect(sandboxTicket(setup, ticket).status).toBe('solved')
    expect(entriesWith(setup, ticket, 'bye')).toHaveLength(1)
  })

  it('count as posted even if the conversation cannot be closed again', async () => {
    const { setup, ticket } = await ended()
    setup.sandbox.server.addFault(fault(/^POST .*parts$/, { status: 403, times: 9 }))
    const posted = await setup.driver.postMessage(ticket, textOf('bye'))
    expect(posted.messageIds).toHaveLength(1)
    expect(setup.log.lines.map(({ level }) => level)).toContain('warn')
  })

  it('need one call when the conversation is open', async () => {
    const setup = await setUp()
    const ticket = await openOne(setup)
    const before = setup.calls().length
    await setup.driver.postMessage(ticket, textOf('hello', { author: { type: 'customer', customer: EVE } }))
    expect(setup.calls().slice(before)).toEqual([`POST /conversations/${ticket.id}/reply`])
  })
})

describe('intercom: reading', () => {
  it('moves the cursor only past reported parts, since replicas may lag', async () => {
    const setup = await setUp()
    const ticket = await openOne(setup)
    setup.sandbox.agentReplies(ticket.id, 'one')
    setup.sandbox.agentReplies(ticket.id, 'two')
    await setup.driver.postMessage(ticket, textOf('my message'))
    const complete = await setup.driver.catchUp?.(ticket, undefined)
    const body = JSON.parse(
      JSON.stringify(
        await (
          await fetch(`${setup.sandbox.server.origin}/conversations/${ticket.id}`, {
            headers: {
              authorization: `Bearer ${String(setup.sandbox.config.accessToken)}`,
              'intercom-version': '2.14',
            },
          })
        ).json()
      )
    ) as { conversation_parts: { conversation_parts: { body: string | null }[] } }
    const list = body.conversation_parts
    list.conversation_parts = list.conversation_parts.filter((part) => !part.body?.includes('two'))
    setup.sandbox.server.addFault(fault(/^GET /, { status: 200, body }))
    const lagging = await setup.driver.catchUp?.(ticket, undefined)
    const rest = await setup.driver.catchUp?.(ticket, lagging?.cursor)
    expect([...(lagging?.events ?? []), ...(rest?.events ?? [])]).toEqual(complete?.events)
  })

  it('reports a conversation as deleted only when it stays not found', async () => {
    const setup = await setUp()
    const ticket = await openOne(setup)
    setup.sandbox.server.addFault(fault(/^GET /, { status: 404 }))
    await expect(setup.driver.catchUp?.(ticket, undefined)).resolves.toEqual({ events: [], cursor: undefined })
  })
})
