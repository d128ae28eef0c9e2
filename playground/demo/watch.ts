/** A session as it is seen from both sides. */
import type { SandboxTicket } from '../../providers/kit/sandbox'
import { providers } from '../../src/definition/registry'
import type { Seen } from '../botpress'
import type { World } from '../world'
import { compareDesks, compareTexts } from './check'
import type { Happening } from './timeline'

export const titleOf = (desk: string): string => providers[desk]?.title ?? desk

/** What has to be there by the end. */
export interface Expected {
  /** Registry key of the desk that has to have it. */
  desk: string
  /** What the agents find at the beginning, in whatever form their desk gives it. */
  opening: string[]
  /** What follows, as the agents see it. */
  atDesk: string[]
  /** What the customer is shown. */
  toCustomer: string[]
}

export interface Watch {
  /** The session's tickets; more than one is a fault. */
  tickets(): { desk: string; ticket: SandboxTicket }[]
  /** From here on, entries of the ticket are the conversation. */
  opened(): void
  /** What both sides have seen since the last call. */
  news(): Happening[]
  /** What is wrong, one sentence each. */
  problems(expected: Expected): string[]
}

export const watchSession = (world: World, customer: string, conversationId: string): Watch => {
  const { bot } = world.botpress
  const known = { messages: 0, tickets: 0, opening: 0, said: 0 }

  const tickets: Watch['tickets'] = () => {
    const downstream = bot.downstreamOf(conversationId)
    if (downstream === undefined) return []
    return Object.entries(world.sandboxes).flatMap(([desk, sandbox]) =>
      sandbox.tickets().flatMap((ticket) => (ticket.conversationId === downstream ? [{ desk, ticket }] : []))
    )
  }
  /** Notes are for agents only, and so no part of the conversation. */
  const saidIn = (ticket: SandboxTicket) =>
    ticket.entries.slice(known.opening).filter(({ kind }) => kind === 'customer' || kind === 'agent')

  const problemsAt = (expected: Expected, desk: string, ticket: SandboxTicket): string[] => {
    const title = titleOf(desk)
    const opening = ticket.entries.slice(0, known.opening).map(({ text }) => text)
    const said = saidIn(ticket).map(({ text }) => text)
    return [
      ...expected.opening
        .filter((words) => !opening.some((text) => text.includes(words)))
        .map((words) => `lost in the ticket’s opening at ${title}: “${words}”`),
      ...compareTexts(`at ${title}`, expected.atDesk, said),
      ...(ticket.status === 'open' ? [`the ticket at ${title} is still open`] : []),
    ]
  }

  return {
    tickets,
    opened: () => {
      known.opening = tickets()[0]?.ticket.entries.length ?? 0
    },
    news: () => {
      const seen = bot.transcript(conversationId)
      const found = tickets()
      const shown = found.flatMap(({ desk, ticket }) => saidIn(ticket).map((entry) => ({ ...entry, desk })))
      const happenings = [
        ...seen.slice(known.messages).map((message) => _atCustomer(customer, message)),
        ...found.slice(known.tickets).map(_atOpening),
        ...shown
          .slice(known.said)
          .filter(({ kind }) => kind === 'customer')
          .map(({ at, desk, text }) => ({ at, who: titleOf(desk), does: 'shows', what: `${customer}: ${text}` })),
      ]
      known.messages = seen.length
      known.tickets = found.length
      known.said = shown.length
      return happenings
    },
    problems: (expected) => {
      const found = tickets()
      const shown = bot.seen(conversationId).map(({ text }) => text)
      const goesOn = bot.continued.filter((event) => event.conversationId === conversationId).length
      return [
        ...compareDesks(
          titleOf(expected.desk),
          found.map(({ desk }) => titleOf(desk))
        ),
        ...found.flatMap(({ desk, ticket }) => problemsAt(expected, desk, ticket)),
        ...compareTexts(`for ${customer}`, expected.toCustomer, shown),
        ...(bot.isActive(conversationId) ? [`the bot still takes ${customer} to be with an agent`] : []),
        ...(goesOn === 1 ? [] : [`the bot’s flow went on ${goesOn} times after the session instead of once`]),
      ]
    },
  }
}

const _atOpening = ({ desk, ticket: { title, entries } }: { desk: string; ticket: SandboxTicket }): Happening => ({
  at: entries[0]?.at ?? 0,
  who: titleOf(desk),
  does: 'opens',
  what: `a ticket with the conversation so far: ${title}`,
})

const _atCustomer = (customer: string, { at, from, name, text }: Seen): Happening => {
  if (from === 'customer') return { at, who: customer, does: 'writes', what: text }
  return { at, who: customer, does: 'reads', what: from === 'agent' ? `${name ?? 'an agent'}: ${text}` : text }
}
