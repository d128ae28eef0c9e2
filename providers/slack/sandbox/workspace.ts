/** A Slack workspace in memory: channels, messages, people, and the events that every change sends. */
import { createHmac, randomBytes } from 'node:crypto'
import type { WebhookRequest } from '../../provider'
import { TEAM, APP, BOT, BOT_USER, BOT_NAME, SIGNING_SECRET, CHANNEL, OTHER_BOT_USER } from './people'

export interface StoredFile {
  id: string
  name: string
  mimetype: string
  size: number
  url_private: string
  url_private_download?: string
  is_external?: boolean
  mode?: string
  title?: string
}

export interface StoredMessage {
  ts: string
  threadTs?: string
  /** The author: a person, or the app's user. */
  user?: string
  botId?: string
  appId?: string
  username?: string
  text: string
  blocks?: Record<string, unknown>[]
  metadata?: { event_type: string; event_payload: Record<string, unknown> }
  files?: StoredFile[]
  attachments?: Record<string, unknown>[]
  /** The author's workspace, in a shared channel. */
  userTeam?: string
  /** Without the marks that Slack gives to the posts of apps. */
  isUnmarked?: boolean
  subtype?: string
  hidden?: boolean
  /** A person has changed it since. */
  edited?: { user: string; ts: string }
}

export interface Channel {
  id: string
  name: string
  isPrivate: boolean
  isMember: boolean
  isArchived: boolean
  /** Other companies are in it. */
  isShared: boolean
  messages: StoredMessage[]
  lastPostAt: number
}

export type Workspace = ReturnType<typeof createWorkspace>

export const createWorkspace = (now: () => number, push: (request: WebhookRequest) => void) => {
  const channel = (id: string, name: string, overrides: Partial<Channel> = {}): Channel => ({
    id,
    name,
    isPrivate: false,
    isMember: true,
    isArchived: false,
    isShared: false,
    messages: [],
    lastPostAt: Number.NEGATIVE_INFINITY,
    ...overrides,
  })
  const channels = [
    channel(CHANNEL, 'support'),
    channel('C0BILLING01', 'billing'),
    channel('C0PUBLIC001', 'not-joined', { isMember: false }),
    channel('G0PRIVATE01', 'not-invited', { isMember: false, isPrivate: true }),
    channel('C0ARCHIVED1', 'last-year', { isArchived: true }),
  ]
  /** Former ids of channels. */
  const formerIds = new Map<string, string>()
  let lastMicros = 0
  let count = 0

  const nextTs = (): string => {
    lastMicros = Math.max(now() * 1_000, lastMicros + 1)
    return `${Math.floor(lastMicros / 1e6)}.${String(lastMicros % 1e6).padStart(6, '0')}`
  }
  const nextId = (prefix: string): string => {
    count += 1
    return `${prefix}${String(count).padStart(9, '0')}`
  }

  const signed = (body: string, options: { secret?: string; at?: number } = {}): WebhookRequest => {
    const timestamp = String(Math.floor((options.at ?? now()) / 1_000))
    const signature = createHmac('sha256', options.secret ?? SIGNING_SECRET)
      .update(`v0:${timestamp}:${body}`)
      .digest('hex')
    return {
      method: 'POST',
      path: '/slack',
      query: '',
      headers: {
        'content-type': body.startsWith('payload=') ? 'application/x-www-form-urlencoded' : 'application/json',
        'user-agent': 'Slackbot 1.0 (+https://api.slack.com/robots)',
        'x-slack-request-timestamp': timestamp,
        'x-slack-signature': `v0=${signature}`,
      },
      body,
    }
  }

  const emit = (event: Record<string, unknown>, isUnmarked = false): void => {
    const inShared = channels.some(({ id, isShared }) => isShared && id === event['channel'])
    push(
      signed(
        JSON.stringify({
          token: 'XXYYZZ',
          team_id: TEAM,
          context_team_id: TEAM,
          context_enterprise_id: null,
          api_app_id: APP,
          event,
          type: 'event_callback',
          event_id: nextId('Ev'),
          event_time: Math.floor(now() / 1_000),
          authed_users: [BOT_USER],
          ...(isUnmarked
            ? {}
            : {
                authorizations: [
                  { enterprise_id: null, team_id: TEAM, user_id: BOT_USER, is_bot: true, is_enterprise_install: false },
                ],
              }),
          is_ext_shared_channel: inShared,
          event_context: `4-${randomBytes(12).toString('base64url')}`,
        })
      )
    )
  }

  const rootOf = (inChannel: Channel, message: StoredMessage): StoredMessage | undefined =>
    message.threadTs === undefined
      ? undefined
      : inChannel.messages.find((candidate) => candidate.ts === message.threadTs)

  /** A message in the format of events and of `conversations.*`. */
  const messagePayload = (inChannel: Channel, message: StoredMessage): Record<string, unknown> => {
    const { subtype, user, username, threadTs, blocks, files, attachments, isUnmarked } = message
    const { botId, appId } = isUnmarked ? {} : message
    const root = rootOf(inChannel, message)
    const isOwn = appId === APP
    const profile = {
      id: botId ?? BOT,
      app_id: appId ?? APP,
      user_id: isOwn ? BOT_USER : OTHER_BOT_USER,
      name: isOwn ? BOT_NAME : 'Polls',
      deleted: false,
      updated: 1_766_422_444,
      team_id: TEAM,
      icons: {},
    }
    return {
      type: 'message',
      ...(subtype ? { subtype } : {}),
      ...(message.hidden ? { hidden: true } : {}),
      ...(user ? { user } : {}),
      ...(botId ? { bot_id: botId } : {}),
      ...(appId && subtype !== 'bot_message' ? { app_id: appId } : {}),
      ...(appId && subtype !== 'bot_message' ? { bot_profile: profile } : {}),
      ...(username ? { username } : {}),
      text: message.text,
      ...(subtype === undefined ? { team: message.userTeam ?? TEAM } : {}),
      ...(inChannel.isShared && user && !botId
        ? { user_team: message.userTeam ?? TEAM, source_team: message.userTeam ?? TEAM }
        : {}),
      ts: message.ts,
      ...(blocks ? { blocks } : {}),
      ...(files ? { files, upload: false } : {}),
      ...(attachments ? { attachments } : {}),
      ...(threadTs ? { thread_ts: threadTs } : {}),
      ...(message.edited ? { edited: message.edited } : {}),
      ...(root?.user && (subtype === undefined || subtype === 'file_share') ? { parent_user_id: root.user } : {}),
      ...(root && subtype === 'thread_broadcast' ? { root: messagePayload(inChannel, root) } : {}),
    }
  }

  const eventFields = (inChannel: Channel, eventTs: string) => ({
    channel: inChannel.id,
    event_ts: eventTs,
    channel_type: inChannel.isPrivate ? 'group' : 'channel',
  })

  const add = (inChannel: Channel, message: Omit<StoredMessage, 'ts'>): StoredMessage => {
    const stored = { ts: nextTs(), ...message }
    inChannel.messages.push(stored)
    if (inChannel.isMember) {
      emit({ ...messagePayload(inChannel, stored), ...eventFields(inChannel, stored.ts) }, stored.isUnmarked)
      if (String(stored.text).includes(`<@${BOT_USER}>`) && stored.botId === undefined) {
        const {
          subtype: _subtype,
          parent_user_id: _parent,
          root: _root,
          files: _files,
          ...mention
        } = messagePayload(inChannel, stored)
        emit({ ...mention, type: 'app_mention', channel: inChannel.id, event_ts: stored.ts })
      }
    }
    return stored
  }

  const announceChange = (inChannel: Channel, message: StoredMessage, previous: Record<string, unknown>): void => {
    const ts = nextTs()
    emit({
      type: 'message',
      subtype: 'message_changed',
      hidden: true,
      message: messagePayload(inChannel, message),
      previous_message: previous,
      ts,
      ...eventFields(inChannel, ts),
    })
  }

  return {
    channels,
    nextTs,
    nextId,
    signed,
    emit,
    messagePayload,
    add,
    findChannel: (id: unknown) => channels.find((candidate) => candidate.id === id),
    /** The same under a former id: people don't notice that it has changed. */
    channelOf: (id: string): Channel | undefined => {
      let current = id
      while (formerIds.has(current)) current = formerIds.get(current) ?? current
      return channels.find((candidate) => candidate.id === current)
    },
    /**
     * Shares the channel with another company, or moves its workspace into an organization: it gets another id, which
     * Slack's calls demand from now on. https://docs.slack.dev/reference/events/channel_id_changed
     */
    changeId: (inChannel: Channel): void => {
      const from = inChannel.id
      const to = from.startsWith('G') ? `C${from.slice(1)}` : nextId('C0MOVED')
      formerIds.set(from, to)
      inChannel.id = to
      emit({ type: 'channel_id_changed', old_channel_id: from, new_channel_id: to, event_ts: nextTs() })
    },
    change: (inChannel: Channel, message: StoredMessage, change: Partial<StoredMessage>): void => {
      const previous = messagePayload(inChannel, message)
      Object.assign(message, change)
      announceChange(inChannel, message, previous)
    },
    remove: (inChannel: Channel, message: StoredMessage): void => {
      const index = inChannel.messages.indexOf(message)
      if (inChannel.messages.some(({ threadTs }) => threadTs === message.ts)) {
        // A thread outlives its root: Slack puts a stand-in there.
        const standIn = { ts: message.ts, ...TOMBSTONE }
        inChannel.messages[index] = standIn
        announceChange(inChannel, standIn, messagePayload(inChannel, message))
        return
      }
      inChannel.messages.splice(index, 1)
      const ts = nextTs()
      emit({
        type: 'message',
        subtype: 'message_deleted',
        hidden: true,
        deleted_ts: message.ts,
        previous_message: messagePayload(inChannel, message),
        ts,
        ...eventFields(inChannel, ts),
      })
    },
  }
}

/** The stand-in for a deleted root. */
const TOMBSTONE = { user: 'USLACKBOT', subtype: 'tombstone', hidden: true, text: 'This message was deleted.' }
