/** Files at a vendor, which open with the desk's credentials or for a short time. */
import { Readable } from 'node:stream'
import type { AxiosResponse } from 'axios'
import axios from 'axios/dist/node/axios.cjs'
import type { ErrorSubject, ProviderError, ProviderErrorCode } from '../errors'
import { nameInDisposition } from './file-names'
import { plainType } from './file-types'
import { FileFailure, sizeInWords, tooLarge } from './files'
import type { Tools } from './tools'

export interface Download {
  /** An absolute address. */
  url: string
  /** Completes “Could not …”: 'read the file'. */
  purpose: string
  /** Whether the desk's credentials go to this host. They are dropped for any other. */
  sendsCredentials(host: string): boolean
  /** Whether a file may lie at this host, which gets no credentials: the vendor's store. */
  follows?(host: string): boolean
  maxBytes: number
  headers?: Record<string, string>
}

export interface Downloaded {
  /** As the server calls the file. */
  name?: string
  contentType?: string
  /** Bytes, where the server tells. */
  size?: number
  /** Throws a `FileFailure` where the file breaks off or exceeds `maxBytes`. */
  bytes: AsyncIterable<Uint8Array>
}

type Fail = (
  code: ProviderErrorCode,
  message: string,
  details?: { status?: number; about?: ErrorSubject; retryAfterMs?: number }
) => ProviderError

interface Access {
  headers(): Promise<Record<string, string>> | Record<string, string>
}

const MOST_REDIRECTS = 4
const LONGEST_DOWNLOAD_MS = 30_000

/**
 * Opens a file at the vendor's hosts. Redirects are followed by hand: only over HTTPS, only to hosts that the driver
 * names, and with the credentials only where `sendsCredentials` allows it.
 *
 * Throws `not-found` (404, 410) or `rejected` about the message when the file can't be had, `unauthorized` and
 * `unavailable` like any call.
 */
export const createDownload =
  (tools: Tools, access: Access, fail: Fail): ((download: Download) => Promise<Downloaded>) =>
  async (download) => {
    const what = `Could not ${download.purpose}`
    const deadline = Math.min(tools.now() + LONGEST_DOWNLOAD_MS, tools.deadline ?? Number.POSITIVE_INFINITY)
    let url = _parsed(download.url)
    for (let redirects = 0; ; redirects += 1) {
      const isOurs = url !== undefined && download.sendsCredentials(url.hostname)
      if (url?.protocol !== 'https:' || !(isOurs || download.follows?.(url.hostname))) {
        // Where a file is redirected to is the vendor's business of the moment: a moved account, a proxy.
        throw redirects > 0
          ? fail('unavailable', `${what}: the desk redirects to a host that is not its own`)
          : fail('rejected', `${what}: its address is not at a host of this desk`, { about: 'message' })
      }
      const answer = await _get(tools, url, deadline, {
        accept: '*/*',
        ...(isOurs ? await access.headers() : {}),
        ...download.headers,
      }).catch((error: unknown) => {
        const word = axios.isAxiosError(error) ? (error.code ?? 'network error') : 'network error'
        throw fail('unavailable', `${what}: no answer (${word})`)
      })
      const { status } = answer
      if (status >= 200 && status <= 299) return _opened(answer, download, fail)
      // A transport that was replaced may answer with a text.
      ;(answer.data as Partial<Readable>).destroy?.()
      const location = _header(answer, 'location')
      if (status >= 300 && status <= 399 && location !== undefined && redirects < MOST_REDIRECTS) {
        url = _parsed(location, url)
        continue
      }
      throw fail(_codeOf(status), `${what}: the desk answered ${status}`, {
        status,
        about: status === 404 || status === 410 ? 'message' : 'account',
      })
    }
  }

const _parsed = (address: string, base?: URL): URL | undefined =>
  URL.canParse(address, base?.href) ? new URL(address, base?.href) : undefined

const _codeOf = (status: number): ProviderErrorCode => {
  if (status === 429) return 'rate-limited'
  if (status === 401 || status === 403) return 'unauthorized'
  return status === 404 || status === 410 ? 'not-found' : 'unavailable'
}

const _get = (
  tools: Tools,
  url: URL,
  deadline: number,
  headers: Record<string, string>
): Promise<AxiosResponse<Readable>> => {
  const timeLeft = Math.max(1, Math.ceil(deadline - tools.now()))
  return axios.request<Readable>({
    baseURL: tools.resolveOrigin?.(url.origin) ?? url.origin,
    url: url.pathname + url.search,
    timeout: Math.min(tools.timeoutMs, timeLeft),
    // Ends a file that trickles, too: the signal holds until the last byte.
    signal: AbortSignal.timeout(timeLeft),
    headers,
    maxRedirects: 0,
    validateStatus: () => true,
    transformResponse: [],
    responseType: 'stream',
    proxy: false,
    ...(tools.transport ? { adapter: tools.transport } : {}),
  })
}

const _opened = (answer: AxiosResponse<Readable>, download: Download, fail: Fail): Downloaded => {
  const length = Number(_header(answer, 'content-length') ?? Number.NaN)
  const size = Number.isSafeInteger(length) && !_header(answer, 'content-encoding') ? length : undefined
  if (size !== undefined && size > download.maxBytes) {
    answer.data.destroy()
    const limit = sizeInWords(download.maxBytes)
    throw fail('rejected', `Could not ${download.purpose}: it is larger than ${limit}`, { about: 'message' })
  }
  const name = nameInDisposition(_header(answer, 'content-disposition'))
  const contentType = plainType(_header(answer, 'content-type'))
  return {
    ...(name ? { name } : {}),
    ...(contentType ? { contentType } : {}),
    ...(size === undefined ? {} : { size }),
    bytes: _counted(answer.data, download.maxBytes, size),
  }
}

async function* _counted(bytes: Readable, max: number, size: number | undefined): AsyncGenerator<Uint8Array> {
  let count = 0
  try {
    for await (const chunk of bytes as AsyncIterable<Uint8Array>) {
      count += chunk.length
      if (count > max) throw tooLarge(max)
      yield chunk
    }
  } catch (error) {
    throw error instanceof FileFailure ? error : new FileFailure('broke off while it was loaded')
  }
  if (size !== undefined && count !== size) throw new FileFailure('broke off while it was loaded')
}

const _header = (answer: AxiosResponse, name: string): string | undefined => {
  const value: unknown = Object.entries(answer.headers).find(([key]) => key.toLowerCase() === name)?.[1]
  return value === undefined || value === null ? undefined : String(value)
}
