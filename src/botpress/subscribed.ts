/** Drivers whose calls need what `subscribe` returned. It is read before the first of these calls. */
import { isProviderError } from '../../providers/errors'
import type { Driver, Subscription, SubscriptionTarget } from '../../providers/provider'
import type { Call } from './call'
import { forgetSubscriptions, patchInstallation, readInstallation, subscriptionOf } from './installation'

/** Where a desk sends its webhooks. `installation` tells two installations in one account apart. */
export const subscriptionTarget = (call: Call, name: string, webhookUrl: string): SubscriptionTarget => ({
  url: `${webhookUrl.replace(/\/+$/, '')}/${name}`,
  installation: call.context.webhookId,
  botId: call.context.botId,
})

/** They are pure, or make the subscription themselves. */
const WITHOUT = new Set([
  'checkCredentials',
  'verifyWebhook',
  'parseWebhook',
  'answerUnsigned',
  'subscribe',
  'unsubscribe',
  'instructions',
])

type Member = (...args: unknown[]) => unknown

/**
 * A driver that connects with its subscription. While the vendor is still setting up, each new handoff asks again:
 * `openTicket` and `ensureContact` throw `pending` until it is ready.
 */
export const withSubscription = (
  call: Call,
  name: string,
  connect: (subscription?: Subscription) => Driver
): Driver => {
  const bare = connect()
  let connected: Promise<Driver> | undefined
  const withStored = (): Promise<Driver> => {
    connected ??= subscriptionOf(call, name).then((subscription) => (subscription ? connect(subscription) : bare))
    return connected
  }
  const ready = async (): Promise<Driver> => {
    const stored = await subscriptionOf(call, name)
    if (stored) return withStored()
    const subscription = await _askAgain(call, name, bare)
    return subscription ? connect(subscription) : bare
  }
  const members = Object.entries(bare as unknown as Record<string, Member>).map(([key, member]) => {
    if (WITHOUT.has(key) || typeof member !== 'function') return [key, member]
    const opens = key === 'openTicket' || key === 'ensureContact'
    const later: Member = async (...args) => {
      const driver = (await (opens ? ready() : withStored())) as unknown as Record<string, Member>
      return driver[key]?.(...args)
    }
    return [key, later]
  })
  return Object.fromEntries(members) as unknown as Driver
}

/** The subscription that the last save couldn't finish. Throws `pending` as long as it isn't there. */
const _askAgain = async (call: Call, name: string, driver: Driver): Promise<Subscription | undefined> => {
  const { pending = {}, subscriptions } = await readInstallation(call)
  const url = pending[name]
  if (url === undefined) return subscriptions[name]
  const { installation, botId } = subscriptionTarget(call, name, url)
  const subscription = await driver.subscribe?.({ url, installation, botId })
  if (!subscription) return undefined
  const { [name]: _ready, ...others } = pending
  try {
    await patchInstallation(call, { subscriptions: { ...subscriptions, [name]: subscription }, pending: others })
    forgetSubscriptions(call)
  } catch (error) {
    // The next handoff asks again: `subscribe` leaves alone what is right already.
    if (isProviderError(error)) throw error
    call.log.warn('Could not store the subscription of a desk', { desk: name })
  }
  return subscription
}
