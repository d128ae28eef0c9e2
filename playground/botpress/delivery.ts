/** Delivers messages and events to the integration and to the bot: concurrently, or one at a time per conversation. */
import { yieldToEventLoop, type Clock } from './clock'
import type { Delivery, Switches } from './types'

export interface CompletedDelivery extends Delivery {
  at: number
  /** HTTP status of the receiver's reply. Undefined when the receiver was unreachable. */
  status: number | undefined
}

export interface Queues {
  /** Runs `task` at once, or in serial mode after the earlier tasks of the same key. */
  run<T>(key: string, task: () => Promise<T>): Promise<T>
}

/** `isSerial` is evaluated for each task, since the switch may change while running. */
export const createQueues = (isSerial: () => boolean): Queues => {
  const tails = new Map<string, Promise<unknown>>()
  return {
    run: (key, task) => {
      if (!isSerial()) return task()
      const previous = tails.get(key)
      const result = previous ? previous.then(task, task) : task()
      const tail = result.then(
        () => undefined,
        () => undefined
      )
      tails.set(key, tail)
      void tail.then(() => {
        if (tails.get(key) === tail) tails.delete(key)
      })
      return result
    },
  }
}

export interface Dispatcher {
  /** Delivers in the background. `send` resolves to the HTTP status of the receiver's reply. */
  dispatch(delivery: Omit<Delivery, 'attempt'>, send: () => Promise<number | undefined>): void
  readonly log: CompletedDelivery[]
}

export const createDispatcher = (clock: Clock, switches: Switches, queues: Queues): Dispatcher => {
  const log: CompletedDelivery[] = []
  const isDuplicated = (delivery: Delivery): boolean => {
    if (delivery.to !== 'integration' || delivery.kind !== 'message') return false
    return typeof switches.redeliver === 'function' ? switches.redeliver(delivery) : switches.redeliver
  }
  const deliver = (delivery: Delivery, send: () => Promise<number | undefined>): void => {
    const { deliveryDelayMs } = switches
    const delay = typeof deliveryDelayMs === 'function' ? deliveryDelayMs(delivery) : deliveryDelayMs
    const key = `${delivery.to} ${delivery.conversationId ?? delivery.id}`
    const work = queues.run(key, async () => {
      // The call that caused the delivery gets its reply first.
      await yieldToEventLoop()
      await clock.sleep(delay)
      const status = await send()
      log.push({ ...delivery, at: clock.now(), status })
    })
    void clock.track(work)
  }
  return {
    log,
    dispatch: (parts, send) => {
      const first: Delivery = { ...parts, attempt: 1 }
      deliver(first, send)
      if (isDuplicated(first)) deliver({ ...parts, attempt: 2 }, send)
    },
  }
}
