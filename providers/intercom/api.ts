import { z } from '@botpress/sdk'
import type { Downloaded } from '../kit/download'
import { createHttp } from '../kit/http'
import { remembered, type Tools } from '../kit/tools'
import { contactCalls } from './api-contacts'
import { accessTokenOf, type Config } from './config'
import { classify, errorCode } from './failures'
import {
  adminSchema,
  attributeSchema,
  conversationSchema,
  idSchema,
  meSchema,
  partsIn,
  type Conversation,
} from './schemas'

/** https://developers.intercom.com/docs/build-an-integration/learn-more/rest-apis/making-a-request#regional-hosting */
const HOSTS = { us: 'api.intercom.io', eu: 'api.eu.intercom.io', au: 'api.au.intercom.io' } as const
/** Applies to API responses. Webhooks use the version set in the app. */
const API_VERSION = '2.14'
/** Larger files are of no use in a chat. */
const MAX_DOWNLOAD_BYTES = 100 * 1024 * 1024

const ATTRIBUTES_CACHED_MS = 10 * 60_000
const MOST_WORKSPACES = 200

interface KnownAttributes {
  list: z.infer<typeof attributeSchema>[]
  at: number
}

const anySchema = z.unknown()

/** A list that needs a permission of its own. */
export type Readable = 'contacts' | 'conversations' | 'tags' | 'teams'

export type IntercomApi = ReturnType<typeof createIntercomApi>

/** One function per API call, without logic. */
export const createIntercomApi = (config: Config, tools: Tools) => {
  const host = HOSTS[config.region]
  const token = accessTokenOf(config)
  const http = createHttp(tools, {
    provider: 'intercom',
    baseUrl: `https://${host}`,
    isAllowedHost: (candidate) => candidate === host,
    headers: () => ({ authorization: `Bearer ${token}`, 'intercom-version': API_VERSION }),
    errorCode,
    classify,
    // Seconds since the epoch. There is no Retry-After header.
    // https://developers.intercom.com/docs/references/rest-api/errors/rate-limiting
    retryAfterMs: (headers, now) => {
      const reset = Number(headers['x-ratelimit-reset'] ?? Number.NaN)
      return Number.isFinite(reset) && reset > 0 ? Math.max(0, reset * 1_000 - now) : undefined
    },
  })

  const attributes = remembered(tools, 'intercom/attributes', () => new Map<string, KnownAttributes>())

  const reply = async (conversationId: string, json: Record<string, unknown>, purpose: string) => {
    const answer = await http.request({
      method: 'POST',
      path: `/conversations/${encodeURIComponent(conversationId)}/reply`,
      json,
      schema: conversationSchema,
      purpose,
    })
    return partsIn(answer.data.conversation_parts?.conversation_parts)
  }
  /** The body is JSON, written as a stream. */
  const replyWithFiles = async (conversationId: string, body: AsyncIterable<Uint8Array>, purpose: string) => {
    const answer = await http.request({
      method: 'POST',
      path: `/conversations/${encodeURIComponent(conversationId)}/reply`,
      body,
      headers: { 'content-type': 'application/json' },
      schema: conversationSchema,
      purpose,
    })
    return partsIn(answer.data.conversation_parts?.conversation_parts)
  }
  const manage = (conversationId: string, json: Record<string, unknown>, purpose: string) =>
    http.request({
      method: 'POST',
      path: `/conversations/${encodeURIComponent(conversationId)}/parts`,
      json,
      schema: anySchema,
      purpose,
      // Closing and assigning are idempotent.
      repeatable: true,
    })

  return {
    /** Opens a file at a host that `isStore` allows. Its address is signed, so it gets no credentials. */
    download: (url: string, isStore: (host: string) => boolean): Promise<Downloaded> =>
      http.download({
        url,
        purpose: 'read the file',
        sendsCredentials: () => false,
        follows: isStore,
        maxBytes: MAX_DOWNLOAD_BYTES,
      }),

    me: async () => {
      const answer = await http.request({ method: 'GET', path: '/me', schema: meSchema, purpose: 'sign in' })
      return answer.data
    },

    admin: async (adminId: string) => {
      const answer = await http.request({
        method: 'GET',
        path: `/admins/${encodeURIComponent(adminId)}`,
        schema: adminSchema.nullable(),
        purpose: 'read the teammate',
        about: 'agent',
      })
      return answer.data
    },

    /** Everybody in the workspace. */
    admins: async () => {
      const answer = await http.request({
        method: 'GET',
        path: '/admins',
        schema: z.object({ admins: z.array(adminSchema.nullable().catch(null)) }),
        purpose: 'list the teammates',
      })
      return answer.data.admins.filter((admin) => admin !== null)
    },

    /** Reads one entry of a list, to see whether the app may. */
    mayRead: async (list: Readable): Promise<void> => {
      await http.request({
        method: 'GET',
        path: `/${list}`,
        query: { per_page: 1 },
        schema: anySchema,
        purpose: `list ${list}`,
      })
    },

    ...contactCalls(http),

    createConversation: async (contactId: string, body: string): Promise<string> => {
      const answer = await http.request({
        method: 'POST',
        path: '/conversations',
        json: { from: { type: 'user', id: contactId }, body },
        schema: z.object({ conversation_id: idSchema }),
        purpose: 'open the conversation',
        needsSettling: true,
      })
      return answer.data.conversation_id
    },

    /** A contact's conversations since `since` (seconds since the epoch), newest first. The search index lags. */
    searchConversations: async (contactId: string, since: number): Promise<Conversation[]> => {
      const answer = await http.request({
        method: 'POST',
        path: '/conversations/search',
        json: {
          query: {
            operator: 'AND',
            value: [
              { field: 'contact_ids', operator: '=', value: contactId },
              { field: 'created_at', operator: '>', value: since },
            ],
          },
          pagination: { per_page: 20 },
        },
        schema: z.object({ conversations: z.array(conversationSchema) }),
        purpose: 'find the conversation',
        about: 'contact',
        repeatable: true,
      })
      return answer.data.conversations.toSorted((a, b) => (b.created_at ?? 0) - (a.created_at ?? 0))
    },

    conversation: async (conversationId: string): Promise<Conversation> => {
      const answer = await http.request({
        method: 'GET',
        path: `/conversations/${encodeURIComponent(conversationId)}`,
        schema: conversationSchema,
        purpose: 'read the conversation',
        about: 'ticket',
      })
      return answer.data
    },

    setTitle: (conversationId: string, title: string, attributes: Record<string, unknown>) =>
      http.request({
        method: 'PUT',
        path: `/conversations/${encodeURIComponent(conversationId)}`,
        json: { title, ...(Object.keys(attributes).length > 0 ? { custom_attributes: attributes } : {}) },
        schema: anySchema,
        purpose: 'set the title',
        repeatable: true,
      }),

    /** Makes a contact a participant, which lets it reply. */
    attachContact: (conversationId: string, adminId: string, contactId: string) =>
      http.request({
        method: 'POST',
        path: `/conversations/${encodeURIComponent(conversationId)}/customers`,
        json: { admin_id: adminId, customer: { intercom_user_id: contactId } },
        schema: anySchema,
        purpose: 'add the contact to the conversation',
        repeatable: true,
      }),

    reply,

    replyWithFiles,

    /** Deletes what a part says. */
    redact: (conversationId: string, partId: string) =>
      http.request({
        method: 'POST',
        path: '/conversations/redact',
        json: { type: 'conversation_part', conversation_id: conversationId, conversation_part_id: partId },
        schema: anySchema,
        purpose: 'take the message back',
        repeatable: true,
      }),

    /**
     * Without a body: the customer would see it. Resolves to whether the conversation is linked to others, which it is
     * when it was merged.
     */
    close: async (conversationId: string, adminId: string): Promise<boolean> => {
      const json = { message_type: 'close', type: 'admin', admin_id: adminId }
      const answer = await manage(conversationId, json, 'close the conversation')
      const linked = z.object({ linked_objects: z.object({ data: z.array(z.unknown()).min(1) }) })
      return linked.safeParse(answer.data).success
    },

    assignAdmin: (conversationId: string, adminId: string, assigneeId: string) =>
      manage(
        conversationId,
        { message_type: 'assignment', type: 'admin', admin_id: adminId, assignee_id: assigneeId },
        'assign the teammate'
      ),

    /** The attributes that conversations of this workspace may have. Cached for ten minutes. */
    conversationAttributes: async () => {
      const known = attributes.get(token)
      if (known && tools.now() - known.at < ATTRIBUTES_CACHED_MS) return known.list
      const answer = await http.request({
        method: 'GET',
        path: '/data_attributes',
        query: { model: 'conversation' },
        schema: z.object({ data: z.array(attributeSchema.nullable().catch(null)) }),
        purpose: 'list the attributes of conversations',
      })
      const list = answer.data.data.filter((attribute) => attribute !== null)
      if (attributes.size >= MOST_WORKSPACES) attributes.clear()
      attributes.set(token, { list, at: tools.now() })
      return list
    },

    /** Makes the conversation a ticket, which has the conversation's id. */
    convert: (conversationId: string, ticketTypeId: string) =>
      http.request({
        method: 'POST',
        path: `/conversations/${encodeURIComponent(conversationId)}/convert`,
        json: { ticket_type_id: ticketTypeId },
        schema: anySchema,
        purpose: 'make the conversation a ticket',
      }),

    assignTeam: (conversationId: string, adminId: string, teamId: string) =>
      manage(
        conversationId,
        { message_type: 'assignment', type: 'team', admin_id: adminId, assignee_id: teamId },
        'assign the team'
      ),

    /** Finds or creates the tag with this name. */
    tagId: async (name: string): Promise<string> => {
      const answer = await http.request({
        method: 'POST',
        path: '/tags',
        json: { name },
        schema: z.object({ id: idSchema }),
        purpose: 'find or create the tag',
        repeatable: true,
      })
      return answer.data.id
    },

    tag: (conversationId: string, adminId: string, tagId: string) =>
      http.request({
        method: 'POST',
        path: `/conversations/${encodeURIComponent(conversationId)}/tags`,
        json: { id: tagId, admin_id: adminId },
        schema: anySchema,
        purpose: 'tag the conversation',
        repeatable: true,
      }),
  }
}
