/** The state that the page shows. */
import { providers } from '../../src/definition/registry'
import type { Seen } from '../botpress'
import type { World } from '../world'

export const STRATEGIES = ['priority', 'round-robin'] as const

export interface RoutingChoice {
  strategy: (typeof STRATEGIES)[number]
  /** All desks, preferred first. */
  order: string[]
}

/** What the page did, in addition to the state of the world. */
export interface PageState {
  /** Customers' names by conversation id. */
  customers: Map<string, string>
  routing: RoutingChoice
  /** The router's log lines about the last handoff. */
  lastHandoff?: { customer: string; lines: string[] }
}

export const stateOf = (world: World, pageState: PageState, customerId: string | undefined) => ({
  customers: [...pageState.customers].map(([id, name]) => ({ id, name, isActive: world.botpress.bot.isActive(id) })),
  customer: customerId === undefined ? null : _customer(world, pageState, customerId),
  desks: Object.entries(world.sandboxes).map(([name, { agents, tickets }]) => ({
    name,
    title: providers[name]?.title ?? name,
    agents: agents.map((agent) => ({ id: agent.id, name: agent.name })),
    tickets: tickets()
      .filter(({ status }) => status !== 'deleted')
      .map(({ id, title, status, customer, assignee, conversationId, entries }) => ({
        id,
        title,
        status,
        customer,
        assignee: agents.find((agent) => agent.id === assignee)?.name ?? null,
        isOfCustomer:
          customerId !== undefined && conversationId !== undefined && conversationId === _session(world, customerId),
        entries: entries.map((entry) => ({
          id: entry.id,
          from: entry.kind,
          name: entry.author,
          text: entry.text,
          at: entry.at,
        })),
      }))
      .toReversed(),
  })),
  routing: { ...pageState.routing, strategies: STRATEGIES, lastHandoff: pageState.lastHandoff ?? null },
})

const _session = (world: World, customerId: string): string | undefined => world.botpress.bot.downstreamOf(customerId)

const _customer = (world: World, { customers }: PageState, id: string) => {
  const { bot } = world.botpress
  const name = customers.get(id) ?? ''
  return {
    id,
    name,
    isActive: bot.isActive(id),
    chat: bot.transcript(id).map((message) => ({
      id: message.messageId,
      from: message.from,
      name: _author(message, name),
      text: _plainText(message),
      at: message.at,
    })),
  }
}

const _author = ({ from, name }: Seen, customer: string): string => {
  if (from === 'customer') return customer
  return from === 'agent' ? (name ?? 'Agent') : 'Bot'
}

/** The page shows Markdown as plain text. It removes the backslashes that escape Markdown in agents' texts. */
const _plainText = ({ from, type, text, payload }: Seen): string => {
  if (type !== 'text')
    return `[${type}] ${Object.values(payload)
      .filter((value) => typeof value === 'string')
      .join(' ')}`
  return from === 'agent' ? text.replace(/\\([!-/:-@[-`{-~])/g, '$1') : text
}
