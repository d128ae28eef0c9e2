/** Sends a desk's webhook once more, as an unreliable network or an attacker would. */
import { sandboxAt } from './desk-side'
import type { Play } from './play'
import { Refusal } from './refusal'

export const WAYS = ['replay', 'duplicate', 'forge'] as const
export type Way = (typeof WAYS)[number]

/**
 * `replay` sends the same bytes again. `duplicate` sends it twice at once, freshly signed. `forge` signs it with a
 * secret that isn't the desk's. Resolves when the router has answered.
 */
export const sendAgain = async (play: Play, desk: string, index: number, way: Way): Promise<void> => {
  const sandbox = sandboxAt(play, desk)
  const request = play.webhooks[desk]?.[index]
  if (!request) throw new Refusal(404, 'Unknown webhook')
  const receive = play.receivers[desk]
  if (!receive) throw new Refusal(404, `Nothing receives the webhooks of "${desk}"`)
  const { exchanges } = play
  if (way === 'replay') {
    await exchanges.within({ origin: 'replayed' }, () => receive(request))
  } else if (way === 'duplicate') {
    const again = { ...request, headers: { ...request.headers, ...sandbox.signed(request.body).headers } }
    await exchanges.within({ origin: 'duplicated' }, () => Promise.all([receive(again), receive(again)]))
  } else {
    const { headers } = sandbox.signed(request.body, { secret: 'not-the-secret-of-this-desk' })
    await exchanges.within({ origin: 'forged' }, () =>
      receive({ ...request, headers: { ...request.headers, ...headers } })
    )
  }
}
