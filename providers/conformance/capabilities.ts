/** Conformance: what a driver may lack. */
import { describe, expect, it } from 'vitest'
import type { WebhookReply } from '../provider'
import { isWrite, TARGET, type Suite } from './setting'

export const describeCapabilities = ({ descriptor, provider, setUp, openTicket }: Suite): void => {
  if (descriptor.capabilities.includes('subscribe')) {
    describe(`${provider.name}: subscription`, () => {
      it('saved twice changes nothing, and only our own is removed', async () => {
        const setting = await setUp()
        const other = { ...TARGET, installation: 'other1', url: 'https://webhook.example.test/other/x' }
        await setting.driver.subscribe?.(other)
        const writes = () =>
          setting.sandbox.server.requests.filter((request) => isWrite(request) && !/oauth/.test(request.path)).length
        const before = writes()
        const again = await setting.driver.subscribe?.(TARGET)
        expect(again).toEqual(setting.subscription)
        expect(writes()).toBe(before)
        await setting.driver.unsubscribe?.(TARGET)
        const mine = writes()
        await setting.driver.subscribe?.(other)
        expect(writes(), 'the other installation is whole').toBe(mine)
        await setting.driver.unsubscribe?.(TARGET)
      })
    })
  }

  if (descriptor.capabilities.includes('instructions')) {
    it(`${provider.name}: instructions name the address to paste`, async () => {
      const { driver } = await setUp()
      expect(driver.instructions?.(TARGET)).toContain(TARGET.url)
    })
  }

  if (descriptor.capabilities.includes('answerUnsigned')) {
    it(`${provider.name}: an unsigned handshake gets a constant answer, anything else none`, async () => {
      const { driver } = await setUp()
      const answers: (WebhookReply | undefined)[] = ['HEAD', 'GET', 'POST'].map((method) =>
        driver.answerUnsigned?.({ method, path: `/${provider.name}` })
      )
      expect(answers.some((answer) => answer?.status === 200)).toBe(true)
      expect(driver.answerUnsigned?.({ method: 'POST', path: `/${provider.name}` })).toBeUndefined()
    })
  }

  if (descriptor.capabilities.includes('findOrigin')) {
    describe(`${provider.name}: origin`, () => {
      it('of a ticket is the conversation that opened it, and its webhooks say that it may be ours', async () => {
        const setting = await setUp()
        const { ticket } = await openTicket(setting)
        expect(await setting.driver.findOrigin?.(ticket.id)).toEqual({
          conversationId: ticket.conversationId,
          isSolved: false,
        })
        setting.sandbox.agentReplies(ticket.id, 'Hello')
        await setting.sandbox.deliveries.flush()
        const events = setting.received.flatMap((webhook) => setting.driver.parseWebhook(webhook).events)
        expect(events.some((event) => event.ticket.ticketId === ticket.id && event.ticket.origin !== undefined)).toBe(
          true
        )
        await setting.driver.closeTicket(ticket)
        expect(await setting.driver.findOrigin?.(ticket.id)).toMatchObject({ isSolved: true })
      })

      it('of a ticket that somebody else opened, or that is gone, is none', async () => {
        const setting = await setUp()
        expect(await setting.driver.findOrigin?.(setting.sandbox.foreignTicket())).toBeUndefined()
        const { ticket } = await openTicket(setting)
        setting.sandbox.remove(ticket.id)
        expect(await setting.driver.findOrigin?.(ticket.id)).toBeUndefined()
      })

      it('that cannot be read is no answer', async () => {
        const setting = await setUp()
        const { ticket } = await openTicket(setting)
        setting.sandbox.server.addFault({ kind: 'status', status: 500, times: 9 })
        await expect(setting.driver.findOrigin?.(ticket.id)).rejects.toMatchObject({ code: 'unavailable' })
      })
    })
  }

  if (descriptor.capabilities.includes('reflect')) {
    it(`${provider.name}: showing the state never throws`, async () => {
      const setting = await setUp()
      const { ticket } = await openTicket(setting)
      const [agent] = setting.sandbox.agents
      await setting.driver.reflect?.(ticket, { type: 'assigned', agent: { id: agent?.id ?? '', name: agent?.name } })
      setting.sandbox.server.addFault({ kind: 'status', status: 500, times: 9 })
      await expect(setting.driver.reflect?.(ticket, { type: 'closed', by: 'agent' })).resolves.toBeUndefined()
    })
  }
}
