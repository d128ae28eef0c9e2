import type { Clock } from './clock'
import type { Event, Message, Store } from './store'
import type { Identity, Switches } from './types'

/** Everything an operation of the runtime API works with. */
export interface Cloud {
  readonly clock: Clock
  readonly switches: Switches
  readonly identity: Identity
  readonly store: Store
  /** Where the bytes of files are put and got. */
  filesOrigin(): string
  /** Lets other calls run between the check and the write of a get-or-create. Used when `atomic` is off. */
  raceWindow(): Promise<void>
  messageCreated(message: Message): void
  eventCreated(event: Event): void
  /** Runs an action of the integration and returns its reply as it is. */
  callAction(type: string, input: unknown): Promise<{ status: number; body: unknown }>
}
