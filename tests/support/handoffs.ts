/** Common steps of tests on a stage. */
import { expect } from 'vitest'
import type { Sandbox, SandboxTicket } from '../../providers/kit/sandbox'
import type { Stage } from './simulated'

/** Longer than the plugin takes to listen and the router to notice. */
export const ACTIVATED_MS = 4_000
/** Longer than any delay of the router's scheduled events. */
export const SETTLED_MS = 12_000

export interface Handoff {
  /** The customer's conversation with the bot. */
  conversationId: string
  userId: string
  sandbox: Sandbox
  /** The session's ticket as it is now. */
  ticket(): SandboxTicket
}

export const ticketsOf = (stage: Stage): (SandboxTicket & { desk: string })[] =>
  Object.values(stage.sandboxes).flatMap((sandbox) =>
    sandbox
      .tickets()
      .filter((ticket) => ticket.conversationId !== undefined)
      .map((ticket) => ({ ...ticket, desk: sandbox.name }))
  )

/** A customer writes and is handed off. Resolves once the plugin listens. */
export const handOver = async (
  stage: Stage,
  card: { hitlSession?: Record<string, unknown>; title?: string; description?: string; userEmail?: string } = {},
  customer: { name?: string } = { name: 'Eve Customer' }
): Promise<Handoff> => {
  const { bot } = stage.botpress
  const { conversationId, userId } = bot.newCustomer(customer)
  await stage.finish(bot.customerSays(conversationId, 'my printer burns'))
  const before = new Set(ticketsOf(stage).map(({ desk, id }) => `${desk}/${id}`))
  await stage.finish(bot.startHitl(conversationId, { title: 'Printer on fire', description: 'It burns', ...card }))
  const opened = ticketsOf(stage).filter(({ desk, id }) => !before.has(`${desk}/${id}`))
  expect(opened, 'one handoff, one ticket').toHaveLength(1)
  const [{ desk, id } = { desk: '', id: '' }] = opened
  await stage.pass(ACTIVATED_MS)
  const sandbox = stage.sandbox(desk)
  return {
    conversationId,
    userId,
    sandbox,
    ticket: () => {
      const found = sandbox.tickets().find((ticket) => ticket.id === id)
      if (!found) throw new Error(`Ticket ${id} no longer exists`)
      return found
    },
  }
}

export const JOINED = 'A human agent has joined'

/** The texts that the customer saw, each with its sender. */
export const seenBy = (stage: Stage, conversationId: string): string[] =>
  stage.botpress.bot.seen(conversationId).map(({ from, name, text }) => `${from}${name ? ` ${name}` : ''}: ${text}`)

export const countSeen = (stage: Stage, conversationId: string, part: string): number =>
  stage.botpress.bot.seen(conversationId).filter(({ text }) => text.includes(part)).length
