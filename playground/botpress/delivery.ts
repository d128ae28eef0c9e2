/** Getting messages and events to the integration and to the bot: side by side, or one at a time per conversation. */
import { turn, type Clock } from './clock'
import type { Delivery, Switches } from './types'

/** A delivery that has ended. */
export interface Delivered extends Delivery {
  at: number
  /** HTTP status that the receiver answered; undefined when it could not be reached. */
  status: number | undefined
}

export interface Lanes {
  /** Runs `task` now, or when the conversation's earlier tasks have ended. */
  run<T>(lane: string, task: () => Promise<T>): Promise<T>
}

/** `isSerial` is asked anew each time: the switch may be thrown while running. */
export const createLanes = (isSerial: () => boolean): Lanes => {
  const ends = new Map<string, Promise<unknown>>()
  return {
    run: (lane, task) => {
      if (!isSerial()) return task()
      const earlier = ends.get(lane)
      const result = earlier ? earlier.then(task, task) : task()
      const end = result.then(
        () => undefined,
        () => undefined
      )
      ends.set(lane, end)
      void end.then(() => {
        if (ends.get(lane) === end) ends.delete(lane)
      })
      return result
    },
  }
}

export interface Dispatcher {
  /** Delivers in the background. `send` resolves to the receiver's status. */
  dispatch(delivery: Omit<Delivery, 'attempt'>, send: () => Promise<number | undefined>): void
  readonly log: Delivered[]
}

export const createDispatcher = (clock: Clock, switches: Switches, lanes: Lanes): Dispatcher => {
  const log: Delivered[] = []
  const isRepeated = (delivery: Delivery): boolean => {
    if (delivery.to !== 'integration' || delivery.kind !== 'message') return false
    return typeof switches.redeliver === 'function' ? switches.redeliver(delivery) : switches.redeliver
  }
  const deliver = (delivery: Delivery, send: () => Promise<number | undefined>): void => {
    const { deliveryDelayMs } = switches
    const delay = typeof deliveryDelayMs === 'function' ? deliveryDelayMs(delivery) : deliveryDelayMs
    const lane = `${delivery.to} ${delivery.conversationId ?? delivery.id}`
    const work = lanes.run(lane, async () => {
      // Whoever caused the delivery gets its own answer first.
      await turn()
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
      if (isRepeated(first)) deliver({ ...parts, attempt: 2 }, send)
    },
  }
}
