/** Conformance: what vendors and agents do behind the router's back. A sandbox without a move has no test of it. */
import { describe, expect, it } from 'vitest'
import { isMessageRejected } from '../errors'
import type { Fault } from '../kit/sandbox'
import type { SessionEvent } from '../provider'
import type { Suite } from './suite'

export const describeMoves = ({ descriptor, provider, setUp, openTicket, post, ticketOf }: Suite): void => {
  const sandbox = descriptor.createSandbox({ now: Date.now })

  /** A session in which an agent has answered once. */
  const start = async () => {
    const fixture = await setUp()
    const session = await openTicket(fixture)
    const { catchUp } = fixture.driver
    if (!catchUp) throw new Error('The driver lacks catchUp')
    const agentId = fixture.sandbox.agents[0]?.id ?? ''
    return { ...session, fixture, moves: fixture.sandbox, catchUp, agentId }
  }

  const moves = [sandbox.mergeContact, sandbox.deleteReply, sandbox.removeAgent, sandbox.mergeTicket]
  if (!descriptor.capabilities.includes('catchUp') || !moves.some(Boolean)) return
  describe(`${provider.name}: moves`, () => {
    if (sandbox.mergeContact)
      it('a message arrives after its contact was merged, and the new one is told', async () => {
        const { fixture, moves, ticket, customer } = await start()
        moves.mergeContact?.(ticket.id)
        const posted = await post(fixture, ticket, customer, [{ type: 'text', text: 'still me' }])
        expect(ticketOf(fixture, ticket).entries.at(-1)?.text).toContain('still me')
        expect(posted.contactId).toBeTruthy()
        expect(posted.contactId).not.toBe(customer.contactId)
        const learned = { ...customer, contactId: posted.contactId }
        const parts = [{ type: 'text' as const, text: 'and again' }]
        const next = await post(fixture, { ...ticket, contactId: posted.contactId }, learned, parts, 'msg_02')
        expect(ticketOf(fixture, ticket).entries.at(-1)?.text).toContain('and again')
        expect(next.contactId ?? posted.contactId).toBe(posted.contactId)
      })

    if (sandbox.mergeContact)
      it.each([
        ['not delivered, and a proxy’s page came back', { kind: 'status', status: 200, body: '<html></html>' }],
        ['delivered, and its answer lost', { kind: 'disconnect', effect: 'after' }],
        ['perhaps delivered', { kind: 'status', status: 500, body: {} }],
      ] as [string, Fault][])('a message whose first post was %s arrives once after a merge', async (_what, fault) => {
        const { fixture, moves, ticket, customer } = await start()
        moves.mergeContact?.(ticket.id)
        fixture.sandbox.server.addFault({ ...fault, matches: ({ method }) => method === 'PUT' || method === 'POST' })
        const parts = [{ type: 'text' as const, text: 'still me' }]
        const before = ticketOf(fixture, ticket).entries.length
        // The core looks for it when the outcome stays unknown.
        await post(fixture, ticket, customer, parts).catch((error: unknown) => {
          expect(isMessageRejected(error), String(error)).toBe(false)
          const message = { id: 'msg_01', author: { type: 'customer' as const, customer }, parts, mayExist: true }
          return fixture.driver.postMessage(ticket, message)
        })
        const arrived = ticketOf(fixture, ticket).entries.slice(before)
        expect(arrived.filter(({ text }) => text.includes('still me'))).toHaveLength(1)
      })

    if (sandbox.deleteReply)
      it('a reply that was deleted before it is read is left out', async () => {
        const { moves, ticket, cursor, catchUp, agentId } = await start()
        const taken = moves.agentReplies(ticket.id, 'the password is hunter2', { agentId })
        moves.agentReplies(ticket.id, 'never mind', { agentId })
        moves.deleteReply?.(taken)
        const { events } = await catchUp(ticket, cursor)
        expect(_textsIn(events)).toEqual(['never mind'])
        expect(JSON.stringify(events)).not.toContain('hunter2')
      })

    if (sandbox.removeAgent)
      it('the reply of an agent who has left since is read, with what follows', async () => {
        const { fixture, moves, ticket, cursor, catchUp, agentId } = await start()
        moves.agentReplies(ticket.id, 'I leave today', { agentId })
        moves.removeAgent?.(agentId)
        moves.agentReplies(ticket.id, 'I take over', { agentId: fixture.sandbox.agents[1]?.id })
        expect(_textsIn((await catchUp(ticket, cursor)).events)).toEqual(['I leave today', 'I take over'])
      })

    if (sandbox.mergeTicket)
      it('a merged ticket goes on elsewhere or ends, and its line is nobody’s', async () => {
        const { moves, ticket, cursor, catchUp, agentId } = await start()
        const into = moves.mergeTicket?.(ticket.id) ?? ''
        moves.agentReplies(into, 'Here we go on', { agentId })
        const { events, movedTo } = await catchUp(ticket, cursor)
        if (!movedTo) return expect(events.map(({ type }) => type)).toEqual(['ticket-closed'])
        expect(_textsIn(events)).toEqual([])
        const moved = { ...ticket, id: movedTo.id, ...(movedTo.memo === undefined ? {} : { memo: movedTo.memo }) }
        expect(_textsIn((await catchUp(moved, movedTo.cursor)).events)).toEqual(['Here we go on'])
      })

    if (sandbox.mergeTicket)
      it('a ticket into which another one was merged hides the line about it', async () => {
        const { fixture, moves, ticket, cursor, catchUp, agentId } = await start()
        moves.mergeTicket?.(fixture.sandbox.foreignTicket(), ticket.id)
        moves.agentReplies(ticket.id, 'I have merged them', { agentId })
        expect(_textsIn((await catchUp(ticket, cursor)).events)).toEqual(['I have merged them'])
      })
  })
}

const _textsIn = (events: SessionEvent[]): string[] =>
  events.flatMap((event) =>
    event.type === 'message-posted' ? event.parts.map((part) => (part.type === 'text' ? part.text : part.type)) : []
  )
