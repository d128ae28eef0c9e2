/**
 * The kind of failure at a desk. The core decides by it.
 *
 * - `unauthorized`: the desk refuses the credentials (401, 403). A retry cannot succeed.
 * - `not-found`: the ticket or the contact does not exist (404).
 * - `ended`: the ticket accepts no more messages (permanently closed, thread deleted).
 * - `rejected`: the desk refuses the input (400, 409, 422). A retry cannot succeed.
 * - `rate-limited`: the desk asks to wait (429), for `retryAfterMs` if it gives a time. The refused call had no effect.
 *   `outcome` covers earlier calls of the same operation.
 * - `unavailable`: a temporary failure: 5xx, time-out, connection refused or broken.
 * - `misconfigured`: the configuration lacks something that this call needs.
 */
export type ProviderErrorCode =
  | 'unauthorized'
  | 'not-found'
  | 'ended'
  | 'rejected'
  | 'rate-limited'
  | 'unavailable'
  | 'misconfigured'

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

  public constructor(provider: string, code: ProviderErrorCode, message: string, details: ProviderErrorDetails = {}) {
    super(`[${provider}] ${message}`, details.cause === undefined ? undefined : { cause: details.cause })
    this.provider = provider
    this.code = code
    this.status = details.status
    this.retryAfterMs = details.retryAfterMs
    this.outcome = details.outcome ?? 'none'
  }
}

export const isProviderError = (error: unknown): error is ProviderError => error instanceof ProviderError

/** Whether the same call may succeed later without any change. */
export const isTransient = (error: unknown): boolean =>
  isProviderError(error) && (error.code === 'rate-limited' || error.code === 'unavailable')

/** The same error with outcome `unknown`, for an operation that may be partly done. */
export const asUnknown = (error: unknown): unknown =>
  isProviderError(error) && error.outcome !== 'unknown'
    ? new ProviderError(error.provider, error.code, error.message.slice(`[${error.provider}] `.length), {
        ...(error.status === undefined ? {} : { status: error.status }),
        ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
        outcome: 'unknown',
        cause: error.cause,
      })
    : error
