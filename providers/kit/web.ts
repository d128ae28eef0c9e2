/**
 * Addresses that strangers name. They are opened without credentials, and only where anybody could open them: a file
 * of a customer must not make the router read its own machine or its neighbours.
 */
import { lookup as resolveName, type LookupAddress } from 'node:dns'
import http from 'node:http'
import https from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import ipaddr from 'ipaddr.js'

/** The beginning of an answer. Whoever has it reads `bytes` or closes it. */
export interface WebAnswer {
  status: number
  /** Lower-case names. */
  headers: Record<string, string | undefined>
  bytes: AsyncIterable<Uint8Array>
  close(): void
}

/**
 * Gets an address without following redirects. Nothing may stay silent for longer than `timeoutMs`. Rejects when there
 * is no answer; `isRefused` tells that the address isn't one of the public web.
 */
export type Web = (url: URL, options: { timeoutMs: number }) => Promise<WebAnswer>

export interface WebOptions {
  /** Resolves a host name. Undefined: the system's resolver. */
  resolve?(host: string): Promise<{ address: string; family: number }[]>
  /** Whether this IP address may be connected to. Undefined: only public ones. */
  allows?(address: string, url: URL): boolean
}

const REFUSED = 'EREFUSEDADDRESS'

const _refusal = (): Error => Object.assign(new Error('Not an address of the public web'), { code: REFUSED })

/** Whether the address was refused, rather than silent. */
export const isRefused = (error: unknown): boolean => (error as { code?: unknown } | undefined)?.code === REFUSED

/** Azure's metadata service has an address of the public range. */
const METADATA = new Set(['168.63.129.16'])
/** What is given out of IPv6. The rest of the space is nobody's yet. */
const GLOBAL_IPV6 = ipaddr.IPv6.parseCIDR('2000::/3')

/**
 * Whether an IP address is one of the public internet: not private, loopback, link-local (with the clouds' metadata
 * services), shared, reserved, multicast, or an IPv6 form that stands for an IPv4 address (6to4, Teredo, NAT64).
 */
export const isPublicAddress = (address: string): boolean => {
  if (!ipaddr.isValid(address)) return false
  const parsed = ipaddr.process(address)
  if (parsed.range() !== 'unicast' || METADATA.has(parsed.toString())) return false
  return parsed.kind() === 'ipv4' || (parsed as ipaddr.IPv6).match(GLOBAL_IPV6)
}

const _systemResolver = (host: string): Promise<LookupAddress[]> =>
  new Promise((resolve, reject) => {
    resolveName(host, { all: true }, (error, addresses) => (error ? reject(error) : resolve(addresses)))
  })

/** Opens public addresses. A name is resolved once, and the connection goes to the address that was checked. */
export const createWeb = ({ resolve = _systemResolver, allows = isPublicAddress }: WebOptions = {}): Web => {
  /** Connects to what it returns: a name that resolves otherwise the next time (DNS rebinding) gains nothing. */
  const lookupFor =
    (url: URL): LookupFunction =>
    (host, options, callback) => {
      void resolve(host).then(
        (addresses) => {
          const allowed = addresses.filter(({ address }) => allows(address, url))
          const [first] = allowed
          if (!first) callback(_refusal(), '')
          else if (options.all) callback(null, allowed)
          else callback(null, first.address, first.family)
        },
        (error: NodeJS.ErrnoException) => callback(error, '')
      )
    }

  return (url, { timeoutMs }) =>
    new Promise((settle, reject) => {
      const secure = url.protocol === 'https:'
      const literal = url.hostname.replace(/^\[|\]$/g, '')
      // An address in place of a name is never looked up.
      if ((!secure && url.protocol !== 'http:') || (isIP(literal) !== 0 && !allows(literal, url))) {
        reject(_refusal())
        return
      }
      const request = (secure ? https : http).get(url, {
        agent: false,
        lookup: lookupFor(url),
        headers: { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'hitl-router' },
      })
      const silence = () => request.destroy(Object.assign(new Error('No answer'), { code: 'ETIMEDOUT' }))
      // The socket's own time-out begins with the connection; this one covers the look-up and the connecting, too.
      const timer = setTimeout(silence, timeoutMs)
      request.setTimeout(timeoutMs, silence)
      request.on('error', (error) => {
        clearTimeout(timer)
        reject(error)
      })
      request.on('response', (answer) => {
        clearTimeout(timer)
        const headers: WebAnswer['headers'] = {}
        for (const [name, value] of Object.entries(answer.headers)) headers[name] = String(value)
        settle({
          status: answer.statusCode ?? 0,
          headers,
          bytes: answer as AsyncIterable<Uint8Array>,
          close: () => answer.destroy(),
        })
      })
    })
}

/** The public web. */
export const publicWeb = createWeb()
