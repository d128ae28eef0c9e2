/** Conformance: the end that the bot makes. */
import { describe, expect, it } from 'vitest'
import type { Driver, OutboundMessage } from '../provider'
import type { Suite } from './setting'

/** More than any driver needs for one call. */
const MOST_REQUESTS = 5

export const describeClosing = ({ provider, setUp, openTicket, ticketOf }: Suite): void => {
  const leaving = async (type: 'customer' | 'bot') => {
    const setting = await setUp()
    const { ticket, customer } = await openTicket(setting)
    const last: OutboundMessage = {
      id: 'msg_09',
      author: type === 'bot' ? { type } : { type, customer },
      parts: [{ type: 'text', text: LAST_WORDS }],
      createdAt: setting.clock.now(),
      mayExist: false,
    }
    return { setting, ticket, last }
  }

  describe(`${provider.name}: closing`, () => {
    it('is solved by close, twice as well as once, and takes it that the ticket is gone', async () => {
      const setting = await setUp()
      const { ticket } = await openTicket(setting)
      await setting.driver.closeTicket(ticket)
      expect(ticketOf(setting, ticket).status).toBe('solved')
      const entries = ticketOf(setting, ticket).entries.length
      await setting.driver.closeTicket(ticket)
      expect(ticketOf(setting, ticket).status).toBe('solved')
      expect(ticketOf(setting, ticket).entries).toHaveLength(entries)
      const gone = await openTicket(setting, { conversationId: 'conv_02' })
      setting.sandbox.remove(gone.ticket.id)
      await setting.driver.closeTicket(gone.ticket)
    })

    const whoever = ['customer', 'bot'] as const

    it.each(whoever)('leaves a ticket solved when words of the %s arrive after it', async (type) => {
      const { setting, ticket, last } = await leaving(type)
      await setting.driver.closeTicket(ticket)
      await setting.driver.postMessage(ticket, last)
      expect(ticketOf(setting, ticket).status).toBe('solved')
      expect(ticketOf(setting, ticket).entries.filter((entry) => entry.text.includes(LAST_WORDS))).toHaveLength(1)
      await setting.driver.postMessage(ticket, { ...last, mayExist: true })
      expect(ticketOf(setting, ticket).status).toBe('solved')
      expect(ticketOf(setting, ticket).entries.filter((entry) => entry.text.includes(LAST_WORDS))).toHaveLength(1)
    })

    it.each(whoever)(
      'leaves a ticket solved when words of the %s are on their way at the same moment',
      async (type) => {
        for (let round = 0; round < 4; round += 1) {
          const { setting, ticket, last } = await leaving(type)
          const calls = [() => setting.driver.closeTicket(ticket), () => setting.driver.postMessage(ticket, last)]
          await Promise.all((round % 2 ? calls : calls.toReversed()).map((call) => call()))
          expect(ticketOf(setting, ticket).status).toBe('solved')
          expect(ticketOf(setting, ticket).entries.filter((entry) => entry.text.includes(LAST_WORDS))).toHaveLength(1)
        }
      }
    )

    it.each(whoever)(
      'leaves a ticket solved wherever words of the %s come in between, or it between them',
      async (type) => {
        for (let at = 1; at <= MOST_REQUESTS; at += 1) {
          for (const isInterrupted of ['closing', 'posting'] as const) {
            const { setting, ticket, last } = await leaving(type)
            const close = (driver: Driver) => driver.closeTicket(ticket)
            const say = (driver: Driver) => driver.postMessage(ticket, last)
            const [whole, between] = isInterrupted === 'closing' ? [close, say] : [say, close]
            let requests = 0
            const interrupted = provider.connect(setting.config, {
              ...setting.tools,
              transport: async (config) => {
                requests += 1
                if (requests === at) await between(setting.driver)
                return setting.sandbox.server.transport(config)
              },
            })
            await whole(interrupted)
            // It took fewer requests than that.
            if (requests < at) await between(setting.driver)
            expect(ticketOf(setting, ticket).status, `${isInterrupted}, before request ${at}`).toBe('solved')
            expect(ticketOf(setting, ticket).entries.filter((entry) => entry.text.includes(LAST_WORDS))).toHaveLength(1)
          }
        }
      }
    )
  })
}

const LAST_WORDS = 'never mind, thank you'
