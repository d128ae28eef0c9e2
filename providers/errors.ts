/**
 * The kind of failure at a desk.
 *
 * - `unauthorized`: the desk refuses the credentials (401, 403). A retry cannot succeed.
 * - `not-found`: the desk doesn't know something that the call names (404 with the vendor's own body). `about` says
 *   what. Of a ticket it is only a suspicion, until the driver has read the ticket and throws `ended`.
 * - `ended`: the desk says of this ticket that it is gone or takes no more messages. Nothing else ends a session.
 * - `rejected`: the desk refuses the input (400, 409, 413, 422). `about` says which part of it.
 * - `rate-limited`: the desk asks to wait (429), for `retryAfterMs` if it gives a time. The refused call had no
 *   effect. `outcome` covers earlier calls of the same operation.
 * - `unavailable`: a failure that passes or that people mend: 5xx, time-out, no connection, a moved, locked or billed
 *   account (301, 302, 307, 402, 423), a page of HTML in place of an answer, an error code that the driver doesn't
 *   know.
 * - `misconfigured`: the configuration lacks something that this call needs.
 * - `busy`: the desk takes no more handoffs at the moment, or not this customer's, and is healthy. The next desk is
 *   asked, and the breaker doesn't count it.
 * - `pending`: the vendor is still setting something up; the message says what. The configuration can be saved, and the
 *   desk takes no handoffs until a later call finds it ready.
 */
export type ProviderErrorCode =
  | 'unauthorized'
  | 'not-found'
  | 'ended'
  | 'rejected'
  | 'rate-limited'
  | 'unavailable'
  | 'misconfigured'
  | 'busy'
  | 'pending'

/**
 * What a failure is about. The core decides by it: a message that is rejected is reported to its sender, a contact is
 * found or made anew, and everything else waits, like an outage. The default is the account: what a driver doesn't know
 * is never about the message.
 */
export type ErrorSubject = 'message' | 'ticket' | 'contact' | 'agent' | 'account'

/**
 * Whether the operation had an effect at the desk.
 *
 * - `none`: the desk refused the call or was never reached. Repeating is safe.
 * - `unknown`: a request was sent without a usable answer, or the operation is partly done. Settle it by reading, never
 *   by repeating.
 */
export type Outcome = 'none' | 'unknown'

interface ProviderErrorDetails {
  /** HTTP status of the desk's answer, if any. */
  status?: number
  /** How long the desk asked to wait, in milliseconds. */
  retryAfterMs?: number
  outcome?: Outcome
  /** The default is 'ticket' for `ended`, otherwise 'account'. */
  about?: ErrorSubject
  cause?: unknown
}

/** The only error that drivers throw. Its message never contains credentials, headers, bodies or customers' texts. */
export class ProviderError extends Error {
  public override readonly name = 'ProviderError'
  public readonly provider: string
  public readonly code: ProviderErrorCode
  public readonly status: number | undefined
  public readonly retryAfterMs: number | undefined
  public readonly outcome: Outcome
  public readonly about: ErrorSubject

  public constructor(provider: string, code: ProviderErrorCode, message: string, details: ProviderErrorDetails = {}) {
    super(`[${provider}] ${message}`, details.cause === undefined ? undefined : { cause: details.cause })
    this.provider = provider
    this.code = code
    this.status = details.status
    this.retryAfterMs = details.retryAfterMs
    this.outcome = details.outcome ?? 'none'
    this.about = details.about ?? (code === 'ended' ? 'ticket' : 'account')
  }
}

export const isProviderError = (error: unknown): error is ProviderError => error instanceof ProviderError

/** Whether the same call may succeed later without any change. */
export const isTransient = (error: unknown): boolean =>
  isProviderError(error) && (error.code === 'rate-limited' || error.code === 'unavailable')

/** The ticket is gone or takes no more messages. */
export const isTicketOver = (error: unknown): boolean => isProviderError(error) && error.code === 'ended'

/** The desk refuses this message, whatever becomes of others. */
export const isMessageRejected = (error: unknown): boolean =>
  isProviderError(error) && error.code === 'rejected' && error.about === 'message'

/** The desk doesn't know or doesn't accept the contact: it was merged, deleted or suspended. */
export const isContactLost = (error: unknown): boolean =>
  isProviderError(error) && error.about === 'contact' && (error.code === 'not-found' || error.code === 'rejected')

/** The same error with other details, for what the caller knows better. */
export const withDetails = (
  error: ProviderError,
  details: Pick<ProviderErrorDetails, 'about' | 'outcome'> & { code?: ProviderErrorCode }
): ProviderError =>
  new ProviderError(error.provider, details.code ?? error.code, error.message.slice(`[${error.provider}] `.length), {
    ...(error.status === undefined ? {} : { status: error.status }),
    ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
    outcome: details.outcome ?? error.outcome,
    about: details.about ?? error.about,
    cause: error.cause,
  })

/** The same error with outcome `unknown`, for an operation that may be partly done. */
export const asUnknown = (error: unknown): unknown =>
  isProviderError(error) && error.outcome !== 'unknown' ? withDetails(error, { outcome: 'unknown' }) : error
