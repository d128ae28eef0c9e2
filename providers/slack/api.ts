import { z } from '@botpress/sdk'
import { ProviderError, type ProviderErrorCode } from '../errors'
import { createHttp, type Failure, type HttpAnswer } from '../kit/http'
import type { Tools } from '../kit/tools'
import type { Agent } from '../provider'
import type { MessageAddress } from './ids'

/** What one of our messages carries for ourselves. The whole workspace can read it: ids only. */
export interface Metadata {
  event_type: string
  event_payload: Record<string, string>
}

export type Block = Record<string, unknown>

export interface NewMessage {
  channel: string
  /** Of the thread's root; absent: a message in the channel. */
  threadTs?: string
  text: string
  blocks?: Block[]
  metadata: Metadata
  /** Shown in place of the app's own name and picture. */
  username?: string
  iconUrl?: string
}

export type SlackApi = ReturnType<typeof createSlackApi>

const _metadata = z.object({
  event_type: z.string(),
  event_payload: z.record(z.unknown()),
})
const _message = z.object({
  ts: z.string(),
  text: z.string().nullish(),
  blocks: z.array(z.record(z.unknown())).nullish(),
  // Another app's metadata may be of any shape.
  metadata: _metadata.nullish().catch(undefined),
})
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
 * The calls that the driver makes. Reads are GETs: these methods take no JSON.
 * https://docs.slack.dev/apis/web-api/
 */
export const createSlackApi = (botToken: string, tools: Tools) => {
  const http = createHttp(tools, {
    provider: 'slack',
    baseUrl: 'https://slack.com/api',
    isAllowedHost: (host) => host === 'slack.com',
    headers: () => ({ authorization: `Bearer ${botToken}` }),
    errorCode: (body) => _wordIn(body),
    failureIn: (body) => {
      const word = _wordIn(body)
      return word === undefined ? undefined : { ...(FAILURES.get(word) ?? { code: 'rejected' }), word }
    },
  })

  const post = <Schema extends z.ZodTypeAny>(
    method: string,
    json: Record<string, unknown>,
    schema: Schema,
    purpose: string,
    repeatable = false
  ): Promise<HttpAnswer<z.infer<Schema>>> =>
    http.request({
      method: 'POST',
      path: `/${method}`,
      body: JSON.stringify(json),
      // Without a charset Slack answers with a warning.
      headers: { 'content-type': 'application/json; charset=utf-8' },
      schema,
      purpose,
      repeatable,
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
        'post the message'
      )
      return {
        channel: data.channel,
        ts: data.ts,
        /** Null: not in a thread. Undefined: Slack did not say. */
        threadTs: data.message ? (data.message.thread_ts ?? null) : undefined,
        team: data.message?.team ?? undefined,
      }
    },

    updateMessage: async (
      address: MessageAddress,
      content: { text: string; blocks: Block[]; metadata: Metadata }
    ): Promise<void> => {
      await post('chat.update', { ...address, ...content, link_names: false }, _done, 'update the header', true)
    },

    deleteMessage: async (address: MessageAddress): Promise<void> => {
      await post('chat.delete', { ...address }, _done, 'remove a stray message', true)
    },

    /** One message of a channel (not of a thread), or undefined when it is gone. */
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

    /** The channel's messages since `oldest`, newest first. */
    readChannel: (channel: string, oldest: string) =>
      pages('conversations.history', { channel, oldest }, 'look for the thread'),

    /** The thread's messages since `oldest`, oldest first, the root always among them. */
    readThread: ({ channel, ts }: MessageAddress, oldest: string | undefined) =>
      pages('conversations.replies', { channel, ts, ...(oldest ? { oldest } : {}) }, 'look for the message'),

    whoAmI: async () => {
      const { data, headers } = await post('auth.test', {}, _identity, 'check the bot token', true)
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
      await post('conversations.join', { channel }, _done, 'join the channel', true)
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

const _failed = z.object({ ok: z.literal(false), error: z.string().catch('unknown_error') })

const _wordIn = (body: unknown): string | undefined => {
  const parsed = _failed.safeParse(body)
  return parsed.success ? parsed.data.error : undefined
}

const _all = (words: string[], failure: Omit<Failure, 'word'>): [string, Omit<Failure, 'word'>][] =>
  words.map((word) => [word, failure])

const _advised = (code: ProviderErrorCode, advice: string): Omit<Failure, 'word'> => ({ code, advice })

/**
 * What Slack's error words mean; any other is a refusal of the input.
 * https://docs.slack.dev/reference/methods/chat.postMessage#errors
 */
const FAILURES = new Map<string, Omit<Failure, 'word'>>([
  ..._all(
    ['invalid_auth', 'not_authed', 'account_inactive', 'token_revoked', 'token_expired', 'no_permission'],
    _advised('unauthorized', 'Copy the Bot User OAuth Token of the installed Slack app again')
  ),
  ..._all(
    ['missing_scope', 'not_allowed_token_type'],
    _advised('unauthorized', 'Give the Slack app the scopes of the manifest and install it again')
  ),
  ..._all(
    ['channel_not_found'],
    _advised('misconfigured', 'Check the channel’s id; a private channel has to invite the app first')
  ),
  ..._all(['not_in_channel'], _advised('misconfigured', 'Invite the app to the channel')),
  ..._all(['is_archived'], _advised('misconfigured', 'The channel is archived: unarchive it or choose another')),
  ..._all(
    ['restricted_action', 'restricted_action_thread_only_channel', 'restricted_action_read_only_channel'],
    _advised('misconfigured', 'The channel’s posting permissions keep the app out')
  ),
  ..._all(['thread_not_found', 'cannot_reply_to_message', 'invalid_thread_ts'], { code: 'ended' }),
  ..._all(['message_not_found', 'user_not_found', 'user_not_visible'], { code: 'not-found' }),
  ..._all(['ratelimited', 'rate_limited', 'message_limit_exceeded'], { code: 'rate-limited' }),
  ..._all(['internal_error', 'fatal_error', 'service_unavailable', 'request_timeout', 'team_added_to_org'], {
    code: 'unavailable',
    outcome: 'unknown',
  }),
])

/** The same error, for a call after which the desk may have more than it said. */
export const asUnknown = (error: unknown): unknown =>
  error instanceof ProviderError && error.outcome !== 'unknown'
    ? new ProviderError('slack', error.code, error.message.replace(/^\[slack\] /, ''), {
        ...(error.status === undefined ? {} : { status: error.status }),
        ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
        outcome: 'unknown',
      })
    : error
