import type { Clock } from './clock'
import type { Event, Message, Store } from './store'
import type { Identity, Switches } from './types'

/** What an operation has at hand. */
export interface Cloud {
  readonly clock: Clock
  readonly switches: Switches
  readonly identity: Identity
  readonly store: Store
  /** Lets others in between the check and the write of a get-or-create, when `atomic` is off. */
  gap(): Promise<void>
  messageCreated(message: Message): void
  eventCreated(event: Event): void
  /** Runs the action of the integration. The answer is the caller's. */
  callAction(type: string, input: unknown): Promise<{ status: number; body: unknown }>
}
