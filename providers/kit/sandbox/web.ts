/** Files at public addresses, for tests and simulations. Not part of the deployed bundle. */
import type { Web, WebAnswer } from '../web'

export interface PublishedFile {
  /** The bytes, or what makes them anew for each request. */
  bytes?: Uint8Array | string | (() => AsyncIterable<Uint8Array>)
  contentType?: string
  /** For `Content-Disposition`. */
  name?: string
  /** Default: 200. */
  status?: number
  /** Default: the number of bytes, where it is known. `null`: not told. */
  length?: number | null
  headers?: Record<string, string>
  /** Replaces the answer: how the connection ends without one. */
  failure?: 'refused' | 'silent' | 'gone'
}

export interface SandboxWeb {
  readonly web: Web
  /** Puts a file at an address: a path of `https://files.example.test`, or a whole address. Returns the address. */
  publish(at: string, file: PublishedFile): string
  /** The addresses that were asked for, in order. */
  readonly asked: string[]
}

const ORIGIN = 'https://files.example.test'

/** `others` is asked for every address at which nothing was published. Undefined: there is nothing. */
export const createSandboxWeb = (others?: Web): SandboxWeb => {
  const files = new Map<string, PublishedFile>()
  const asked: string[] = []
  return {
    asked,
    publish: (at, file) => {
      const { href } = new URL(at, ORIGIN)
      files.set(href, file)
      return href
    },
    web: async (url, options) => {
      asked.push(url.href)
      const file = files.get(url.href)
      if (!file) {
        if (others) return others(url, options)
        throw Object.assign(new Error('No such host'), { code: 'ENOTFOUND' })
      }
      if (file.failure) throw Object.assign(new Error('No answer'), { code: CODES[file.failure] })
      return _answer(file)
    },
  }
}

const CODES = { refused: 'EREFUSEDADDRESS', silent: 'ETIMEDOUT', gone: 'ECONNRESET' }

const _answer = ({ bytes = '', contentType, name, status = 200, length, headers = {} }: PublishedFile): WebAnswer => {
  const whole = typeof bytes === 'function' ? undefined : Buffer.from(bytes as Uint8Array)
  const told = length === undefined ? whole?.length : length
  return {
    status,
    headers: {
      ...(contentType === undefined ? {} : { 'content-type': contentType }),
      ...(name === undefined ? {} : { 'content-disposition': `attachment; filename="${name}"` }),
      ...(typeof told === 'number' ? { 'content-length': String(told) } : {}),
      ...headers,
    },
    bytes: typeof bytes === 'function' ? bytes() : _chunks(whole ?? Buffer.alloc(0)),
    close: () => undefined,
  }
}

async function* _chunks(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 65_536) {
    await Promise.resolve()
    yield bytes.subarray(at, at + 65_536)
  }
}
