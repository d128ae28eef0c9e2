/** Conformance: closing a ticket. */
import { describe, expect, it } from 'vitest'
import { isProviderError, isTransient } from '../errors'
import type { Tools } from '../kit/tools'
import type { Driver, OutboundMessage } from '../provider'
import type { Suite } from './suite'

/** No driver needs more requests for one call. */
const MAX_REQUESTS = 5

export const describeClosing = ({ provider, setUp, openTicket, ticketOf }: Suite): void => {
  const openWithLastMessage = async (type: 'customer' | 'bot') => {
    const fixture = await setUp()
    const { ticket, customer } = await openTicket(fixture)
    const last: OutboundMessage = {
      id: 'msg_09',
      author: type === 'bot' ? { type } : { type, customer },
      parts: [{ type: 'text', text: LAST_MESSAGE }],
      createdAt: fixture.clock.now(),
      mayExist: false,
    }
    return { fixture, ticket, last }
  }

  describe(`${provider.name}: closing`, () => {
    it('solves the ticket, and is a no-op for a solved or deleted one', async () => {
      const fixture = await setUp()
      const { ticket } = await openTicket(fixture)
      await fixture.driver.closeTicket(ticket)
      expect(ticketOf(fixture, ticket).status).toBe('solved')
      const entries = ticketOf(fixture, ticket).entries.length
      await fixture.driver.closeTicket(ticket)
      expect(ticketOf(fixture, ticket).status).toBe('solved')
      expect(ticketOf(fixture, ticket).entries).toHaveLength(entries)
      const gone = await openTicket(fixture, { conversationId: 'conv_02' })
      fixture.sandbox.remove(gone.ticket.id)
      await fixture.driver.closeTicket(gone.ticket)
    })

    it.each(['<!doctype html><title>Sorry</title>', 'Please log in', ''])(
      'is not taken for done when something else answers in the vendor’s place: “%s”',
      async (body) => {
        const fixture = await setUp()
        const { ticket } = await openTicket(fixture)
        fixture.sandbox.server.addFault({
          kind: 'status',
          status: 200,
          body,
          times: 9,
          matches: ({ method }) => method !== 'GET',
        })
        const error: unknown = await fixture.driver.closeTicket(ticket).catch((thrown: unknown) => thrown)
        expect(isProviderError(error) && isTransient(error), String(error)).toBe(true)
        fixture.sandbox.server.clearFaults()
        await fixture.driver.closeTicket(ticket)
        expect(ticketOf(fixture, ticket).status).toBe('solved')
      }
    )

    const authors = ['customer', 'bot'] as const

    it.each(authors)('leaves the ticket solved when a message from the %s arrives afterwards', async (type) => {
      const { fixture, ticket, last } = await openWithLastMessage(type)
      await fixture.driver.closeTicket(ticket)
      await fixture.driver.postMessage(ticket, last)
      expect(ticketOf(fixture, ticket).status).toBe('solved')
      expect(ticketOf(fixture, ticket).entries.filter((entry) => entry.text.includes(LAST_MESSAGE))).toHaveLength(1)
      await fixture.driver.postMessage(ticket, { ...last, mayExist: true })
      expect(ticketOf(fixture, ticket).status).toBe('solved')
      expect(ticketOf(fixture, ticket).entries.filter((entry) => entry.text.includes(LAST_MESSAGE))).toHaveLength(1)
    })

    it.each(authors)(
      'leaves the ticket solved when a message from the %s is in flight at the same time',
      async (type) => {
        for (let round = 0; round < 4; round += 1) {
          const { fixture, ticket, last } = await openWithLastMessage(type)
          const calls = [() => fixture.driver.closeTicket(ticket), () => fixture.driver.postMessage(ticket, last)]
          await Promise.all((round % 2 ? calls : calls.toReversed()).map((call) => call()))
          expect(ticketOf(fixture, ticket).status).toBe('solved')
          expect(ticketOf(fixture, ticket).entries.filter((entry) => entry.text.includes(LAST_MESSAGE))).toHaveLength(1)
        }
      }
    )

    it.each(authors)('leaves the ticket solved in every interleaving with a message from the %s', async (type) => {
      for (let at = 1; at <= MAX_REQUESTS; at += 1) {
        for (const interruptedCall of ['closing', 'posting'] as const) {
          const { fixture, ticket, last } = await openWithLastMessage(type)
          const close = (driver: Driver) => driver.closeTicket(ticket)
          const post = (driver: Driver) => driver.postMessage(ticket, last)
          const [outer, inner] = interruptedCall === 'closing' ? [close, post] : [post, close]
          let requests = 0
          const tools: Tools = {
            ...fixture.tools,
            transport: async (config) => {
              requests += 1
              if (requests === at) await inner(fixture.driver)
              return fixture.sandbox.server.transport(config)
            },
          }
          const interrupted = provider.connect(fixture.config, tools, fixture.subscription)
          await outer(interrupted)
          // The outer call made fewer requests: the inner one runs afterwards.
          if (requests < at) await inner(fixture.driver)
          expect(ticketOf(fixture, ticket).status, `${interruptedCall}, before request ${at}`).toBe('solved')
          expect(ticketOf(fixture, ticket).entries.filter((entry) => entry.text.includes(LAST_MESSAGE))).toHaveLength(1)
        }
      }
    })
  })
}

const LAST_MESSAGE = 'never mind, thank you'
