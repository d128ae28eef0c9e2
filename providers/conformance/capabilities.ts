/** Conformance: optional members of a driver. */
import { describe, expect, it } from 'vitest'
import type { WebhookReply } from '../provider'
import { isWrite, TARGET, type Suite } from './suite'

export const describeCapabilities = ({ descriptor, provider, setUp, openTicket }: Suite): void => {
  if (descriptor.capabilities.includes('subscribe')) {
    describe(`${provider.name}: subscription`, () => {
      it('is idempotent, and unsubscribing leaves other installations alone', async () => {
        const fixture = await setUp()
        const other = { ...TARGET, installation: 'other1', url: 'https://webhook.example.test/other/x' }
        await fixture.driver.subscribe?.(other)
        const writes = () =>
          fixture.sandbox.server.requests.filter((request) => isWrite(request) && !/oauth/.test(request.path)).length
        const before = writes()
        const again = await fixture.driver.subscribe?.(TARGET)
        expect(again).toEqual(fixture.subscription)
        expect(writes()).toBe(before)
        await fixture.driver.unsubscribe?.(TARGET)
        const writesBefore = writes()
        await fixture.driver.subscribe?.(other)
        expect(writes(), 'the other installation is intact').toBe(writesBefore)
        await fixture.driver.unsubscribe?.(TARGET)
      })
    })
  }

  if (descriptor.capabilities.includes('instructions')) {
    it(`${provider.name}: instructions contain the webhook address`, async () => {
      const { driver } = await setUp()
      expect(driver.instructions?.(TARGET)).toContain(TARGET.url)
    })
  }

  if (descriptor.capabilities.includes('agentsAvailable')) {
    it(`${provider.name}: knows whether an agent is there`, async () => {
      const { driver, sandbox } = await setUp()
      const others = sandbox.agents.slice(1)
      const set = (isAvailable: boolean): void => {
        for (const { id } of sandbox.agents) sandbox.setAvailable?.(id, isAvailable)
      }
      expect(await driver.agentsAvailable?.()).toBe(true)
      for (const { id } of others) sandbox.setAvailable?.(id, false)
      expect(await driver.agentsAvailable?.(), 'one of them is there').toBe(true)
      set(false)
      expect(await driver.agentsAvailable?.()).toBe(false)
      set(true)
      expect(await driver.agentsAvailable?.()).toBe(true)
    })
  }

  if (descriptor.capabilities.includes('answerUnsigned')) {
    it(`${provider.name}: answers an unsigned handshake and no other unsigned request`, async () => {
      const { driver } = await setUp()
      const answers: (WebhookReply | undefined)[] = ['HEAD', 'GET', 'POST'].map((method) =>
        driver.answerUnsigned?.({ method, path: `/${provider.name}` })
      )
      expect(answers.some((answer) => answer?.status === 200)).toBe(true)
      expect(driver.answerUnsigned?.({ method: 'POST', path: `/${provider.name}` })).toBeUndefined()
    })
  }

  if (descriptor.capabilities.includes('findOrigin')) {
    describe(`${provider.name}: origin of a ticket`, () => {
      it('is the conversation that opened it, and the ticket’s webhooks carry an origin', async () => {
        const fixture = await setUp()
        const { ticket } = await openTicket(fixture)
        expect(await fixture.driver.findOrigin?.(ticket.id)).toEqual({
          conversationId: ticket.conversationId,
          botId: 'bot-1',
          isSolved: false,
        })
        fixture.sandbox.agentReplies(ticket.id, 'Hello')
        await fixture.sandbox.deliveries.flush()
        const events = fixture.received.flatMap((webhook) => fixture.driver.parseWebhook(webhook).events)
        expect(events.some((event) => event.ticket.ticketId === ticket.id && event.ticket.origin !== undefined)).toBe(
          true
        )
        await fixture.driver.closeTicket(ticket)
        expect(await fixture.driver.findOrigin?.(ticket.id)).toMatchObject({ isSolved: true })
      })

      it('is undefined for a foreign or deleted ticket', async () => {
        const fixture = await setUp()
        expect(await fixture.driver.findOrigin?.(fixture.sandbox.foreignTicket())).toBeUndefined()
        const { ticket } = await openTicket(fixture)
        fixture.sandbox.remove(ticket.id)
        expect(await fixture.driver.findOrigin?.(ticket.id)).toBeUndefined()
      })

      it('throws when the ticket cannot be read', async () => {
        const fixture = await setUp()
        const { ticket } = await openTicket(fixture)
        fixture.sandbox.server.addFault({ kind: 'status', status: 500, times: 9 })
        await expect(fixture.driver.findOrigin?.(ticket.id)).rejects.toMatchObject({ code: 'unavailable' })
      })
    })
  }

  if (descriptor.capabilities.includes('reflect')) {
    it(`${provider.name}: reflecting the session’s state never throws`, async () => {
      const fixture = await setUp()
      const { ticket } = await openTicket(fixture)
      const [agent] = fixture.sandbox.agents
      await fixture.driver.reflect?.(ticket, { type: 'assigned', agent: { id: agent?.id ?? '', name: agent?.name } })
      fixture.sandbox.server.addFault({ kind: 'status', status: 500, times: 9 })
      await expect(fixture.driver.reflect?.(ticket, { type: 'closed', by: 'agent' })).resolves.toBeUndefined()
    })
  }
}
