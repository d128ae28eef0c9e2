/** Observes a session from both sides. */
import type { SandboxEntry, SandboxTicket } from '../../providers/kit/sandbox'
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
  /** Marks the end of the ticket's opening, which shows all of `facts`. Later entries are the conversation. */
  markOpened(facts: readonly string[]): void
  /** Events on both sides since the last call. */
  newEvents(): TimelineEvent[]
  /** Differences from the expected result, one sentence each. */
  problems(expected: Expected): string[]
}

export const watchSession = (world: World, customer: string, conversationId: string): Watch => {
  const { bot } = world.botpress
  const known = { messages: 0, tickets: 0, opening: 0, entries: 0, facts: [] as readonly string[] }

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
    const entries = conversationOf(ticket).map(_entryText)
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
    markOpened: (facts) => {
      known.opening = tickets()[0]?.ticket.entries.length ?? 0
      known.facts = facts
    },
    newEvents: () => {
      const messages = bot.transcript(conversationId)
      const found = tickets()
      const entries = found.flatMap(({ desk, ticket }) => conversationOf(ticket).map((entry) => ({ ...entry, desk })))
      const events = [
        ...messages.slice(known.messages).map((message) => _atCustomer(customer, message)),
        ...found.slice(known.tickets).flatMap((opened) => [_atOpening(opened), ..._aboutCustomer(opened, known.facts)]),
        ...entries
          .slice(known.entries)
          .filter(({ kind }) => kind === 'customer')
          .map(({ desk, ...entry }) => ({
            at: entry.at,
            actor: titleOf(desk),
            action: 'shows',
            detail: `${customer}: ${_entryText(entry)}`,
          })),
      ]
      known.messages = messages.length
      known.tickets = found.length
      known.entries = entries.length
      return events
    },
    problems: (expected) => {
      const found = tickets()
      const seen = bot.seen(conversationId).map(_seenText)
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

/** The lines of the opening in which the desk shows these facts, as agents read them. */
const _aboutCustomer = (
  { desk, ticket }: { desk: string; ticket: SandboxTicket },
  facts: readonly string[]
): TimelineEvent[] => {
  const lines = ticket.entries.flatMap(({ text }) => text.split('\n'))
  const shown = new Set(facts.flatMap((fact) => lines.find((line) => line.includes(fact)) ?? []))
  const at = ticket.entries[0]?.at ?? 0
  return [...shown].map((detail) => ({ at, actor: titleOf(desk), action: 'shows', detail }))
}

/** Words, and the names of what comes with them. */
export const withFiles = (words: string, files: readonly string[]): string =>
  [words, ...files.map((name) => `📎 ${name}`)].filter(Boolean).join(' ')

/** Below the words of a message, each desk shows its files in its own way. */
const _entryText = ({ text, files = [] }: SandboxEntry): string =>
  files.length === 0
    ? text
    : withFiles(
        text.split('\n')[0] ?? '',
        files.map(({ name }) => name)
      )

const _seenText = ({ type, text, payload }: Seen): string => {
  if (type !== 'bloc') return text
  const items = payload['items'] as { type: string; payload: Record<string, string> }[]
  const [texts, files] = [true, false].map((isText) => items.filter((item) => (item.type === 'text') === isText))
  return withFiles(
    (texts ?? []).map((item) => item.payload['text']).join(' '),
    (files ?? []).map((item) => item.payload['title'] ?? item.payload['imageUrl']?.split('/').at(-1) ?? item.type)
  )
}

const _atCustomer = (customer: string, message: Seen): TimelineEvent => {
  const { at, from, name, pictureUrl } = message
  const text = _seenText(message)
  if (from === 'customer') return { at, actor: customer, action: 'writes', detail: text }
  const detail = from === 'agent' ? `${name ?? 'an agent'}${pictureUrl ? ' (with photo)' : ''}: ${text}` : text
  return { at, actor: customer, action: 'reads', detail }
}
