import { Readable } from 'node:stream'
import type { AxiosInstance, AxiosResponse } from 'axios'
import axios from 'axios/dist/node/axios.cjs'
import pRetry from 'p-retry'
import type { z } from '@botpress/sdk'
import {
  isProviderError,
  isTransient,
  ProviderError,
  type ErrorSubject,
  type Outcome,
  type ProviderErrorCode,
} from '../errors'
import { createDownload, type Download, type Downloaded } from './download'
import { FileFailure, fileFailureIn } from './files'
import { wellFormedStrings } from './text'
import type { Tools } from './tools'

/** One call to a vendor. */
export interface HttpRequest<Schema extends z.ZodTypeAny> {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Starts with a slash. Interpolated ids must be encoded. */
  path: string
  query?: Record<string, string | number | boolean | undefined>
  /** Sent as JSON, with well-formed strings. */
  json?: unknown
  /**
   * Sent unchanged, with `headers['content-type']`. A stream is sent as it comes, in chunks unless its length is in
   * `headers['content-length']`, and never twice: such a call isn't retried. `fileFailureIn` tells why a stream broke.
   */
  body?: string | Uint8Array | AsyncIterable<Uint8Array>
  headers?: Record<string, string>
  /** The fields to read from the answer. Unknown fields are ignored. */
  schema: Schema
  /** Completes “Could not …”: 'open the ticket'. */
  purpose: string
  /**
   * Whether the call is idempotent. The default is true for GET and DELETE. Other calls are retried only if the failed
   * attempt had no effect.
   */
  repeatable?: boolean
  /**
   * The call creates something that only a search can find again. It isn't started without time left for that search.
   */
  needsSettling?: boolean
  /** What a refusal or a 404 of this call is about. The default is the account. */
  about?: ErrorSubject
  /** Statuses other than 2xx that are parsed and returned instead of thrown. */
  accepts?: number[]
  /** The vendor answers in plain text, of which the schema gets nothing. Any other call is answered in JSON. */
  answersText?: boolean
}

export interface HttpAnswer<T> {
  status: number
  headers: Record<string, string>
  data: T
}

export interface Http {
  request<Schema extends z.ZodTypeAny>(request: HttpRequest<Schema>): Promise<HttpAnswer<z.infer<Schema>>>
  /** Opens a file at the vendor, for `Driver.readFile`. */
  download(request: Download): Promise<Downloaded>
}

export interface HttpOptions {
  /** Provider name, for errors and logs. */
  provider: string
  /** `https://host`, optionally with a path. Redirects are not followed, so credentials go to no other host. */
  baseUrl: string
  /** Whether credentials may be sent to this host. */
  isAllowedHost(host: string): boolean
  /** Headers of every call, including credentials. May do I/O, for example fetch a token. */
  headers(): Promise<Record<string, string>> | Record<string, string>
  /** The error code in the vendor's body ('RecordInvalid'). Never a sentence, since it may quote the customer. */
  errorCode?(body: unknown): string | undefined
  /** Overrides the default code for a status other than 2xx, and what the error is about. */
  classify?(status: number, body: unknown): { code?: ProviderErrorCode; about?: ErrorSubject } | undefined
  /** How long to wait, in milliseconds, if the vendor doesn't use `Retry-After`. */
  retryAfterMs?(headers: Record<string, string>, now: number): number | undefined
  /** The failure in the body of a 2xx, for a vendor that answers 200 to failed calls (Slack). */
  failureIn?(body: unknown): Failure | undefined
}

/** A failure reported in the body of a 2xx. */
export interface Failure {
  code: ProviderErrorCode
  /** The vendor's error code. */
  word: string
  /** The default is what the request is about. */
  about?: ErrorSubject
  /** Whether a write may have had an effect. The default is 'none'. Ignored for reads. */
  outcome?: Outcome
  /** A sentence about how to fix it. */
  advice?: string
}

const RETRIES = 2
/** The caller decides about longer waits, within its own time budget. */
const MAX_WAIT_MS = 2_000
/** The time needed to settle an unknown outcome by reading. */
const SETTLING_MS = 2_000
const NOTHING_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'])
/** An upload may take longer than a call, since it waits for the file's own server. */
const LONGEST_UPLOAD_MS = 30_000
const NO_CONTENT = new Set([204, 205])
const MAX_ANSWER_BYTES = 20 * 1024 * 1024

let _created: AxiosInstance | undefined

/** One client for all desks. Node's own agents keep its connections alive. */
const _client = (): AxiosInstance =>
  (_created ??= axios.create({
    maxRedirects: 0,
    maxContentLength: MAX_ANSWER_BYTES,
    validateStatus: () => true,
    transformResponse: [],
    responseType: 'text',
    proxy: false,
  }))

/**
 * The drivers' HTTP client: time-outs, safe retries, parsed answers, and `ProviderError` for every failure. Errors name
 * the purpose, the status and the vendor's error code, never headers, bodies or URLs.
 */
export const createHttp = (tools: Tools, options: HttpOptions): Http => {
  const base = new URL(options.baseUrl)
  const resolvedOrigin = tools.resolveOrigin?.(base.origin)
  const target = {
    baseURL: (resolvedOrigin ?? base.origin) + base.pathname.replace(/\/$/, ''),
    ...(tools.transport ? { adapter: tools.transport } : {}),
  }

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
    // An id of dots, even encoded, would address another path.
    if (request.path.split('/').some((segment) => /^(?:\.|%2e){1,2}$/i.test(segment))) {
      throw fail('not-found', `Could not ${request.purpose}: invalid id`, { about: request.about })
    }
    const credentials = await options.headers()
    const timeLeft = (tools.deadline ?? Number.POSITIVE_INFINITY) - tools.now()
    const isRead = request.method === 'GET'
    if (timeLeft <= (request.needsSettling ? SETTLING_MS : 0))
      throw fail('unavailable', `Could not ${request.purpose}: no time left`)
    let response: AxiosResponse<string>
    const stream = _isStream(request.body) ? _watched(request.body) : undefined
    const longest = Math.min(stream ? LONGEST_UPLOAD_MS : tools.timeoutMs, timeLeft)
    try {
      response = await _client().request<string>({
        ...target,
        // `timeout` covers a silent socket, `signal` a slowly trickling answer.
        timeout: Math.min(tools.timeoutMs, timeLeft),
        signal: AbortSignal.timeout(Math.ceil(longest)),
        method: request.method,
        url: request.path,
        params: request.query,
        data:
          request.json === undefined
            ? stream
              ? Readable.from(stream.bytes, { objectMode: false })
              : request.body
            : JSON.stringify(request.json, wellFormedStrings),
        headers: {
          accept: 'application/json',
          ...(request.json === undefined ? {} : { 'content-type': 'application/json' }),
          ...credentials,
          ...request.headers,
        },
      })
    } catch (error) {
      const why = stream?.failure()
      if (why) {
        throw fail('unavailable', `Could not ${request.purpose}: the file ${why}`, { cause: new FileFailure(why) })
      }
      const word = axios.isAxiosError(error) ? (error.code ?? 'network error') : 'network error'
      // The axios error contains the request's headers, so it isn't passed on as a cause.
      throw fail('unavailable', `Could not ${request.purpose}: no answer (${word})`, {
        outcome: NOTHING_SENT.has(word) || isRead ? 'none' : 'unknown',
      })
    }
    tools.onAnswer?.()
    const headers = _plainHeaders(response)
    const body = _parseJson(response.data)
    if ((response.status < 200 || response.status > 299) && !request.accepts?.includes(response.status)) {
      const classified = options.classify?.(response.status, body)
      const code = classified?.code ?? _codeOf(response.status, body, body === undefined && Boolean(response.data))
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
          about: classified?.about ?? request.about,
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
        about: failure.about ?? request.about,
      })
    }
    // A proxy or a login page answered in the vendor's place: what was asked for has not happened, as far as is known.
    const isPage = request.answersText ? /^\s*</.test(response.data) : body === undefined
    const parsed = isPage && !NO_CONTENT.has(response.status) ? undefined : request.schema.safeParse(body)
    if (!parsed?.success) {
      const where = parsed?.error.issues.map((issue) => issue.path.join('.') || 'body').slice(0, 3) ?? ['body']
      throw fail('unavailable', `Could not ${request.purpose}: unexpected answer (${where.join(', ')})`, {
        status: response.status,
        outcome: isRead ? 'none' : 'unknown',
      })
    }
    return { status: response.status, headers, data: parsed.data as z.infer<Schema> }
  }

  return {
    download: createDownload(tools, options, fail),
    request: (request) => {
      const repeatable = request.repeatable ?? (request.method === 'GET' || request.method === 'DELETE')
      const mayRetry = (error: unknown): error is ProviderError =>
        isProviderError(error) &&
        isTransient(error) &&
        (error.retryAfterMs ?? 0) <= MAX_WAIT_MS &&
        (repeatable || error.outcome === 'none') &&
        !_isStream(request.body) &&
        !(error.code === 'rate-limited' && tools.waitsForLimits === false)
      return pRetry(() => attempt(request), {
        retries: RETRIES,
        minTimeout: 0,
        factor: 1,
        shouldRetry: ({ error }) => mayRetry(error),
        onFailedAttempt: async ({ error, attemptNumber, retriesLeft }) => {
          if (retriesLeft === 0 || !mayRetry(error)) return
          await tools.sleep(error.retryAfterMs ?? 100 * 2 ** (attemptNumber - 1))
        },
      })
    },
  }
}

const _isStream = (body: HttpRequest<z.ZodTypeAny>['body']): body is AsyncIterable<Uint8Array> =>
  typeof body === 'object' && Symbol.asyncIterator in body

/** A stream that remembers why it broke: the client's own error doesn't tell. */
const _watched = (
  bytes: AsyncIterable<Uint8Array>
): { bytes: AsyncIterable<Uint8Array>; failure(): string | undefined } => {
  let why: string | undefined
  const watch = async function* (): AsyncGenerator<Uint8Array> {
    try {
      yield* bytes
    } catch (error) {
      why = fileFailureIn(error) ?? 'broke off while it was loaded'
      throw error
    }
  }
  return { bytes: watch(), failure: () => why }
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

/** Statuses that refuse what the request holds. Others speak of the account, the address or the moment. */
const REFUSALS = new Set([400, 409, 413, 414, 415, 422])

/** A vendor answers in JSON. A page in its place comes from a proxy, and says nothing about what was asked for. */
const _codeOf = (status: number, body: unknown, isPage: boolean): ProviderErrorCode => {
  if (status === 429) return 'rate-limited'
  if (isPage) return 'unavailable'
  if (status === 401 || status === 403) return 'unauthorized'
  if (typeof body !== 'object' || body === null) return 'unavailable'
  if (status === 404 || status === 410) return 'not-found'
  return REFUSALS.has(status) ? 'rejected' : 'unavailable'
}

/** 4xx (except 408) and a 503 with `Retry-After` had no effect. Any other 5xx may have had one. */
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

/** An error code is letters, digits and a few signs. Anything else may quote the customer. */
const _clean = (word: string): string => (/^[\w .:/-]{1,80}$/.test(word) ? word : 'an error')
