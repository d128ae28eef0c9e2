import { z } from '@botpress/sdk'
import { isProviderError, ProviderError, type ProviderErrorCode } from '../errors'
import { createHttp, type HttpRequest } from '../kit/http'
import type { Tools } from '../kit/tools'
import { createAuth } from './auth'
import { subdomainOf, trimmed, type Config } from './config'
import { memoryOf, type Identity } from './memory'
import { idSchema, metaSchema, userSchema } from './records'
import { classify, errorCode } from './refusals'

export const PROVIDER = 'zendesk'

const meSchema = z.object({ user: userSchema })
const settingsSchema = z.object({
  settings: z.object({ tickets: z.object({ private_attachments: z.boolean().nullish() }).nullish() }),
})
/** The account’s own fields come first: fields are listed by id, and these are as old as the account. */
const fieldsSchema = z.object({
  ticket_fields: z.array(z.object({ id: idSchema, type: z.string().nullish(), removable: z.boolean().nullish() })),
  meta: metaSchema,
})

export interface Api {
  /** `https://acme.zendesk.com` */
  readonly origin: string
  request<Schema extends z.ZodTypeAny>(request: HttpRequest<Schema>): Promise<z.infer<Schema>>
  /** The user that the credentials belong to. Cached; `fresh` asks Zendesk again. */
  me(fresh?: boolean): Promise<Identity>
  /**
   * The id of the account, whatever its subdomain is. Zendesk tells it nowhere, so the id of the system field “Subject”
   * stands for it: every account has one, it can't be removed, and its id is unique among all accounts.
   * https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_fields/
   */
  accountId(): Promise<string>
  /** Whether only signed-in users can open attachments. Cached for ten minutes. */
  attachmentsArePrivate(): Promise<boolean>
}

const SETTINGS_CACHED_MS = 10 * 60_000
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
  const http = createHttp(tools, {
    provider: PROVIDER,
    baseUrl: origin,
    // Without a subdomain there is no host to trust.
    isAllowedHost: (candidate) => subdomain !== '' && candidate === host,
    // The credential is added per call below: fetching a token inside a retry would also retry the fetch.
    headers: () => ({}),
    errorCode,
    classify,
  })
  const auth = createAuth(config, tools, http, memory)

  const send = async <Schema extends z.ZodTypeAny>(request: HttpRequest<Schema>, authorization: string) =>
    (await http.request({ ...request, headers: { ...request.headers, authorization } })).data

  const request: Api['request'] = async (options) => {
    const authorization = await auth.authorization()
    try {
      return await send(options, authorization)
    } catch (error) {
      if (!isProviderError(error) || error.status !== 401 || !auth.invalidate(authorization)) throw error
      return await send(options, await auth.authorization())
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

  return {
    origin,
    request,
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
    attachmentsArePrivate: async () => {
      const cached = memory.attachments
      if (cached && tools.now() - cached.at < SETTINGS_CACHED_MS) return cached.private
      const { settings } = await request({
        method: 'GET',
        path: '/api/v2/account/settings',
        schema: settingsSchema,
        purpose: 'read the attachment settings',
      })
      memory.attachments = { private: settings.tickets?.private_attachments ?? true, at: tools.now() }
      return memory.attachments.private
    },
  }
}

/** Whether the error is a `ProviderError` with one of these codes. */
export const hasCode = (error: unknown, ...codes: ProviderErrorCode[]): error is ProviderError =>
  isProviderError(error) && codes.includes(error.code)
