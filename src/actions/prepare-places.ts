/** Makes places when a configuration is saved. */
import type { Call } from '../botpress/call'
import { describeError } from '../botpress/errors'
import { patchInstallation, type Installation } from '../botpress/installation'
import { markTaken, placeTag, recordOf, type Place } from '../session/place'
import { readSession, writeTags } from '../session/session'

/** Places that a save makes for a desk at most. More are made when they are needed. */
const MOST_PREPARED = 100
const AT_ONCE = 10
/** Pages of open sessions that a save reads at most. */
const MOST_PAGES = 50

/**
 * Makes the places of a desk when it gets a limit or a higher one, so that starts need not. When it gets its first one,
 * the sessions that are open already get places. Never throws: starts make what is missing, and sessions that were left
 * out aren't counted.
 */
export const preparePlaces = async (
  call: Call,
  installation: Installation,
  desks: { provider: string; limit: number }[]
): Promise<void> => {
  for (const { provider, limit } of desks) {
    const wanted = Math.min(limit, MOST_PREPARED)
    const before = installation.places?.[provider]
    if (before !== undefined && before >= wanted) continue
    try {
      const adopted = before ?? (await _adopt(call, provider))
      for (let number = adopted; number < wanted; number += AT_ONCE) {
        const numbers = Array.from({ length: Math.min(AT_ONCE, wanted - number) }, (_slot, index) => number + index)
        await Promise.all(numbers.map((next) => recordOf(call, { provider, number: next, use: 0 }, 'free')))
      }
      const made = Math.max(adopted, wanted)
      installation.places = { ...installation.places, [provider]: made }
      await patchInstallation(call, { places: installation.places })
    } catch (error) {
      call.log.warn('Could not count the open sessions of a desk', { desk: provider, error: describeError(error) })
    }
  }
}

/** Resolves to how many places it has made. */
const _adopt = async (call: Call, provider: string): Promise<number> => {
  const tags = { provider, status: 'open' }
  let made = 0
  let nextToken: string | undefined
  for (let pages = 0; pages < MOST_PAGES; pages += 1) {
    const page = await call.client.listConversations({ channel: 'hitl', tags, ...(nextToken ? { nextToken } : {}) })
    const open = page.conversations.filter((conversation) => readSession(conversation)?.status === 'open')
    await Promise.all(open.map(({ id }, index) => _give(call, id, { provider, number: made + index, use: 0 })))
    made += open.length
    nextToken = page.meta.nextToken
    if (nextToken === undefined) break
  }
  return made
}

const _give = async (call: Call, conversationId: string, wanted: Omit<Place, 'recordId'>): Promise<void> => {
  const { place } = await recordOf(call, wanted)
  const payload = { conversationId, turn: place.use }
  await call.client.getOrSetState({ type: 'conversation', id: place.recordId, name: 'successor', payload })
  await Promise.all([
    markTaken(call, place, conversationId),
    writeTags(call, conversationId, { place: placeTag(place) }),
  ])
}
