/** A sandbox's outgoing webhooks. Tests can hold, duplicate, reorder and drop them. Not part of the deployed bundle. */
import type { WebhookReply, WebhookRequest } from '../../provider'

export interface Delivery {
  request: WebhookRequest
  /** 1 for the first attempt. */
  attempt: number
}

export type Receiver = (request: WebhookRequest) => Promise<WebhookReply>

export interface DeliveryOptions {
  /** Whether the vendor redelivers after this reply (undefined: none) to this attempt. */
  retries(reply: WebhookReply | undefined, attempt: number, request: WebhookRequest): boolean
  /** Signs a redelivery again. */
  resign?(request: WebhookRequest): WebhookRequest
}

/**
 * Outgoing webhooks. In mode `auto` they are sent at once, one after the other; in mode `held` they wait for `flush`.
 * Redeliveries go to the end of the queue.
 */
export interface DeliveryQueue {
  mode: 'auto' | 'held'
  /** Sets the receiver. Deliveries wait until there is one. */
  connect(receiver: Receiver): void
  push(request: WebhookRequest): void
  /** Waiting deliveries. Tests may modify the array while it is held. */
  readonly waiting: Delivery[]
  /** Every attempted delivery with its reply. */
  readonly log: { delivery: Delivery; reply: WebhookReply | undefined }[]
  /** Sends the waiting deliveries and their redeliveries, in parallel or one after the other. */
  flush(options?: { parallel?: boolean }): Promise<void>
  /** Resolves when nothing is in flight and, in mode `auto`, nothing waits. */
  settled(): Promise<void>
  /** Lets `scheduler` decide when, how often and in which order to send. Redeliveries are scheduled separately. */
  schedule(scheduler: DeliveryScheduler): void
}

/** `send` delivers now. It resolves to the reply's status (undefined: no reply) and whether the vendor redelivers. */
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
    // Redeliveries may be much later, so they get a new signature.
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
    schedule: (newScheduler) => {
      scheduler = newScheduler
    },
    flush: (flushOptions) => run(flushOptions?.parallel ?? false),
    settled: async () => {
      let awaited: Promise<void>
      do {
        awaited = running
        await awaited
      } while (awaited !== running || (queue.mode === 'auto' && receiver !== undefined && waiting.length > 0))
    },
  }
  return queue
}
