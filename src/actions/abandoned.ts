/** Places of a full desk whose sessions are over: their ends, or their starts, were lost. */
import type { Call } from '../botpress/call'
import { connectDesk } from '../botpress/desk'
import { describeError, gone } from '../botpress/errors'
import { instanceCache } from '../botpress/memory'
import { applyEvents } from '../from-desk/apply'
import { markTaken, readRecord, renewPlace, type Place, type RecordStatus } from '../session/place'
import { getSession, type Session } from '../session/session'
import { isOver, offer, type Places } from './places'

/** How many of a full desk's sessions are read at a time. */
const READ = 20
/** How many of them are looked up at the desk. */
const LOOKED_UP = 4
/** An instance that has found nothing looks again after this time. */
const LOOKING_MS = 60_000

/** What a look into a full desk has found. */
interface Look {
  taken: Taken[]
  /** Next uses that can be claimed. Each start takes one. */
  freed: Place[]
  /** Whether there may be more. */
  hasFound: boolean
}

interface Taken {
  place: Place
  /** The session that holds it. */
  holder: string
}

const _looks = instanceCache<Promise<Look>>('places', { lifetimeMs: LOOKING_MS, size: 500 })

/**
 * Before a desk is called full, some of its sessions are read, and a few are looked up at the desk: their ends may have
 * been lost. The places of those that are over are given back. Resolves to whether a place became free, or is this
 * session's own.
 */
export const findAbandoned = async (call: Call, places: Places, conversationId: string): Promise<boolean> => {
  const { provider } = places
  const key = `${call.installation}/${provider}`
  for (let isAgain = false; ; isAgain = true) {
    const known = _looks(call).get(key)
    const looking = known ?? _look(call, provider)
    if (!known) _looks(call).set(key, looking)
    const look = await looking
    const own = look.taken.find(({ holder }) => holder === conversationId)?.place
    // Starts that share a look share what it has found: each place is claimed once.
    const next = own ?? look.freed.shift()
    if (next) {
      offer(places, next)
      return true
    }
    if (!look.hasFound || isAgain) return false
    if (_looks(call).get(key) === looking) _looks(call).delete(key)
  }
}

/** Never throws: a desk that can't be looked into stays full. */
const _look = async (call: Call, provider: string): Promise<Look> => {
  try {
    const { conversations } = await call.client.listConversations({
      channel: 'hitl',
      tags: { provider, status: 'taken' satisfies RecordStatus },
      sortField: 'updatedAt',
      sortDirection: 'asc',
    })
    const taken = conversations.flatMap((conversation) => {
      const place = conversation.tags['status'] === 'taken' ? readRecord(conversation) : undefined
      return place?.provider === provider ? [{ place, holder: conversation.tags['place'] ?? '' }] : []
    })
    const states = await Promise.all(
      taken.slice(0, READ).map(async (one) => ({ ...one, over: await _isOver(call, one) }))
    )
    const open = states.filter(({ over }) => typeof over !== 'boolean').slice(0, LOOKED_UP)
    const ended = await Promise.all(
      open.map(async (one) => ((await _hasEnded(call, one.over as Session, one)) ? [one] : []))
    )
    const over = [...states.filter((one) => one.over === true), ...ended.flat()]
    const freed = await Promise.all(over.map(({ place }) => _renew(call, place)))
    return { taken, freed: freed.filter((place) => place !== undefined), hasFound: over.length > 0 }
  } catch (error) {
    call.log.warn('Could not look into the places of a full desk', { desk: provider, error: describeError(error) })
    return { taken: [], freed: [], hasFound: false }
  }
}

/** The session, if it is open. Only a holder without one is asked how long its claim lasts. */
const _isOver = async (call: Call, { place, holder }: Taken): Promise<boolean | Session> => {
  try {
    const over = await isOver(call, place, { conversationId: holder, until: Number.POSITIVE_INFINITY })
    if (over !== false) return over
    const key = { type: 'conversation' as const, id: place.recordId, name: 'successor' as const }
    const claim = (await gone(call.client.getState(key)))?.state.payload
    return claim === undefined || (claim.until ?? 0) < call.clock.earliest()
  } catch (error) {
    call.log.info('Could not read a session', { conversationId: holder, error: describeError(error) })
    return false
  }
}

/** The session's end was lost, and its desk has it. */
const _hasEnded = async (call: Call, session: Session, { place, holder }: Taken): Promise<boolean> => {
  const desk = connectDesk(call, session.provider)
  if (!desk) return false
  try {
    const ticket = { ticketId: session.ticket.id, conversationId: holder }
    await applyEvents(call, desk, [{ type: 'ticket-changed', ticket }])
    if ((await getSession(call, holder))?.status !== 'open') return true
  } catch (error) {
    call.log.info('Could not look up a session at its desk', { conversationId: holder, error: describeError(error) })
  }
  // The next look begins with others.
  await markTaken(call, place, holder)
  return false
}

const _renew = async (call: Call, place: Place): Promise<Place | undefined> => {
  try {
    const next = await renewPlace(call, place)
    call.log.info('A session was over without its place being given back', { desk: place.provider })
    return next
  } catch (error) {
    call.log.warn('Could not give a place back', { desk: place.provider, error: describeError(error) })
    return undefined
  }
}
