/** The address at which vendors reach the installation. */
import { isIP } from 'node:net'
import { look, right, wrong } from '../../providers/kit/diagnosis'
import type { Finding } from '../../providers/provider'
import { UsageError } from '../terminal/arguments'

/** An installation's webhook address, such as `https://webhook.botpress.cloud/abc`. */
export interface PublicAddress {
  /** Without a slash at the end. */
  url: string
  /** Its last segment. At Botpress it is the webhook's id, which tells installations apart. */
  installation: string
}

const PRIVATE =
  /^(?:localhost|.*\.local|.*\.internal|0\.0\.0\.0|127\.|10\.|192\.168\.|169\.254\.|172\.(?:1[6-9]|2\d|3[01])\.)/i

/** Throws a UsageError that says what is wrong with the address. */
export const parsePublicUrl = (text: string, option = 'public-url'): URL => {
  const refuse = (why: string): never => {
    throw new UsageError(`--${option}: ${JSON.stringify(text)} ${why}`)
  }
  if (!URL.canParse(text)) return refuse('isn’t an address; write it like https://webhook.botpress.cloud/abc')
  const url = new URL(text)
  if (url.protocol !== 'https:') refuse('has to begin with https://, since vendors call nothing else')
  if (url.username !== '' || url.password !== '') refuse('must not hold a name or a password')
  if (url.search !== '' || url.hash !== '') refuse('must end with its path')
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (PRIVATE.test(host) || (isIP(host) === 6 && /^(?:::1$|f[cd]|fe80)/i.test(host)))
    refuse('can’t be reached from the internet; vendors need a public address')
  return url
}

/** The address of an installation. Throws a UsageError for one that can't be one. */
export const parseInstallation = (text: string): PublicAddress => {
  const url = parsePublicUrl(text)
  const segments = url.pathname.split('/').filter(Boolean)
  const installation = segments.at(-1)
  if (installation === undefined)
    throw new UsageError(
      `--public-url: ${JSON.stringify(text)} lacks the installation’s id; copy the whole webhook URL from Botpress`
    )
  return { url: `${url.origin}/${segments.join('/')}`, installation }
}

/** What the address answers. Throws when it doesn't. */
export type Reach = (url: string) => Promise<{ status: number; body: string }>

const REACH_MS = 10_000

export const reachOverHttp: Reach = async (url) => {
  const response = await fetch(url, { method: 'GET', redirect: 'manual', signal: AbortSignal.timeout(REACH_MS) })
  return { status: response.status, body: await response.text() }
}

/** Whether the router answers at a desk's address. An unsigned GET changes nothing, and the router refuses it. */
export const checkAddress = async (url: string, reach: Reach): Promise<Finding> => {
  const about = 'Address'
  let answer: { status: number; body: string }
  try {
    answer = await reach(url)
  } catch (error) {
    const { cause, name } = error as { cause?: { code?: string }; name?: string }
    const why = cause?.code ?? (name === 'TimeoutError' ? `no answer within ${REACH_MS / 1_000} s` : 'no connection')
    return wrong(about, `${url} can’t be reached from here (${why})`, 'Check the address, and this machine’s network')
  }
  const said = _errorIn(answer.body)
  if (said?.startsWith('No such desk is configured'))
    return wrong(
      about,
      `The router answers at ${url}, and doesn’t have this desk in its saved configuration`,
      'Save this configuration in Botpress'
    )
  const isRouter = answer.status === 200 ? answer.body === '' : said !== undefined && [401, 405].includes(answer.status)
  return isRouter
    ? right(about, `The router answers at ${url}`)
    : look(
        about,
        `Something answers ${answer.status} at ${url}, which may not be the router`,
        'Compare the address with the webhook URL of the installation in Botpress'
      )
}

const _errorIn = (body: string): string | undefined => {
  try {
    const { error } = JSON.parse(body) as { error?: unknown }
    return typeof error === 'string' ? error : undefined
  } catch {
    return undefined
  }
}
