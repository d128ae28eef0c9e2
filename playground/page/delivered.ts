/** Counts what arrived: by the ids that the router and the desks keep, never by comparing texts. */
import { downstreamTags, sessionsOf, type Session } from './sessions'
import type { Play } from './play'

export interface Counter {
  /** Messages of both sides that arrived exactly once. */
  once: number
  /** Under way, or held. */
  waiting: number
  /** Shown more than once. */
  twice: number
  /** Not in the order in which they were written. */
  outOfOrder: number
  /** Written in an open session, and never to arrive. */
  lost: number
}

export const countDelivered = (play: Play): Counter => {
  const total: Counter = { once: 0, waiting: 0, twice: 0, outOfOrder: 0, lost: 0 }
  for (const session of sessionsOf(play)) {
    for (const one of [_toCustomer(play, session), _toDesk(session)])
      for (const name of Object.keys(total) as (keyof Counter)[]) total[name] += one[name]
  }
  return total
}

/** Whether these positions grow, one number for each that does not. */
const _backwards = (positions: number[]): number =>
  positions.filter((position, index) => index > 0 && position < (positions[index - 1] ?? 0)).length

const _count = (arrivals: number[][], waits: boolean[]): Counter => ({
  once: arrivals.filter(({ length }) => length === 1).length,
  twice: arrivals.filter(({ length }) => length > 1).length,
  waiting: arrivals.filter(({ length }, index) => length === 0 && waits[index]).length,
  lost: arrivals.filter(({ length }, index) => length === 0 && !waits[index]).length,
  outOfOrder: _backwards(arrivals.flatMap(([first]) => (first === undefined ? [] : [first]))),
})

/** Agents' messages, by where they stand in the customer's chat. */
const _toCustomer = (play: Play, { customer, desk, ticket, isOpen, downstream }: Session): Counter => {
  const written = ticket.entries.filter(({ kind }) => kind === 'agent')
  const shown = play.world.botpress.runtime.store.messagesOf(customer.conversationId)
  const arrivals = written.map(({ id }) => {
    const copies = downstream
      .filter(({ tags }) => tags[downstreamTags.deskMessageId] === `${desk}:${id}`)
      .map((message) => message.id)
    return shown.flatMap(({ tags }, index) => (copies.includes(tags['hitl#downstream'] ?? '') ? [index] : []))
  })
  // What agents write after the end is theirs alone.
  const during = arrivals.map(({ length }) => length > 0 || isOpen)
  return _count(
    arrivals.filter((_arrival, index) => during[index]),
    arrivals.map(() => isOpen)
  )
}

/** Customers' messages, by where they stand in the ticket. */
const _toDesk = ({ ticket, isOpen, downstream }: Session): Counter => {
  const ids = ticket.entries.map(({ id }) => id)
  const written = downstream.filter(({ tags }) => tags['hitl#upstream'] !== undefined)
  const refused = (index: number) => written[index]?.tags[downstreamTags.refused] !== undefined
  const arrivals = written.map(({ tags }) => {
    const [first = ''] = (tags[downstreamTags.deskMessageIds] ?? '').split(',')
    return ids.flatMap((id, index) => (id === first ? [index] : []))
  })
  return _count(
    arrivals,
    arrivals.map((_arrival, index) => isOpen && !refused(index))
  )
}
