/** What is posted once although it is sent more often, and what stays closed although somebody speaks. */
import { describe, expect, it } from 'vitest'
import { isProviderError } from '../errors'
import { coldInstance, EVE, fault, openOne, setUp, shown, textOf, type Setting } from './testing'
import type { OutboundMessage, Ticket } from '../provider'

const said = (setting: Setting, ticket: Ticket, text: string) =>
  shown(setting, ticket).entries.filter((entry) => entry.text === text)
const noteOf = (text: string, more: Partial<OutboundMessage> = {}) => textOf(text, { author: { type: 'bot' }, ...more })

describe('intercom: looking before posting', () => {
  it.each(['customer', 'bot'] as const)('finds an attempt of half an hour ago, by the %s', async (type) => {
    const setting = await setUp()
    const ticket = await openOne(setting)
    const createdAt = setting.clock.now()
    const message = type === 'bot' ? noteOf('once') : textOf('once')
    const first = await setting.driver.postMessage(ticket, message)
    setting.clock.advance(30 * 60_000)
    const again = await coldInstance(setting).postMessage(ticket, { ...message, mayExist: true, createdAt })
    expect(again).toEqual(first)
  })

  it('finds a note of the bot however long ago, though nobody says when it was made', async () => {
    const setting = await setUp()
    const ticket = await openOne(setting)
    const first = await setting.driver.postMessage(ticket, noteOf('told once'))
    setting.clock.advance(3 * 60 * 60_000)
    const again = await coldInstance(setting).postMessage(ticket, noteOf('told once', { mayExist: true }))
    expect(again).toEqual(first)
  })

  it('does not take what was said before the message was made', async () => {
    const setting = await setUp()
    const ticket = await openOne(setting)
    await setting.driver.postMessage(ticket, textOf('yes'))
    setting.clock.advance(2 * 60_000)
    const createdAt = setting.clock.now()
    setting.clock.advance(20 * 60_000)
    await coldInstance(setting).postMessage(ticket, textOf('yes', { id: 'msg_02', mayExist: true, createdAt }))
    expect(said(setting, ticket, 'yes')).toHaveLength(2)
  })

  it('does not take an equal message that is known to be another', async () => {
    const setting = await setUp()
    const ticket = await openOne(setting)
    const first = await setting.driver.postMessage(ticket, textOf('yes'))
    const second = textOf('yes', {
      id: 'msg_02',
      mayExist: true,
      createdAt: setting.clock.now(),
      others: first.messageIds,
    })
    const posted = await coldInstance(setting).postMessage(ticket, second)
    expect(posted).not.toEqual(first)
    expect(await coldInstance(setting).postMessage(ticket, second)).toEqual(posted)
    expect(said(setting, ticket, 'yes')).toHaveLength(2)
  })

  it('does not take an equal message of a moment ago for the one whose outcome is unknown', async () => {
    const setting = await setUp()
    const ticket = await openOne(setting)
    const first = await setting.driver.postMessage(ticket, textOf('yes'))
    setting.clock.advance(5_000)
    const second = textOf('yes', { id: 'msg_02', createdAt: setting.clock.now() })
    const lose = () => setting.sandbox.server.addFault(fault(/reply$/, { effect: 'before' }))
    lose()
    const error: unknown = await coldInstance(setting)
      .postMessage(ticket, second)
      .catch((thrown: unknown) => thrown)
    expect(isProviderError(error) && error.outcome).toBe('unknown')
    expect(said(setting, ticket, 'yes')).toHaveLength(1)
    lose()
    await coldInstance(setting).postMessage(ticket, { ...second, mayExist: true, others: first.messageIds })
    expect(said(setting, ticket, 'yes')).toHaveLength(2)
  })

  it('leaves the outcome open when the second try is refused: the first may still be at work', async () => {
    const setting = await setUp()
    const ticket = await openOne(setting)
    setting.sandbox.server.addFault(fault(/reply$/, { effect: 'before' }))
    const reset = String(Math.floor(setting.clock.now() / 1_000) + 30)
    setting.sandbox.server.addFault(fault(/reply$/, { status: 429, times: 9, headers: { 'x-ratelimit-reset': reset } }))
    await expect(setting.driver.postMessage(ticket, textOf('once'))).rejects.toMatchObject({
      code: 'rate-limited',
      outcome: 'unknown',
      retryAfterMs: 30_000,
    })
  })
})

describe('intercom: words that come after the end', () => {
  const ended = async (closedBy: 'bot' | 'agent' = 'bot') => {
    const setting = await setUp()
    const ticket = await openOne(setting)
    if (closedBy === 'bot') await setting.driver.closeTicket(ticket)
    else setting.sandbox.solve(ticket.id)
    return { setting, ticket }
  }

  it('open what an agent has closed, and not what we have', async () => {
    const byAgent = await ended('agent')
    await byAgent.setting.driver.postMessage(byAgent.ticket, textOf('wait'))
    expect(shown(byAgent.setting, byAgent.ticket).status).toBe('open')
    const byBot = await ended()
    await byBot.setting.driver.postMessage(byBot.ticket, textOf('wait'))
    expect(shown(byBot.setting, byBot.ticket).status).toBe('solved')
    expect(said(byBot.setting, byBot.ticket, 'wait')).toHaveLength(1)
  })

  it('leave open what an agent has opened again', async () => {
    const { setting, ticket } = await ended()
    setting.sandbox.reopen(ticket.id)
    await setting.driver.postMessage(ticket, textOf('hello again'))
    expect(shown(setting, ticket).status).toBe('open')
    setting.sandbox.solve(ticket.id)
    await setting.driver.postMessage(ticket, textOf('and again', { id: 'msg_02' }))
    expect(shown(setting, ticket).status).toBe('open')
  })

  it('are found by the next attempt, which then closes, when closing again failed', async () => {
    const { setting, ticket } = await ended()
    setting.sandbox.server.addFault(fault(/^POST .*parts$/, { times: 3 }))
    const last = textOf('bye', { createdAt: setting.clock.now() })
    await expect(setting.driver.postMessage(ticket, last)).rejects.toMatchObject({ outcome: 'unknown' })
    expect(shown(setting, ticket).status).toBe('open')
    await coldInstance(setting).postMessage(ticket, { ...last, mayExist: true })
    expect(shown(setting, ticket).status).toBe('solved')
    expect(said(setting, ticket, 'bye')).toHaveLength(1)
  })

  it('have arrived even if the conversation cannot be closed again', async () => {
    const { setting, ticket } = await ended()
    setting.sandbox.server.addFault(fault(/^POST .*parts$/, { status: 403, times: 9 }))
    const posted = await setting.driver.postMessage(ticket, textOf('bye'))
    expect(posted.messageIds).toHaveLength(1)
    expect(setting.log.lines.map(({ level }) => level)).toContain('warn')
  })

  it('take one call where nothing was closed', async () => {
    const setting = await setUp()
    const ticket = await openOne(setting)
    const before = setting.asked().length
    await setting.driver.postMessage(ticket, textOf('hello', { author: { type: 'customer', customer: EVE } }))
    expect(setting.asked().slice(before)).toEqual([`POST /conversations/${ticket.id}/reply`])
  })
})

describe('intercom: reading', () => {
  it('moves the cursor only past what was told, since copies may lag', async () => {
    const setting = await setUp()
    const ticket = await openOne(setting)
    setting.sandbox.agentReplies(ticket.id, 'one')
    setting.sandbox.agentReplies(ticket.id, 'two')
    await setting.driver.postMessage(ticket, textOf('mine'))
    const whole = await setting.driver.catchUp?.(ticket, undefined)
    const body = JSON.parse(
      JSON.stringify(
        await (
          await fetch(`${setting.sandbox.server.origin}/conversations/${ticket.id}`, {
            headers: {
              authorization: `Bearer ${String(setting.sandbox.config.accessToken)}`,
              'intercom-version': '2.14',
            },
          })
        ).json()
      )
    ) as { conversation_parts: { conversation_parts: { body: string | null }[] } }
    const list = body.conversation_parts
    list.conversation_parts = list.conversation_parts.filter((part) => !part.body?.includes('two'))
    setting.sandbox.server.addFault(fault(/^GET /, { status: 200, body }))
    const lagging = await setting.driver.catchUp?.(ticket, undefined)
    const rest = await setting.driver.catchUp?.(ticket, lagging?.cursor)
    expect([...(lagging?.events ?? []), ...(rest?.events ?? [])]).toEqual(whole?.events)
  })

  it('takes a conversation for deleted only when it stays unknown', async () => {
    const setting = await setUp()
    const ticket = await openOne(setting)
    setting.sandbox.server.addFault(fault(/^GET /, { status: 404 }))
    await expect(setting.driver.catchUp?.(ticket, undefined)).resolves.toEqual({ events: [], cursor: undefined })
  })
})
