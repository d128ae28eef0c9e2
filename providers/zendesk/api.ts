import { z } from '@botpress/sdk'
import { isProviderError, ProviderError, type ProviderErrorCode } from '../errors'
import { createHttp, type HttpRequest } from '../kit/http'
import type { Tools } from '../kit/tools'
import { createAuth } from './auth'
import { subdomainOf, trimmed, type Config } from './config'
import { memoryOf, type Identity } from './memory'

export const PROVIDER = 'zendesk'

/** Zendesk's ids are numbers in answers, and sometimes strings in events. */
const idSchema = z.union([z.number(), z.string().min(1)]).transform(String)

export const userSchema = z.object({
  id: idSchema.nullish(),
  name: z.string().nullish(),
  /** What the customers see instead of the name, where the agent has set it. */
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
  /** Who the credentials belong to. Remembered, unless `fresh`. */
  me(fresh?: boolean): Promise<Identity>
  /** Whether only people who are signed in can open attachments. */
  attachmentsArePrivate(): Promise<boolean>
}

const SETTINGS_KEPT_MS = 10 * 60_000

/** Zendesk's REST API with this configuration's credentials. No I/O until something is asked. */
export const createApi = (entered: Config, tools: Tools): Api => {
  const config = trimmed(entered)
  const host = `${subdomainOf(config)}.zendesk.com`
  const origin = `https://${host}`
  const memory = memoryOf(config, tools)
  const http = createHttp(tools, {
    provider: PROVIDER,
    baseUrl: origin,
    isAllowedHost: (candidate) => candidate === host,
    // The credential is added per call below: fetching a token inside a retry would repeat the fetch, too.
    headers: () => ({}),
    errorCode: _errorCode,
  })
  const auth = createAuth(config, tools, http, memory)

  const send = async <Schema extends z.ZodTypeAny>(request: HttpRequest<Schema>, authorization: string) =>
    (await http.request({ ...request, headers: { ...request.headers, authorization } })).data

  const request: Api['request'] = async (wanted) => {
    const authorization = await auth.authorization()
    try {
      return await send(wanted, authorization)
    } catch (error) {
      if (!isProviderError(error) || error.status !== 401 || !auth.forget(authorization)) throw error
      return await send(wanted, await auth.authorization())
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
      // Zendesk answers 200 to somebody it does not know, with a user whose id is null.
      if (user.id == null) {
        throw new ProviderError(
          PROVIDER,
          'unauthorized',
          'Could not check the credentials: the desk does not know them'
        )
      }
      memory.me = { id: user.id, name: user.name ?? user.id, role: user.role ?? 'unknown' }
      return memory.me
    },
    attachmentsArePrivate: async () => {
      const known = memory.attachments
      if (known && tools.now() - known.at < SETTINGS_KEPT_MS) return known.private
      const { settings } = await request({
        method: 'GET',
        path: '/api/v2/account/settings',
        schema: settingsSchema,
        purpose: 'read how attachments are shared',
      })
      memory.attachments = { private: settings.tickets?.private_attachments ?? true, at: tools.now() }
      return memory.attachments.private
    },
  }
}

/** `RecordInvalid requester/group_id`: the code word and the names of the fields; never the descriptions, which quote what was sent. */
const _errorCode = (body: unknown): string | undefined => {
  const parsed = errorSchema.safeParse(body)
  if (!parsed.success) return undefined
  const { error, details } = parsed.data
  const word = typeof error === 'string' ? error : error?.title
  if (!word || !/^\w{1,40}$/.test(word)) return undefined
  const fields = Object.keys(details ?? {}).filter((name) => /^\w{1,30}$/.test(name))
  return fields.length > 0 && fields.length < 4 ? `${word} ${fields.join('/')}`.slice(0, 80) : word
}

/** Whether an error is the driver's own, with one of these codes. */
export const hasCode = (error: unknown, ...codes: ProviderErrorCode[]): error is ProviderError =>
  isProviderError(error) && codes.includes(error.code)
