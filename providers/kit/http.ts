import type { AxiosInstance, AxiosResponse } from 'axios'
import axios from 'axios/dist/node/axios.cjs'
import pRetry from 'p-retry'
import type { z } from '@botpress/sdk'
import { isProviderError, isTransient, ProviderError, type Outcome, type ProviderErrorCode } from '../errors'
import type { Tools } from './tools'

/** One call to a vendor. */
export interface HttpRequest<Schema extends z.ZodTypeAny> {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Starts with a slash; interpolated ids are already encoded. */
  path: string
  query?: Record<string, string | number | boolean | undefined>
  /** Sent as JSON. */
  json?: unknown
  /** Sent as it is, with `headers['content-type']`. */
  body?: string | Uint8Array
  headers?: Record<string, string>
  /** What is read of the answer; unknown fields are ignored. */
  schema: Schema
  /** Completes "Could not …": 'open the ticket'. */
  purpose: string
  /**
   * Whether repeating has no further effect. Reads and deletes are by themselves; a write says so where the vendor promises it. What is
   * not repeatable is tried again only when the vendor said that nothing happened.
   */
  repeatable?: boolean
  /** It makes something that must not be made twice and can only be found by looking for it: not begun with so little time left that nobody could. */
  needsSettling?: boolean
  /** Statuses beside 2xx that are an answer to this call: parsed by `schema` and returned, not thrown. */
  accepts?: number[]
}

export interface HttpAnswer<T> {
  status: number
  headers: Record<string, string>
  data: T
}

export interface Http {
  request<Schema extends z.ZodTypeAny>(request: HttpRequest<Schema>): Promise<HttpAnswer<z.infer<Schema>>>
}

export interface HttpOptions {
  /** Provider name, for errors and logs. */
  provider: string
  /** `https://host`, optionally with a path. Credentials go nowhere else, redirects are not followed. */
  baseUrl: string
  /** The hosts that a credential may be sent to. */
  isAllowedHost(host: string): boolean
  /** Headers of every call, the credential among them. May do I/O (a token that has to be fetched). */
  headers(): Promise<Record<string, string>> | Record<string, string>
  /** The error's code word in the vendor's body ('RecordInvalid'). Never a sentence: sentences quote what the customer typed. */
  errorCode?(body: unknown): string | undefined
  /** Overrules the usual meaning of an answer that is not 2xx. */
  classify?(status: number, body: unknown): ProviderErrorCode | undefined
  /** How long a 429 asks to wait, in milliseconds, where it is not in `Retry-After`. */
  retryAfterMs?(headers: Record<string, string>, now: number): number | undefined
  /** For a vendor that answers 200 to everything (Slack): the error code in the body of a call that failed. */
  failureIn?(body: unknown): Failure | undefined
}

/** A failure that the vendor reports in the body of a 200. */
export interface Failure {
  code: ProviderErrorCode
  word: string
  /** Whether a write may have happened all the same ('none' unless told). Ignored for a read. */
  outcome?: Outcome
  /** A sentence that says what would mend it. */
  advice?: string
}

const RETRIES = 2
/** A wait longer than this is the caller's decision: it has a budget and its own patience. */
const LONGEST_WAIT_MS = 2_000
/** What is begun with less time left could not be settled by reading any more. */
const SETTLING_MS = 2_000
const NOTHING_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'])
const LARGEST_ANSWER = 20 * 1024 * 1024

/**
 * HTTP as every driver uses it: time-outs, retries where they are safe, statuses turned into `ProviderError`, answers parsed.
 * Errors name the purpose, the status and the vendor's code word; never headers, bodies or URLs with a query.
 */
export const createHttp = (tools: Tools, options: HttpOptions): Http => {
  const base = new URL(options.baseUrl)
  const real = tools.resolveOrigin?.(base.origin)
  let made: AxiosInstance | undefined
  // Made for the first call: most of what a desk is connected for needs none.
  const instance = (): AxiosInstance =>
    (made ??= axios.create({
      baseURL: (real ?? base.origin) + base.pathname.replace(/\/$/, ''),
      maxRedirects: 0,
      maxContentLength: LARGEST_ANSWER,
      validateStatus: () => true,
      transformResponse: [],
      responseType: 'text',
      proxy: false,
      ...(tools.transport ? { adapter: tools.transport } : {}),
    }))

  const fail = (
    code: ProviderErrorCode,
    message: string,
    details: ConstructorParameters<typeof ProviderError>[3] = {}
  ) => new ProviderError(options.provider, code, message, details)

  const attempt = async <Schema extends z.ZodTypeAny>(
    request: HttpRequest<Schema>
  ): Promise<HttpAnswer<z.infer<Schema>>> => {
    if (!options.isAllowedHost(base.hostname)) {
      throw fail('misconfigured', `Could not ${request.purpose}: ${base.hostname} is not a host of this desk`)
    }
    // An id of dots would lead to another call, however it is encoded.
    if (request.path.split('/').some((segment) => /^(?:\.|%2e){1,2}$/i.test(segment))) {
      throw fail('not-found', `Could not ${request.purpose}: an id is none`)
    }
    const credentials = await options.headers()
    const timeLeft = (tools.deadline ?? Number.POSITIVE_INFINITY) - tools.now()
    const isRead = request.method === 'GET'
    if (timeLeft <= (request.needsSettling ? SETTLING_MS : 0))
      throw fail('unavailable', `Could not ${request.purpose}: no time is left for this attempt`)
    let response: AxiosResponse<string>
    try {
      response = await instance().request<string>({
        // The time-out is that of a silent socket; the signal ends an answer that drips.
        timeout: Math.min(tools.timeoutMs, timeLeft),
        signal: AbortSignal.timeout(Math.ceil(Math.min(tools.timeoutMs, timeLeft))),
        method: request.method,
        url: request.path,
        params: request.query,
        data: request.json === undefined ? request.body : JSON.stringify(request.json),
        headers: {
          accept: 'application/json',
          ...(request.json === undefined ? {} : { 'content-type': 'application/json' }),
          ...credentials,
          ...request.headers,
        },
      })
    } catch (error) {
      const word = axios.isAxiosError(error) ? (error.code ?? 'network error') : 'network error'
      // The axios error itself carries the request's headers: it is not passed on as a cause.
      throw fail('unavailable', `Could not ${request.purpose}: no answer (${word})`, {
        outcome: NOTHING_SENT.has(word) || isRead ? 'none' : 'unknown',
      })
    }
    const headers = _plainHeaders(response)
    const body = _parseJson(response.data)
    if ((response.status < 200 || response.status > 299) && !request.accepts?.includes(response.status)) {
      const code = options.classify?.(response.status, body) ?? _codeOf(response.status)
      const word = options.errorCode?.(body)
      throw fail(
        code,
        `Could not ${request.purpose}: the desk answered ${response.status}${word ? ` ${_clean(word)}` : ''}`,
        {
          status: response.status,
          retryAfterMs:
            code === 'rate-limited' || code === 'unavailable'
              ? (options.retryAfterMs?.(headers, tools.now()) ?? _retryAfter(headers, tools.now()))
              : undefined,
          outcome: _outcomeOf(request.method, response.status, headers),
        }
      )
    }
    const failure = options.failureIn?.(body)
    if (failure) {
      const advice = failure.advice === undefined ? '' : `. ${failure.advice}`
      throw fail(failure.code, `Could not ${request.purpose}: the desk answered ${_clean(failure.word)}${advice}`, {
        status: response.status,
        retryAfterMs: failure.code === 'rate-limited' ? _retryAfter(headers, tools.now()) : undefined,
        outcome: isRead ? 'none' : failure.outcome,
      })
    }
    const parsed = request.schema.safeParse(body)
    if (!parsed.success) {
      const where = parsed.error.issues.map((issue) => issue.path.join('.') || 'body').slice(0, 3)
      throw fail('unavailable', `Could not ${request.purpose}: unexpected answer (${where.join(', ')})`, {
        status: response.status,
        outcome: isRead ? 'none' : 'unknown',
      })
    }
    return { status: response.status, headers, data: parsed.data as z.infer<Schema> }
  }

  return {
    request: (request) => {
      const repeatable = request.repeatable ?? (request.method === 'GET' || request.method === 'DELETE')
      const isRetried = (error: unknown): error is ProviderError =>
        isProviderError(error) &&
        isTransient(error) &&
        (error.retryAfterMs ?? 0) <= LONGEST_WAIT_MS &&
        (repeatable || error.outcome === 'none') &&
        !(error.code === 'rate-limited' && tools.waitsForLimits === false)
      return pRetry(() => attempt(request), {
        retries: RETRIES,
        minTimeout: 0,
        factor: 1,
        shouldRetry: ({ error }) => isRetried(error),
        onFailedAttempt: async ({ error, attemptNumber, retriesLeft }) => {
          if (retriesLeft === 0 || !isRetried(error)) return
          await tools.sleep(error.retryAfterMs ?? 100 * 2 ** (attemptNumber - 1))
        },
      })
    },
  }
}

const _plainHeaders = (response: AxiosResponse): Record<string, string> => {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(response.headers)) headers[name.toLowerCase()] = String(value)
  return headers
}

const _parseJson = (text: unknown): unknown => {
  if (typeof text !== 'string' || text === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const _codeOf = (status: number): ProviderErrorCode => {
  if (status === 401 || status === 403) return 'unauthorized'
  if (status === 404 || status === 410) return 'not-found'
  if (status === 429) return 'rate-limited'
  if (status >= 500 || status === 408) return 'unavailable'
  return 'rejected'
}

/** 4xx and a 503 that names a time say that nothing was done; any other 5xx may have come after the effect. */
const _outcomeOf = (method: string, status: number, headers: Record<string, string>): 'none' | 'unknown' => {
  if (method === 'GET' || status < 500) return status === 408 && method !== 'GET' ? 'unknown' : 'none'
  return status === 503 && headers['retry-after'] !== undefined ? 'none' : 'unknown'
}

const _retryAfter = (headers: Record<string, string>, now: number): number | undefined => {
  const value = headers['retry-after']
  if (value === undefined) return undefined
  const seconds = Number(value)
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1_000)
  const date = Date.parse(value)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}

/** A code word is letters, digits and a few signs; anything else in its place may quote somebody. */
const _clean = (word: string): string => (/^[\w .:/-]{1,80}$/.test(word) ? word : 'an error')
