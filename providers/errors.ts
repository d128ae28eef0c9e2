/**
 * What went wrong at a desk, in the terms that the core decides by.
 *
 * - `unauthorized`: the desk refuses the credentials (401, 403). Trying again cannot mend it.
 * - `not-found`: the ticket or the contact is gone (404).
 * - `ended`: the ticket takes no more messages (closed for good, thread deleted).
 * - `rejected`: the desk refuses this input (400, 409, 422). Trying the same again cannot mend it.
 * - `rate-limited`: the desk asks to wait (429), `retryAfterMs` long where it says so. The call that was refused has done nothing; whether earlier ones of the same work have, `outcome` says.
 * - `unavailable`: the weather: 5xx, time-out, connection refused or broken.
 * - `misconfigured`: our own configuration lacks something that this call needs.
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
 * Whether the call had an effect at the desk.
 *
 * - `none`: the desk answered that it did nothing, or was never reached. Repeating is safe.
 * - `unknown`: a request went out and no usable answer came back, or part of what was to be done is done. It is settled by reading, never by repeating.
 */
export type Outcome = 'none' | 'unknown'

interface ProviderErrorDetails {
  /** HTTP status of the desk's answer, when there was one. */
  status?: number
  /** How long the desk asked to wait, in milliseconds. */
  retryAfterMs?: number
  outcome?: Outcome
  cause?: unknown
}

/** The one error that leaves a driver. Its message never holds a credential, a header, a body or a customer's words. */
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

/** Whether the same call may succeed later without anybody changing anything. */
export const isTransient = (error: unknown): boolean =>
  isProviderError(error) && (error.code === 'rate-limited' || error.code === 'unavailable')

/** The same error, for work of which the desk may have more than the call that failed says. */
export const asUnknown = (error: unknown): unknown =>
  isProviderError(error) && error.outcome !== 'unknown'
    ? new ProviderError(error.provider, error.code, error.message.slice(`[${error.provider}] `.length), {
        ...(error.status === undefined ? {} : { status: error.status }),
        ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
        outcome: 'unknown',
        cause: error.cause,
      })
    : error
