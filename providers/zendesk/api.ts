import { z } from '@botpress/sdk'
import { isProviderError, ProviderError, type ProviderErrorCode } from '../errors'
import { createHttp, type HttpRequest } from '../kit/http'
import type { Tools } from '../kit/tools'
import { createAuth } from './auth'
import { subdomainOf, trimmed, type Config } from './config'
import { memoryOf, type Identity } from './memory'

export const PROVIDER = 'zendesk'

/** Ids are numbers in most of Zendesk's responses and strings in some. */
export const idSchema = z.union([z.number(), z.string().min(1)]).transform(String)

export const userSchema = z.object({
  id: idSchema.nullish(),
  name: z.string().nullish(),
  /** Shown to customers instead of the name, if the agent has set it. */
  alias: z.string().nullish(),
  email: z.string().nullish(),
  role: z.string().nullish(),
  active: z.boolean().nullish(),
  photo: z.object({ content_url: z.string().nullish() }).nullish(),
})
export type User = z.infer<typeof userSchema>

export const ticketSchema = z.object({
  id: idSchema,
  status: z.string(),
  assignee_id: idSchema.nullish(),
  updated_at: z.string().nullish(),
  tags: z.array(z.string()).nullish(),
})
export type TicketRecord = z.infer<typeof ticketSchema>

export const auditSchema = z.object({
  events: z.array(z.object({ id: idSchema.nullish(), type: z.string().nullish() })).nullish(),
})

export const commentSchema = z.object({
  id: idSchema,
  author_id: idSchema.nullish(),
  body: z.string().nullish(),
  plain_body: z.string().nullish(),
  html_body: z.string().nullish(),
  public: z.boolean().nullish(),
  created_at: z.string().nullish(),
  via: z.object({ channel: z.union([z.string(), z.number()]).nullish() }).nullish(),
  metadata: z.object({ custom: z.record(z.unknown()).nullish() }).nullish(),
  attachments: z
    .array(
      z.object({
        file_name: z.string().nullish(),
        content_url: z.string().nullish(),
        content_type: z.string().nullish(),
        malware_scan_result: z.string().nullish(),
      })
    )
    .nullish(),
})
export type Comment = z.infer<typeof commentSchema>

const meSchema = z.object({ user: userSchema })
const settingsSchema = z.object({
  settings: z.object({ tickets: z.object({ private_attachments: z.boolean().nullish() }).nullish() }),
})
const errorSchema = z.object({
  error: z.union([z.string(), z.object({ title: z.string().nullish() })]).nullish(),
  details: z.record(z.unknown()).nullish(),
})

export interface Api {
  /** `https://acme.zendesk.com` */
  readonly origin: string
  request<Schema extends z.ZodTypeAny>(request: HttpRequest<Schema>): Promise<z.infer<Schema>>
  /** The user that the credentials belong to. Cached; `fresh` asks Zendesk again. */
  me(fresh?: boolean): Promise<Identity>
  /** Whether only signed-in users can open attachments. Cached for ten minutes. */
  attachmentsArePrivate(): Promise<boolean>
}

const SETTINGS_CACHED_MS = 10 * 60_000

/** Zendesk's REST API with this configuration's credentials. Creating it does no I/O. */
export const createApi = (entered: Config, tools: Tools): Api => {
  const config = trimmed(entered)
  const host = `${subdomainOf(config)}.zendesk.com`
  const origin = `https://${host}`
  const memory = memoryOf(config, tools)
  const http = createHttp(tools, {
    provider: PROVIDER,
    baseUrl: origin,
    isAllowedHost: (candidate) => candidate === host,
    // The credential is added per call below: fetching a token inside a retry would also retry the fetch.
    headers: () => ({}),
    errorCode: _errorCode,
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

  return {
    origin,
    request,
    me: async (fresh = false) => {
      if (memory.me && !fresh) return memory.me
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

/**
 * The error code and the names of the refused fields, for example `RecordInvalid requester/group_id`.
 * Leaves the descriptions out, because they quote customer text.
 */
const _errorCode = (body: unknown): string | undefined => {
  const parsed = errorSchema.safeParse(body)
  if (!parsed.success) return undefined
  const { error, details } = parsed.data
  const code = typeof error === 'string' ? error : error?.title
  if (!code || !/^\w{1,40}$/.test(code)) return undefined
  const fields = Object.keys(details ?? {}).filter((name) => /^\w{1,30}$/.test(name))
  return fields.length > 0 && fields.length < 4 ? `${code} ${fields.join('/')}`.slice(0, 80) : code
}

/** Whether the error is a `ProviderError` with one of these codes. */
export const hasCode = (error: unknown, ...codes: ProviderErrorCode[]): error is ProviderError =>
  isProviderError(error) && codes.includes(error.code)
