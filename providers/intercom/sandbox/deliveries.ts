/** Intercom's rules for webhooks that were not answered with a 2xx. */
import { createDeliveryQueue, type DeliveryQueue } from '../../kit/sandbox'

/** A throttled notification is dropped after two hours, which is about this many attempts. */
const MOST_THROTTLED_ATTEMPTS = 5

/**
 * A failed notification is sent once more, after a minute. A 410 disables the subscription: nothing is sent any more. A
 * 429 throttles. https://developers.intercom.com/docs/references/webhooks/webhook-models
 */
export const createDeliveries = (): DeliveryQueue => {
  let isDisabled = false
  const queue = createDeliveryQueue({
    retries: (reply, attempt) => {
      if (reply?.status === 410) {
        isDisabled = true
        queue.waiting.splice(0)
      }
      if (isDisabled || (reply !== undefined && reply.status < 300)) return false
      return attempt < (reply?.status === 429 ? MOST_THROTTLED_ATTEMPTS : 2)
    },
  })
  const { push } = queue
  return Object.assign(queue, {
    push: (request: Parameters<typeof push>[0]) => {
      if (!isDisabled) push(request)
    },
  })
}
