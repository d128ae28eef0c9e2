/** Observes a session from both sides. */
import type { SandboxTicket } from '../../providers/kit/sandbox'
import { providers } from '../../src/definition/registry'
import type { Seen } from '../botpress'
import type { World } from '../world'
import { compareDesks, compareTexts } from './check'
import type { TimelineEvent } from './timeline'

export const titleOf = (desk: string): string => providers[desk]?.title ?? desk

/** The expected result of a session. */
export interface Expected {
  /** Registry key of the expected desk. */
  desk: string
  /** Texts in the opening of the ticket, in the desk's own format. */
  opening: string[]
  /** Texts after the opening, as the agents see them. */
  atDesk: string[]
  /** Texts that the customer sees. */
  toCustomer: string[]
}

export interface Watch {
  /** The tickets of the session. More than one is a problem. */
  tickets(): { desk: string; ticket: SandboxTicket }[]
  /** Marks the end of the ticket's opening. Later entries are the conversation. */
  markOpened(): void
  /** Events on both sides since the last call. */
  newEvents(): TimelineEvent[]
  /** Differences from the expected result, one sentence each. */
  problems(expected: Expected): string[]
}

export const watchSession = (world: World, customer: string, conversationId: string): Watch => {
  const { bot } = world.botpress
  const known = { messages: 0, tickets: 0, opening: 0, entries: 0 }

  const tickets: Watch['tickets'] = () => {
    const downstream = bot.downstreamOf(conversationId)
    if (downstream === undefined) return []
    return Object.entries(world.sandboxes).flatMap(([desk, sandbox]) =>
      sandbox.tickets().flatMap((ticket) => (ticket.conversationId === downstream ? [{ desk, ticket }] : []))
    )
  }
  /** The entries after the opening, without notes, which only agents see. */
  const conversationOf = (ticket: SandboxTicket) =>
    ticket.entries.slice(known.opening).filter(({ kind }) => kind === 'customer' || kind === 'agent')

  const problemsAt = (expected: Expected, desk: string, ticket: SandboxTicket): string[] => {
    const title = titleOf(desk)
    const opening = ticket.entries.slice(0, known.opening).map(({ text }) => text)
    const entries = conversationOf(ticket).map(({ text }) => text)
    return [
      ...expected.opening
        .filter((words) => !opening.some((text) => text.includes(words)))
        .map((words) => `lost in the opening of the ticket at ${title}: “${words}”`),
      ...compareTexts(`at ${title}`, expected.atDesk, entries),
      ...(ticket.status === 'open' ? [`the ticket at ${title} is still open`] : []),
    ]
  }

  return {
    tickets,
    markOpened: () => {
      known.opening = tickets()[0]?.ticket.entries.length ?? 0
    },
    newEvents: () => {
      const messages = bot.transcript(conversationId)
      const found = tickets()
      const entries = found.flatMap(({ desk, ticket }) => conversationOf(ticket).map((entry) => ({ ...entry, desk })))
      const events = [
        ...messages.slice(known.messages).map((message) => _atCustomer(customer, message)),
        ...found.slice(known.tickets).map(_atOpening),
        ...entries
          .slice(known.entries)
          .filter(({ kind }) => kind === 'customer')
          .map(({ at, desk, text }) => ({ at, actor: titleOf(desk), action: 'shows', detail: `${customer}: ${text}` })),
      ]
      known.messages = messages.length
      known.tickets = found.length
      known.entries = entries.length
      return events
    },
    problems: (expected) => {
      const found = tickets()
      const seen = bot.seen(conversationId).map(({ text }) => text)
      const continuations = bot.continued.filter((event) => event.conversationId === conversationId).length
      return [
        ...compareDesks(
          titleOf(expected.desk),
          found.map(({ desk }) => titleOf(desk))
        ),
        ...found.flatMap(({ desk, ticket }) => problemsAt(expected, desk, ticket)),
        ...compareTexts(`for ${customer}`, expected.toCustomer, seen),
        ...(bot.isActive(conversationId) ? [`the bot still considers the session of ${customer} active`] : []),
        ...(continuations === 1 ? [] : [`the bot’s flow continued ${continuations} times instead of once`]),
      ]
    },
  }
}

const _atOpening = ({ desk, ticket: { title, entries } }: { desk: string; ticket: SandboxTicket }): TimelineEvent => ({
  at: entries[0]?.at ?? 0,
  actor: titleOf(desk),
  action: 'opens',
  detail: `a ticket with the conversation so far: ${title}`,
})

const _atCustomer = (customer: string, { at, from, name, text }: Seen): TimelineEvent => {
  if (from === 'customer') return { at, actor: customer, action: 'writes', detail: text }
  const detail = from === 'agent' ? `${name ?? 'an agent'}: ${text}` : text
  return { at, actor: customer, action: 'reads', detail }
}
