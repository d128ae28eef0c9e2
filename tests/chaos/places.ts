/** Where a handoff's tickets are: agents and the judge look them up at all desks. */
import type { Bot, Runtime } from '../../playground/botpress'
import type { Sandbox, SandboxTicket } from '../../providers/kit/sandbox'
import type { Script } from './script'

/** An unlikely string: a search for marks finds no other text. */
export const markOf = (handoff: number, kind: string, number: number): string => `Q${handoff}${kind}${number}Q`
export const MARKS = /Q\d+[a-z]+\d+Q/g
/** Part of the handoff's description. Identifies its tickets. */
export const handoffMark = (handoff: number): string => markOf(handoff, 'h', 0)

export interface FoundTicket {
  sandbox: Sandbox
  ticket: SandboxTicket
  /** Agents merged the handoff's own ticket into this one. */
  isMergeTarget: boolean
}

/** Returns the tickets of one handoff at all desks. */
export type TicketsOf = (handoff: number) => FoundTicket[]

/** A ticket by its desk and id. */
export interface Place {
  sandbox: Sandbox
  ticketId: string
}

interface Seeker {
  script: Script
  conversationId: string
  started?: 'yes' | 'refused'
}

const _isOf = ({ title, entries }: SandboxTicket, handoff: number): boolean => {
  const mark = handoffMark(handoff)
  return title.includes(mark) || entries.some(({ text }) => text.includes(mark))
}

/** The desk and the ticket in the tags of the handoff's session. */
export const sessionTagsOf = (bot: Bot, runtime: Runtime, conversationId: string) => {
  const tags = runtime.store.conversations.get(bot.downstreamOf(conversationId) ?? '')?.tags ?? {}
  return { desk: tags['desk:provider'], ticketId: tags['desk:ticketId'] }
}

/** The session's own tickets among all of its handoff. The others are orphans. */
export const ownTickets = (
  found: FoundTicket[],
  script: Script,
  { desk, ticketId }: ReturnType<typeof sessionTagsOf>
): FoundTicket[] => {
  if (!script.anyDesk) return found
  const there = found.filter(({ sandbox, isMergeTarget }) => sandbox.name === desk && !isMergeTarget)
  const named = there.filter(({ ticket }) => ticket.id === ticketId)
  const own = named.length > 0 ? named : there
  return [...own, ...found.filter(({ sandbox, isMergeTarget }) => sandbox.name === desk && isMergeTarget)]
}

/** Tickets of these handoffs that no session has. */
export const orphansOf = (
  { world: { botpress } }: { world: { botpress: { bot: Bot; runtime: Runtime } } },
  ticketsOf: TicketsOf,
  all: Seeker[]
): FoundTicket[] =>
  all.flatMap(({ script, conversationId, started }) => {
    const found = ticketsOf(script.handoff)
    if (started !== 'yes') return found
    const own = ownTickets(found, script, sessionTagsOf(botpress.bot, botpress.runtime, conversationId))
    return found.filter((ticket) => !own.includes(ticket))
  })

export const createPlaces = (bot: Bot, runtime: Runtime, sandboxes: Record<string, Sandbox>) => {
  const places = new Map<number, Place>()
  const targets = new Map<number, Place[]>()

  /** A snapshot of the tickets at all desks, by handoff. */
  const allTickets = (): TicketsOf => {
    const all = Object.values(sandboxes).flatMap((sandbox) => sandbox.tickets().map((ticket) => ({ sandbox, ticket })))
    return (handoff) =>
      all.flatMap(({ sandbox, ticket }) => {
        const isMergeTarget = (targets.get(handoff) ?? []).some(
          (place) => place.sandbox === sandbox && place.ticketId === ticket.id
        )
        return isMergeTarget || _isOf(ticket, handoff) ? [{ sandbox, ticket, isMergeTarget }] : []
      })
  }

  /** The first ticket of the handoff that an agent finds: at the desk that it names, or at any. */
  const find = ({ handoff, desk, anyDesk }: Script): Place | undefined => {
    for (const sandbox of anyDesk ? Object.values(sandboxes) : [sandboxes[desk]]) {
      const ticket = sandbox?.tickets().find((candidate) => _isOf(candidate, handoff))
      if (sandbox && ticket) return { sandbox, ticketId: ticket.id }
    }
    return undefined
  }

  return {
    allTickets,
    /** Where the agents of this handoff work: in its session's ticket once that is known. */
    placeOf: ({ script, conversationId, started }: Seeker): Place | undefined => {
      const { handoff, anyDesk } = script
      const known = places.get(handoff)
      // A channel that gets another id takes all its threads along.
      if (known?.sandbox.tickets().some(({ id }) => id === known.ticketId)) return known
      places.delete(handoff)
      if (anyDesk && started === 'yes') {
        const [own] = ownTickets(allTickets()(handoff), script, sessionTagsOf(bot, runtime, conversationId))
        if (own) places.set(handoff, { sandbox: own.sandbox, ticketId: own.ticket.id })
        return places.get(handoff)
      }
      const place = find(script)
      if (place && !anyDesk) places.set(handoff, place)
      return place
    },
    /** The ticket was merged into another one, where its agents go on. */
    moveTo: (handoff: number, place: Place): void => {
      targets.set(handoff, [...(targets.get(handoff) ?? []), place])
      places.set(handoff, place)
    },
  }
}
