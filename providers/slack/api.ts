import type { z } from '@botpress/sdk'
import { createHttp, type HttpAnswer } from '../kit/http'
import type { Tools } from '../kit/tools'
import { ProviderError } from '../errors'
import type { Agent } from '../provider'
import * as answers from './answers'
import type { ReadMessage } from './answers'
import { failureIn, errorCodeIn } from './failures'
import { createFileApi } from './file-api'
import type { MessageAddress } from './ids'
import { createPeopleApi } from './people-api'
import { keep, learn, type Memory, type Person } from './memory'

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

const PAGE_SIZE = 200
const PEOPLE_FOR_MS = 60 * 60_000

/**
 * The Web API methods that the driver uses. Reads are GETs because those methods don't accept JSON.
 * https://docs.slack.dev/apis/web-api/
 */
export const createSlackApi = (botToken: string, tools: Tools, memory: Memory) => {
  const http = createHttp(tools, {
    provider: 'slack',
    baseUrl: 'https://slack.com/api',
    isAllowedHost: (host) => host === 'slack.com',
    headers: () => {
      if (botToken !== '') return { authorization: `Bearer ${botToken}` }
      throw new ProviderError('slack', 'misconfigured', 'The bot token is missing')
    },
    errorCode: errorCodeIn,
    failureIn,
  })

  const post = <Schema extends z.ZodTypeAny>(
    method: string,
    json: Record<string, unknown>,
    schema: Schema,
    purpose: string,
    options: { repeatable?: boolean; needsSettling?: boolean; about?: 'ticket' } = {}
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
        schema: answers.page,
        purpose,
        about: 'ticket',
      })
      yield data.messages
      cursor = data.response_metadata?.next_cursor || undefined
    } while (cursor)
  }

  const readPerson = async (id: string, isFresh = false): Promise<Person> => {
    const known = memory.people.get(id)
    if (known && !isFresh && tools.now() < known.at + PEOPLE_FOR_MS) return known.value
    const { data } = await http.request({
      method: 'GET',
      path: '/users.info',
      query: { user: id },
      schema: answers.user,
      purpose: 'read the agent’s profile',
      about: 'agent',
    })
    const { profile, real_name: realName, name: handle, is_bot: isBot, team_id: teamId } = data.user
    const name = profile?.display_name || realName || profile?.real_name || handle
    const pictureUrl = profile?.image_192
    const enterpriseId = data.user.enterprise_user?.enterprise_id
    const person: Person = {
      id,
      isBot: isBot ?? false,
      ...(name ? { name } : {}),
      ...(pictureUrl ? { pictureUrl } : {}),
      ...(teamId ? { teamId } : {}),
      ...(enterpriseId ? { enterpriseId } : {}),
    }
    keep(memory.people, id, { value: person, at: tools.now() })
    return person
  }

  return {
    ...createFileApi(http, tools),
    ...createPeopleApi(http),

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
        answers.posted,
        'post the message',
        // A root whose outcome is unknown has to be searched for in the channel.
        message.threadTs === undefined ? { needsSettling: true } : { about: 'ticket' }
      )
      learn(memory, {
        userId: data.message?.user ?? undefined,
        botId: data.message?.bot_id ?? undefined,
        teamId: data.message?.team ?? undefined,
      })
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
      await post('chat.update', { ...address, ...content, link_names: false }, answers.done, 'update the header', {
        repeatable: isFinal,
        about: 'ticket',
      })
    },

    deleteMessage: async (address: MessageAddress): Promise<void> => {
      await post('chat.delete', { ...address }, answers.done, 'remove a stray message', { repeatable: true })
    },

    /** A message of the channel (not a reply in a thread), or undefined if it doesn't exist any more. */
    readMessage: async ({ channel, ts }: MessageAddress): Promise<ReadMessage | undefined> => {
      const { data } = await http.request({
        method: 'GET',
        path: '/conversations.history',
        query: { channel, latest: ts, inclusive: true, limit: 1, include_all_metadata: true },
        schema: answers.page,
        purpose: 'read the header',
        about: 'ticket',
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
      const { data, headers } = await post('auth.test', {}, answers.identity, 'check the bot token', {
        repeatable: true,
      })
      const scopes = headers['x-oauth-scopes']
        ?.split(',')
        .map((scope) => scope.trim())
        .filter(Boolean)
      learn(memory, {
        userId: data.user_id ?? undefined,
        botId: data.bot_id ?? undefined,
        teamId: data.team_id ?? undefined,
        enterpriseId: data.enterprise_id ?? undefined,
      })
      return { ...data, scopes }
    },

    /** Up to 200 channels of which the app is a member. https://docs.slack.dev/reference/methods/users.conversations */
    listOwnChannels: async (): Promise<string[]> => {
      const { data } = await http.request({
        method: 'GET',
        path: '/users.conversations',
        query: { types: 'public_channel,private_channel', exclude_archived: true, limit: PAGE_SIZE },
        schema: answers.channels,
        purpose: 'list the app’s channels',
      })
      return data.channels.map(({ id }) => id)
    },

    readChannelInfo: async (channel: string) =>
      (
        await http.request({
          method: 'GET',
          path: '/conversations.info',
          query: { channel },
          schema: answers.channel,
          purpose: 'find the channel',
        })
      ).data.channel,

    joinChannel: async (channel: string): Promise<void> => {
      await post('conversations.join', { channel }, answers.done, 'join the channel', { repeatable: true })
    },

    /** A person as this instance last saw them. https://docs.slack.dev/reference/methods/users.info */
    readPerson,

    describeUser: async (userId: string): Promise<Agent> => {
      const { id, name, pictureUrl } = await readPerson(userId, true)
      return { id, ...(name ? { name } : {}), ...(pictureUrl ? { pictureUrl } : {}) }
    },
  }
}
