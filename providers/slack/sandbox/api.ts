/** Slack's Web API on top of a workspace in memory. https://docs.slack.dev/reference/methods */
import { jsonBody, type SandboxRequest, type SandboxResponse } from '../../kit/sandbox'
import { contentOf, recordMentions, refuseContent } from './blocks'
import { askForUpload, completeUpload, fileInfo, handleFiles, type FileStore } from './files'
import { AGENTS, APP, BOT, BOT_NAME, BOT_TOKEN, BOT_USER, PEOPLE, TEAM } from './people'
import { type Channel, type StoredMessage, type Workspace } from './workspace'

export interface ApiSwitches {
  /** Enforces one post per second and channel. */
  limits: boolean
  /** What a reply to a deleted thread does. Slack usually posts it into the channel, without an error. */
  deletedThreads: 'unthread' | 'refuse'
  /** The form of the event for a post under a customer's name. */
  customisedEcho: 'bot_message' | 'plain'
  readonly scopes: Set<string>
  /** Members of user groups, by handle. */
  readonly userGroups: Map<string, { id: string; users: string[] }>
  /** People whom Slack shows as away, and people who don't want to be disturbed. */
  readonly away: Set<string>
  readonly undisturbed: Set<string>
  /** Mentions in the app's posts that notified somebody. */
  readonly notifications: string[]
  readonly files: FileStore
  /** Reactions of the app, as `ts:name`. */
  readonly reactions: Set<string>
}

type Args = Record<string, unknown>
type Answer = Record<string, unknown> & { ok: boolean }
interface Method {
  /** One of these is enough. */
  scopes: string[]
  takesJson: boolean
  answer(args: Args, workspace: Workspace, switches: ApiSwitches, now: number): Answer
}

const _refuse = (error: string, details: Args = {}): Answer => ({ ok: false, error, ...details })

export const handleApi = (
  request: SandboxRequest,
  workspace: Workspace,
  switches: ApiSwitches,
  now: number
): SandboxResponse => {
  const ofFiles = handleFiles(request, workspace, switches.files, switches.scopes)
  if (ofFiles) return ofFiles
  const name = /^\/api\/([\w.]+)$/.exec(request.path)?.[1]
  if (name === undefined) return { status: 404, headers: { 'content-type': 'text/html' }, body: '<html>404</html>' }
  const method = METHODS[name]
  if (!method) return { status: 200, body: _refuse('unknown_method', { req_method: name }) }
  const authorization = request.headers['authorization']
  if (!authorization) return { status: 200, body: _refuse('not_authed') }
  if (authorization !== `Bearer ${BOT_TOKEN}`) return { status: 200, body: _refuse('invalid_auth') }
  const headers = { 'x-oauth-scopes': [...switches.scopes].join(',') }
  const args = _args(request, method)
  if (typeof args === 'string') return { status: 200, headers, body: _refuse(args) }
  const scopesForAuthorship =
    args['username'] === undefined && args['icon_url'] === undefined ? [] : ['chat:write.customize']
  const missingScope =
    method.scopes.length > 0 && !method.scopes.some((scope) => switches.scopes.has(scope))
      ? method.scopes.join(',')
      : scopesForAuthorship.find((scope) => !switches.scopes.has(scope))
  if (missingScope !== undefined) {
    const provided = [...switches.scopes].join(',')
    return { status: 200, headers, body: _refuse('missing_scope', { needed: missingScope, provided }) }
  }
  const body = method.answer(args, workspace, switches, now)
  if (body['error'] === 'ratelimited') return { status: 429, headers: { ...headers, 'retry-after': '1' }, body }
  return { status: 200, headers, body }
}

const _args = (request: SandboxRequest, method: Method): Args | string => {
  const query = Object.fromEntries(request.query)
  if (request.method === 'GET') return query
  if (request.method !== 'POST') return 'invalid_arguments'
  const type = request.headers['content-type'] ?? ''
  if (type.startsWith('application/x-www-form-urlencoded')) {
    return { ...query, ...Object.fromEntries(new URLSearchParams(request.body.toString('utf8'))) }
  }
  if (!type.startsWith('application/json')) return 'invalid_post_type'
  const json = jsonBody(request)
  if (json === undefined) return 'invalid_json'
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return 'json_not_object'
  // Methods that don't accept JSON ignore the body.
  return method.takesJson ? (json as Args) : query
}

const _isTs = (value: unknown): value is string => typeof value === 'string' && /^\d+\.\d+$/.test(value)

const _channelForPosting = (args: Args, workspace: Workspace): Channel | Answer => {
  const channel = workspace.findChannel(args['channel'])
  if (!channel || (channel.isPrivate && !channel.isMember)) return _refuse('channel_not_found')
  if (channel.isArchived) return _refuse('is_archived')
  return channel.isMember ? channel : _refuse('not_in_channel')
}

const _postMessage: Method['answer'] = (args, workspace, switches, now) => {
  const channel = _channelForPosting(args, workspace)
  if ('ok' in channel) return channel
  if (args['as_user'] !== undefined) return _refuse('as_user_not_supported')
  const error = refuseContent(args)
  if (error) return _refuse(error)
  if (args['icon_url'] !== undefined && !/^https?:\/\//.test(String(args['icon_url'])))
    return _refuse('invalid_arguments')
  const threadTs = args['thread_ts']
  if (threadTs !== undefined && !_isTs(threadTs)) return _refuse('invalid_thread_ts')
  const root = channel.messages.find((message) => message.ts === threadTs)
  if (root?.threadTs !== undefined) return _refuse('cannot_reply_to_message')
  if (threadTs !== undefined && !root && switches.deletedThreads === 'refuse') return _refuse('thread_not_found')
  if (switches.limits && now - channel.lastPostAt < 1_000) return _refuse('ratelimited')
  channel.lastPostAt = now
  recordMentions(args, switches.notifications)
  const username = typeof args['username'] === 'string' ? args['username'] : undefined
  const asBotMessage = username !== undefined && switches.customisedEcho === 'bot_message'
  const stored = workspace.add(channel, {
    ...contentOf(args),
    text: typeof args['text'] === 'string' ? args['text'] : '',
    botId: BOT,
    appId: APP,
    ...(asBotMessage ? { subtype: 'bot_message' } : { user: BOT_USER }),
    ...(username === undefined ? {} : { username }),
    ...(root ? { threadTs: root.ts } : {}),
  })
  return { ok: true, channel: channel.id, ts: stored.ts, message: workspace.messagePayload(channel, stored) }
}

/** Finds the app's own message that `args` names, or the refusal. */
const _findOwnMessage = (
  args: Args,
  workspace: Workspace,
  refusal: string
): { channel: Channel; message: StoredMessage } | Answer => {
  const channel = _channelForPosting(args, workspace)
  if ('ok' in channel) return channel
  const message = channel.messages.find((candidate) => candidate.ts === args['ts'])
  if (!message) return _refuse('message_not_found')
  return message.appId === APP ? { channel, message } : _refuse(refusal)
}

const _update: Method['answer'] = (args, workspace) => {
  const found = _findOwnMessage(args, workspace, 'cant_update_message')
  if ('ok' in found) return found
  const error = refuseContent(args)
  if (error) return _refuse(error)
  const { channel, message } = found
  // An update without blocks removes them.
  if (args['blocks'] === undefined) delete message.blocks
  workspace.change(channel, message, contentOf(args))
  return {
    ok: true,
    channel: channel.id,
    ts: message.ts,
    text: message.text,
    message: workspace.messagePayload(channel, message),
  }
}

const _delete: Method['answer'] = (args, workspace) => {
  const found = _findOwnMessage(args, workspace, 'cant_delete_message')
  if ('ok' in found) return found
  workspace.remove(found.channel, found.message)
  return { ok: true, channel: found.channel.id, ts: found.message.ts }
}

/** One page of messages, which must be in order. */
const _page = (args: Args, workspace: Workspace, channel: Channel, messages: StoredMessage[]): Answer => {
  const limit = Math.min(Math.max(1, Number(args['limit'] ?? 100)), 999)
  const cursor = args['cursor'] === undefined || args['cursor'] === '' ? 0 : Number(args['cursor'])
  if (!Number.isInteger(cursor) || cursor < 0) return _refuse('invalid_cursor')
  const withMetadata = args['include_all_metadata'] === 'true'
  const hasMore = cursor + limit < messages.length
  return {
    ok: true,
    messages: messages.slice(cursor, cursor + limit).map((message) => ({
      ...workspace.messagePayload(channel, message),
      ...(withMetadata && message.metadata ? { metadata: message.metadata } : {}),
      ...(channel.messages.some((reply) => reply.threadTs === message.ts) ? { thread_ts: message.ts } : {}),
    })),
    has_more: hasMore,
    response_metadata: { next_cursor: hasMore ? String(cursor + limit) : '' },
  }
}

const _channelForReading = (args: Args, workspace: Workspace): Channel | Answer => {
  const channel = workspace.findChannel(args['channel'])
  if (!channel || (channel.isPrivate && !channel.isMember)) return _refuse('channel_not_found')
  return channel.isMember ? channel : _refuse('not_in_channel')
}

const _isInRange = (args: Args) => {
  const inclusive = args['inclusive'] === 'true'
  const oldest = args['oldest'] === undefined ? 0 : Number(args['oldest'])
  const latest = args['latest'] === undefined ? Number.POSITIVE_INFINITY : Number(args['latest'])
  return ({ ts }: StoredMessage): boolean => {
    const at = Number(ts)
    return inclusive ? at >= oldest && at <= latest : at > oldest && at < latest
  }
}

const _history: Method['answer'] = (args, workspace) => {
  const channel = _channelForReading(args, workspace)
  if ('ok' in channel) return channel
  const top = channel.messages.filter(
    ({ threadTs, subtype }) => threadTs === undefined || subtype === 'thread_broadcast'
  )
  return _page(args, workspace, channel, top.filter(_isInRange(args)).toReversed())
}

const _replies: Method['answer'] = (args, workspace) => {
  const channel = _channelForReading(args, workspace)
  if ('ok' in channel) return channel
  const root = channel.messages.find((message) => message.ts === args['ts'])
  if (!root) return _refuse('thread_not_found')
  const replies = channel.messages.filter((message) => message.threadTs === root.ts).filter(_isInRange(args))
  return _page(args, workspace, channel, [root, ...replies])
}

const _channelPayload = ({ id, name, isPrivate, isMember, isArchived, isShared }: Channel) => ({
  id,
  name,
  is_channel: !isPrivate,
  is_group: isPrivate,
  is_private: isPrivate,
  is_member: isMember,
  is_archived: isArchived,
  is_ext_shared: isShared,
})

const HISTORY = ['channels:history', 'groups:history']

const METHODS: Record<string, Method | undefined> = {
  'auth.test': {
    scopes: [],
    takesJson: true,
    answer: () => ({
      ok: true,
      url: 'https://sandbox.slack.com/',
      team: 'Sandbox',
      user: BOT_NAME,
      team_id: TEAM,
      user_id: BOT_USER,
      bot_id: BOT,
      is_enterprise_install: false,
    }),
  },
  'chat.postMessage': { scopes: ['chat:write'], takesJson: true, answer: _postMessage },
  'chat.update': { scopes: ['chat:write'], takesJson: true, answer: _update },
  'chat.delete': { scopes: ['chat:write'], takesJson: true, answer: _delete },
  'files.getUploadURLExternal': {
    scopes: ['files:write'],
    takesJson: false,
    answer: (args, workspace, { files }) => askForUpload(args, workspace, files),
  },
  'files.completeUploadExternal': {
    scopes: ['files:write'],
    takesJson: true,
    answer: (args, workspace, switches, now) => {
      const answer = completeUpload(args, workspace, switches.files, (given) => {
        const channel = _channelForPosting(given, workspace)
        if (!('ok' in channel)) channel.lastPostAt = now
        return channel
      })
      if (answer.ok) recordMentions({ text: args['initial_comment'] }, switches.notifications)
      return answer
    },
  },
  'files.info': {
    scopes: ['files:read'],
    takesJson: false,
    answer: (args, _workspace, { files }) => fileInfo(args, files),
  },
  'reactions.add': {
    scopes: ['reactions:write'],
    takesJson: true,
    answer: (args, workspace, { reactions }) => {
      const channel = _channelForPosting(args, workspace)
      if ('ok' in channel) return channel
      if (!channel.messages.some(({ ts }) => ts === args['timestamp'])) return _refuse('message_not_found')
      const mark = `${String(args['timestamp'])}:${String(args['name'])}`
      if (reactions.has(mark)) return _refuse('already_reacted')
      reactions.add(mark)
      return { ok: true }
    },
  },
  'conversations.history': { scopes: HISTORY, takesJson: false, answer: _history },
  'conversations.replies': { scopes: HISTORY, takesJson: false, answer: _replies },
  'conversations.info': {
    scopes: ['channels:read', 'groups:read'],
    takesJson: false,
    answer: (args, workspace) => {
      const channel = workspace.findChannel(args['channel'])
      return channel ? { ok: true, channel: _channelPayload(channel) } : _refuse('channel_not_found')
    },
  },
  'conversations.join': {
    scopes: ['channels:join'],
    takesJson: true,
    answer: (args, workspace) => {
      const channel = workspace.findChannel(args['channel'])
      if (!channel) return _refuse('channel_not_found')
      if (channel.isPrivate) return _refuse('method_not_supported_for_channel_type')
      if (channel.isArchived) return _refuse('is_archived')
      channel.isMember = true
      return { ok: true, channel: _channelPayload(channel) }
    },
  },
  'users.conversations': {
    scopes: ['channels:read', 'groups:read'],
    takesJson: false,
    answer: (_args, workspace) => ({
      ok: true,
      channels: workspace.channels.filter(({ isMember }) => isMember).map(_channelPayload),
      response_metadata: { next_cursor: '' },
    }),
  },
  'conversations.members': {
    scopes: ['channels:read', 'groups:read'],
    takesJson: false,
    answer: () => ({
      ok: true,
      members: [BOT_USER, ...AGENTS.map(({ id }) => id)],
      response_metadata: { next_cursor: '' },
    }),
  },
  'users.getPresence': {
    scopes: ['users:read'],
    takesJson: false,
    answer: (args, _workspace, { away }) => ({
      ok: true,
      presence: away.has(String(args['user'])) ? 'away' : 'active',
    }),
  },
  'dnd.teamInfo': {
    scopes: ['dnd:read'],
    takesJson: false,
    answer: (args, _workspace, { undisturbed }, now) => {
      const seconds = Math.floor(now / 1_000)
      const users = String(args['users'] ?? '').split(',')
      if (users.length > 50) return _refuse('too_many_users')
      return {
        ok: true,
        users: Object.fromEntries(
          users.map((user) => [
            user,
            undisturbed.has(user)
              ? { dnd_enabled: true, next_dnd_start_ts: seconds - 60, next_dnd_end_ts: seconds + 3_600 }
              : { dnd_enabled: false, next_dnd_start_ts: 1, next_dnd_end_ts: 1 },
          ])
        ),
      }
    },
  },
  'usergroups.list': {
    scopes: ['usergroups:read'],
    takesJson: false,
    answer: (args, _workspace, { userGroups }) => ({
      ok: true,
      usergroups: [...userGroups].map(([handle, { id, users }]) => ({
        id,
        handle,
        name: handle,
        team_id: TEAM,
        is_usergroup: true,
        ...(args['include_users'] === 'true' ? { users } : {}),
      })),
    }),
  },
  'users.info': {
    scopes: ['users:read'],
    takesJson: false,
    answer: (args) => {
      const person = PEOPLE.find(({ id }) => id === args['user'])
      if (!person) return _refuse('user_not_found')
      const { id, name, handle, pictureUrl, team, isBot } = person
      const profile = { display_name: name, real_name: name, image_192: pictureUrl }
      return { ok: true, user: { id, team_id: team, name: handle, real_name: name, is_bot: isBot, profile } }
    },
  },
}
