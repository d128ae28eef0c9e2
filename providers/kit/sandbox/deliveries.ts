/** A sandbox's outgoing webhooks: they can be held, doubled, reordered and dropped. Never part of the deployed bundle. */
import type { WebhookReply, WebhookRequest } from '../../provider'

export interface Delivery {
  request: WebhookRequest
  /** 1 for the first try. */
  attempt: number
}

export type Receiver = (request: WebhookRequest) => Promise<WebhookReply>

export interface DeliveryOptions {
  /** Whether the vendor tries again after this answer (or after none), given how often it has tried. */
  retries(reply: WebhookReply | undefined, attempt: number, request: WebhookRequest): boolean
  /** A retry may be signed anew. */
  resign?(request: WebhookRequest): WebhookRequest
}

/**
 * Outgoing webhooks. In mode `auto` each goes out as soon as it is made, one after the other; in mode `held` nothing goes out until `flush`.
 * What the vendor would repeat is put back at the end of the queue.
 */
export interface DeliveryQueue {
  mode: 'auto' | 'held'
  /** Where deliveries go. Without a receiver they wait. */
  connect(receiver: Receiver): void
  push(request: WebhookRequest): void
  /** Waiting deliveries; may be spliced, doubled and reordered while held. */
  readonly waiting: Delivery[]
  /** Every delivery that was made, with its answer. */
  readonly log: { delivery: Delivery; reply: WebhookReply | undefined }[]
  /** Sends what waits, retries included. At once for `parallel`, else one after the other. */
  flush(options?: { parallel?: boolean }): Promise<void>
  /** Resolves when nothing is under way and, in mode `auto`, nothing waits. */
  settled(): Promise<void>
  /** Leaves it to somebody else when, how often and in which order deliveries go out; each retry that the vendor makes is a delivery of its own. */
  schedule(scheduler: DeliveryScheduler): void
}

/** `send` delivers now. It resolves to the status answered (undefined: none came) and to whether the vendor will try again. */
export type DeliveryScheduler = (
  delivery: Delivery,
  send: () => Promise<{ isRepeated: boolean; status: number | undefined }>
) => void

export const createDeliveryQueue = (options: DeliveryOptions): DeliveryQueue => {
  const waiting: Delivery[] = []
  const log: { delivery: Delivery; reply: WebhookReply | undefined }[] = []
  let receiver: Receiver | undefined
  let scheduler: DeliveryScheduler | undefined
  let running: Promise<void> = Promise.resolve()

  const send: (delivery: Delivery) => ReturnType<Parameters<DeliveryScheduler>[1]> = async (delivery) => {
    // Signed when it goes out: the vendor may wait long between two tries.
    const request = delivery.attempt > 1 ? (options.resign?.(delivery.request) ?? delivery.request) : delivery.request
    const reply = await receiver?.(request).catch(() => undefined)
    log.push({ delivery: { ...delivery, request }, reply })
    const isRepeated = options.retries(reply, delivery.attempt, request)
    if (isRepeated) enqueue({ request, attempt: delivery.attempt + 1 })
    return { isRepeated, status: reply?.status }
  }

  const enqueue = (delivery: Delivery): void => {
    if (scheduler) scheduler(delivery, () => send(delivery))
    else waiting.push(delivery)
  }

  const drain = async (parallel: boolean): Promise<void> => {
    while (receiver && waiting.length > 0) {
      if (parallel) {
        await Promise.all(waiting.splice(0).map((delivery) => send(delivery)))
      } else {
        const next = waiting.shift()
        if (next) await send(next)
      }
    }
  }

  const run = (parallel: boolean): Promise<void> => {
    running = running.then(() => drain(parallel))
    return running
  }

  const queue: DeliveryQueue = {
    mode: 'auto',
    waiting,
    log,
    connect: (target) => {
      receiver = target
      if (queue.mode === 'auto') void run(false)
    },
    push: (request) => {
      enqueue({ request, attempt: 1 })
      if (queue.mode === 'auto') void run(false)
    },
    schedule: (given) => {
      scheduler = given
    },
    flush: (flushOptions) => run(flushOptions?.parallel ?? false),
    settled: async () => {
      let seen: Promise<void>
      do {
        seen = running
        await seen
      } while (seen !== running || (queue.mode === 'auto' && receiver !== undefined && waiting.length > 0))
    },
  }
  return queue
}
