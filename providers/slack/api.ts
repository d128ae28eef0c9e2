import { z } from '@botpress/sdk'
import { createHttp, type HttpAnswer } from '../kit/http'
import type { Tools } from '../kit/tools'
import type { Agent } from '../provider'
import { failureIn, errorCodeIn } from './failures'
import type { MessageAddress } from './ids'

/** Marks a message of the router. The whole workspace can read metadata, so it contains ids only. */
export interface Metadata {
  event_type: string
  event_payload: Record<string, string>
}

export type Block = Record<string, unknown>

export interface NewMessage {
  channel: string
  /** Timestamp of the thread's root. Absent for a message in the channel itself. */
  threadTs?: string
  text: string
  /** Signs such as `*` in the text stand for themselves. */
  isUnmarked?: boolean
  blocks?: Block[]
  metadata: Metadata
  /** With `iconUrl`, shown instead of the app's own name and picture. */
  username?: string
  iconUrl?: string
}

export type SlackApi = ReturnType<typeof createSlackApi>

const _metadata = z.object({
  event_type: z.string(),
  event_payload: z.record(z.unknown()),
})
/** Named fields are those that every reader needs. The others pass through for `messageEvent`. */
const _message = z
  .object({
    ts: z.string(),
    user: z.string().nullish(),
    parent_user_id: z.string().nullish(),
    text: z.string().nullish(),
    blocks: z.array(z.record(z.unknown())).nullish(),
    // Other apps' metadata may have any shape.
    metadata: _metadata.nullish().catch(undefined),
  })
  .passthrough()
export type ReadMessage = z.infer<typeof _message>

const _posted = z.object({
  ok: z.literal(true),
  channel: z.string(),
  ts: z.string(),
  message: z.object({ thread_ts: z.string().nullish(), team: z.string().nullish() }).nullish(),
})
const _done = z.object({ ok: z.literal(true) })
const _page = z.object({
  ok: z.literal(true),
  messages: z.array(_message),
  has_more: z.boolean().nullish(),
  response_metadata: z.object({ next_cursor: z.string().nullish() }).nullish(),
})
const _identity = z.object({
  ok: z.literal(true),
  url: z.string().nullish(),
  team: z.string().nullish(),
  team_id: z.string().nullish(),
  user_id: z.string().nullish(),
  user: z.string().nullish(),
})
const _channel = z.object({
  ok: z.literal(true),
  channel: z.object({
    id: z.string(),
    name: z.string().nullish(),
    is_member: z.boolean().nullish(),
    is_private: z.boolean().nullish(),
    is_archived: z.boolean().nullish(),
  }),
})
const _user = z.object({
  ok: z.literal(true),
  user: z.object({
    id: z.string(),
    name: z.string().nullish(),
    real_name: z.string().nullish(),
    profile: z
      .object({
        display_name: z.string().nullish(),
        real_name: z.string().nullish(),
        image_192: z.string().nullish(),
      })
      .nullish(),
  }),
})

const PAGE_SIZE = 200

/**
 * The Web API methods that the driver uses. Reads are GETs because those methods don't accept JSON.
 * https://docs.slack.dev/apis/web-api/
 */
export const createSlackApi = (botToken: string, tools: Tools) => {
  const http = createHttp(tools, {
    provider: 'slack',
    baseUrl: 'https://slack.com/api',
    isAllowedHost: (host) => host === 'slack.com',
    headers: () => ({ authorization: `Bearer ${botToken}` }),
    errorCode: errorCodeIn,
    failureIn,
  })

  const post = <Schema extends z.ZodTypeAny>(
    method: string,
    json: Record<string, unknown>,
    schema: Schema,
    purpose: string,
    options: { repeatable?: boolean; needsSettling?: boolean } = {}
  ): Promise<HttpAnswer<z.infer<Schema>>> =>
    http.request({
      method: 'POST',
      path: `/${method}`,
      body: JSON.stringify(json),
      // Slack warns about a missing charset.
      headers: { 'content-type': 'application/json; charset=utf-8' },
      schema,
      purpose,
      ...options,
      repeatable: options.repeatable ?? false,
    })

  const pages = async function* (method: string, query: Record<string, string | number | boolean>, purpose: string) {
    let cursor: string | undefined
    do {
      const { data } = await http.request({
        method: 'GET',
        path: `/${method}`,
        query: { ...query, limit: PAGE_SIZE, include_all_metadata: true, ...(cursor ? { cursor } : {}) },
        schema: _page,
        purpose,
      })
      yield data.messages
      cursor = data.response_metadata?.next_cursor || undefined
    } while (cursor)
  }

  return {
    postMessage: async (message: NewMessage) => {
      const { data } = await post(
        'chat.postMessage',
        {
          channel: message.channel,
          text: message.text,
          ...(message.isUnmarked ? { mrkdwn: false } : {}),
          ...(message.blocks ? { blocks: message.blocks } : {}),
          ...(message.threadTs ? { thread_ts: message.threadTs } : {}),
          ...(message.username ? { username: message.username } : {}),
          ...(message.iconUrl ? { icon_url: message.iconUrl } : {}),
          metadata: message.metadata,
          parse: 'none',
          link_names: false,
          unfurl_links: false,
          unfurl_media: false,
        },
        _posted,
        'post the message',
        // A root whose outcome is unknown has to be searched for in the channel.
        { needsSettling: message.threadTs === undefined }
      )
      return {
        channel: data.channel,
        ts: data.ts,
        /** Null if the message isn't in a thread, undefined if Slack doesn't say. */
        threadTs: data.message ? (data.message.thread_ts ?? null) : undefined,
        team: data.message?.team ?? undefined,
      }
    },

    /** `isFinal`: no other update follows, so a failed call may be repeated. */
    updateMessage: async (
      address: MessageAddress,
      content: { text: string; blocks: Block[]; metadata: Metadata },
      isFinal = false
    ): Promise<void> => {
      await post('chat.update', { ...address, ...content, link_names: false }, _done, 'update the header', {
        repeatable: isFinal,
      })
    },

    deleteMessage: async (address: MessageAddress): Promise<void> => {
      await post('chat.delete', { ...address }, _done, 'remove a stray message', { repeatable: true })
    },

    /** A message of the channel (not a reply in a thread), or undefined if it doesn't exist any more. */
    readMessage: async ({ channel, ts }: MessageAddress): Promise<ReadMessage | undefined> => {
      const { data } = await http.request({
        method: 'GET',
        path: '/conversations.history',
        query: { channel, latest: ts, inclusive: true, limit: 1, include_all_metadata: true },
        schema: _page,
        purpose: 'read the header',
      })
      return data.messages.find((message) => message.ts === ts)
    },

    /** The channel's messages since `oldest`, page by page, newest first. */
    readChannel: (channel: string, oldest: string) =>
      pages('conversations.history', { channel, oldest }, 'look for the thread'),

    /**
     * The thread's messages after `oldest`, page by page, earliest first. Slack puts the root in front of them.
     * https://docs.slack.dev/reference/methods/conversations.replies (tier 3: 50+ calls a minute for internal apps)
     */
    readThread: ({ channel, ts }: MessageAddress, oldest: string | undefined, purpose: string) =>
      pages('conversations.replies', { channel, ts, ...(oldest ? { oldest } : {}) }, purpose),

    /** The app's identity and, if Slack sends them, its scopes. https://docs.slack.dev/reference/methods/auth.test */
    whoAmI: async () => {
      const { data, headers } = await post('auth.test', {}, _identity, 'check the bot token', { repeatable: true })
      const scopes = headers['x-oauth-scopes']
        ?.split(',')
        .map((scope) => scope.trim())
        .filter(Boolean)
      return { ...data, scopes }
    },

    readChannelInfo: async (channel: string) =>
      (
        await http.request({
          method: 'GET',
          path: '/conversations.info',
          query: { channel },
          schema: _channel,
          purpose: 'find the channel',
        })
      ).data.channel,

    joinChannel: async (channel: string): Promise<void> => {
      await post('conversations.join', { channel }, _done, 'join the channel', { repeatable: true })
    },

    /** https://docs.slack.dev/reference/methods/users.info */
    describeUser: async (id: string): Promise<Agent> => {
      const { data } = await http.request({
        method: 'GET',
        path: '/users.info',
        query: { user: id },
        schema: _user,
        purpose: 'read the agent’s profile',
      })
      const { profile, real_name: realName, name: handle } = data.user
      const name = profile?.display_name || realName || profile?.real_name || handle
      const pictureUrl = profile?.image_192
      return { id, ...(name ? { name } : {}), ...(pictureUrl ? { pictureUrl } : {}) }
    },
  }
}
