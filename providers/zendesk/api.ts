import { z } from '@botpress/sdk'
import { isProviderError, ProviderError, type ProviderErrorCode } from '../errors'
import type { Downloaded } from '../kit/download'
import { createHttp, type HttpOptions, type HttpRequest } from '../kit/http'
import type { Tools } from '../kit/tools'
import { createAuth } from './auth'
import { subdomainOf, trimmed, type Config } from './config'
import { memoryOf, type Identity } from './memory'
import { idSchema, metaSchema, userSchema } from './records'
import { classify, errorCode } from './refusals'

export const PROVIDER = 'zendesk'

const meSchema = z.object({ user: userSchema })
/** The account’s own fields come first: fields are listed by id, and these are as old as the account. */
const fieldsSchema = z.object({
  ticket_fields: z.array(z.object({ id: idSchema, type: z.string().nullish(), removable: z.boolean().nullish() })),
  meta: metaSchema,
})

export interface Api {
  /** `https://acme.zendesk.com` */
  readonly origin: string
  request<Schema extends z.ZodTypeAny>(request: HttpRequest<Schema>): Promise<z.infer<Schema>>
  /** Opens a file of this account. Zendesk redirects to its store, which gets no credentials. */
  download(url: string): Promise<Downloaded>
  /** The same API, whose calls end before `deadline` (milliseconds since the epoch). */
  within(deadline: number | undefined): Api
  /** What `read` resolves to, remembered for ten minutes. */
  cached<T>(name: string, read: () => Promise<T>): Promise<T>
  /** The user that the credentials belong to. Cached; `fresh` asks Zendesk again. */
  me(fresh?: boolean): Promise<Identity>
  /**
   * The id of the account, whatever its subdomain is. Zendesk tells it nowhere, so the id of the system field “Subject”
   * stands for it: every account has one, it can't be removed, and its id is unique among all accounts.
   * https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_fields/
   */
  accountId(): Promise<string>
}

const LISTS_CACHED_MS = 10 * 60_000
/** Larger files are of no use in a chat. */
const MAX_DOWNLOAD_BYTES = 100 * 1024 * 1024
/** The system fields are among the first dozen. */
const FIELDS_PER_PAGE = 25
const MAX_FIELD_PAGES = 20

/** Zendesk's REST API with this configuration's credentials. Creating it does no I/O. */
export const createApi = (entered: Config, tools: Tools): Api => {
  const config = trimmed(entered)
  const subdomain = subdomainOf(config)
  const host = `${subdomain || 'missing'}.zendesk.com`
  const origin = `https://${host}`
  const memory = memoryOf(config, tools)
  const isOurHost = (candidate: string): boolean => subdomain !== '' && candidate === host
  const options: HttpOptions = {
    provider: PROVIDER,
    baseUrl: origin,
    // Without a subdomain there is no host to trust.
    isAllowedHost: isOurHost,
    // The credential is added per call below: fetching a token inside a retry would also retry the fetch.
    headers: () => ({}),
    errorCode,
    classify,
  }
  const http = createHttp(tools, options)
  const auth = createAuth(config, tools, http, memory)

  const send = async <Schema extends z.ZodTypeAny>(request: HttpRequest<Schema>, authorization: string) =>
    (await http.request({ ...request, headers: { ...request.headers, authorization } })).data

  const request: Api['request'] = async (call) => {
    const authorization = await auth.authorization()
    try {
      return await send(call, authorization)
    } catch (error) {
      if (!isProviderError(error) || error.status !== 401 || !auth.invalidate(authorization)) throw error
      // A stream is read once. The caller opens it again, with the next token.
      if (typeof call.body === 'object' && Symbol.asyncIterator in call.body) throw error
      return await send(call, await auth.authorization())
    }
  }

  const identify = async (): Promise<Identity> => {
    const { user } = await request({
      method: 'GET',
      path: '/api/v2/users/me',
      schema: meSchema,
      purpose: 'check the credentials',
    })
    // Zendesk answers unknown credentials with 200 and an anonymous user whose id is null.
    if (user.id == null) {
      throw new ProviderError(
        PROVIDER,
        'unauthorized',
        'Could not check the credentials: Zendesk does not recognise them'
      )
    }
    memory.me = { id: user.id, name: user.name ?? user.id, role: user.role ?? 'unknown' }
    return memory.me
  }

  const api: Api = {
    origin,
    request,
    within: (deadline) => (deadline === undefined ? api : createApi(entered, { ...tools, deadline })),
    download: async (url) => {
      const open = async (authorization: string) =>
        createHttp(tools, { ...options, headers: () => ({ authorization }) }).download({
          url,
          purpose: 'read the file',
          sendsCredentials: isOurHost,
          // Zendesk's store of attachments.
          follows: (candidate) => candidate.endsWith('.zdusercontent.com'),
          maxBytes: MAX_DOWNLOAD_BYTES,
        })
      const authorization = await auth.authorization()
      try {
        return await open(authorization)
      } catch (error) {
        if (!isProviderError(error) || error.status !== 401 || !auth.invalidate(authorization)) throw error
        return await open(await auth.authorization())
      }
    },
    cached: async <T>(name: string, read: () => Promise<T>) => {
      const known = memory.lists.get(name)
      if (known && tools.now() - known.at < LISTS_CACHED_MS) return known.value as T
      const value = await read()
      memory.lists.set(name, { value, at: tools.now() })
      return value
    },
    me: (fresh = false) => {
      if (!fresh && memory.identifying) return memory.identifying
      if (!fresh && memory.me) return Promise.resolve(memory.me)
      const identifying = identify().finally(() => {
        if (memory.identifying === identifying) memory.identifying = undefined
      })
      memory.identifying = identifying
      return identifying
    },
    accountId: async () => {
      let after: string | undefined
      for (let count = 0; count < MAX_FIELD_PAGES; count += 1) {
        const page = await request({
          method: 'GET',
          path: '/api/v2/ticket_fields',
          query: { 'page[size]': FIELDS_PER_PAGE, 'page[after]': after },
          schema: fieldsSchema,
          purpose: 'identify the account',
        })
        const subject = page.ticket_fields.find((field) => field.type === 'subject' && field.removable !== true)
        if (subject) return subject.id
        after = page.meta?.has_more ? (page.meta.after_cursor ?? undefined) : undefined
        if (after === undefined) break
      }
      throw new ProviderError(PROVIDER, 'unavailable', 'Could not identify the account: it shows no field “Subject”')
    },
  }
  return api
}

/** Whether the error is a `ProviderError` with one of these codes. */
export const hasCode = (error: unknown, ...codes: ProviderErrorCode[]): error is ProviderError =>
  isProviderError(error) && codes.includes(error.code)
