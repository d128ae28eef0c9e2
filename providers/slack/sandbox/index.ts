/** Slack's sandbox: its Web API on top of a workspace in memory, its signed events, and the actions of people. */
import {
  createDeliveryQueue,
  createSandboxServer,
  type Sandbox,
  type SandboxEntry,
  type SandboxFile,
  type SandboxOptions,
  type SandboxTicket,
} from '../../kit/sandbox'
import { sampleBytes } from '../../kit/sandbox/samples'
import { CLAIM_ACTION, RESOLVE_ACTION } from '../header'
import { addressToId, idToAddress, messageId } from '../ids'
import { manifestFor } from '../manifest'
import { handleApi, type ApiSwitches } from './api'
import { buttonsOf, textsOf } from './blocks'
import { addFile, createFileStore, type FileStore } from './files'
import { escapeTyped, richTextOf } from './typed'
import {
  AGENTS,
  APP,
  BOT_TOKEN,
  BOT_USER,
  CHANNEL,
  OTHER_APP,
  OTHER_BOT,
  PARTNER_TEAM,
  PEOPLE,
  SIGNING_SECRET,
  STRANGER,
  TEAM,
} from './people'
import { createWorkspace, type Channel, type StoredMessage } from './workspace'

export interface SlackSandbox extends Sandbox {
  readonly switches: ApiSwitches
  /** A person adds a reaction to a message. */
  addReaction(messageId: string, reaction: string, options?: { userId?: string }): void
  /** Sends any event, signed and in Slack's envelope. */
  emit(event: Record<string, unknown>): void
  /** A person replies in a thread. `overrides` replaces fields of the message. Returns its id. */
  postAsPerson(ticketId: string, text: string, overrides?: Partial<StoredMessage>): string
  /** A person edits a message. */
  agentEdits(messageId: string, text: string): void
  /** The channel of a ticket is shared with another company from now on. */
  share(ticketId: string): void
  /** A post of the app comes back without the marks of an app. Returns its id. */
  echoUnmarked(ticketId: string, text: string): string
  /** A person deletes one message. A thread outlives its root. */
  deleteMessage(messageId: string): void
}

const RETRIES = 3

export const createSandbox = (options: SandboxOptions): SlackSandbox => {
  const deliveries = createDeliveryQueue({
    // https://docs.slack.dev/apis/events-api/#retries – Slack never retries button presses.
    retries: (reply, attempt, request) =>
      !request.body.startsWith('payload=') &&
      attempt <= RETRIES &&
      !(reply && reply.status >= 200 && reply.status < 300) &&
      reply?.headers?.['x-slack-no-retry'] !== '1',
    resign: (request) => {
      const again = workspace.signed(request.body)
      const number = Number(request.headers['x-slack-retry-num'] ?? 0) + 1
      const retry = { 'x-slack-retry-num': String(number), 'x-slack-retry-reason': 'http_error' }
      return { ...again, headers: { ...again.headers, ...retry } }
    },
  })
  const workspace = createWorkspace(options.now, deliveries.push)
  const switches: ApiSwitches = {
    limits: false,
    deletedThreads: 'unthread',
    customisedEcho: 'bot_message',
    scopes: new Set(manifestFor({ url: '', installation: '', botId: '' }).oauth_config.scopes.bot),
    userGroups: new Map([['support', { id: 'S0SUPPORT01', users: AGENTS.slice(0, 1).map(({ id }) => id) }]]),
    away: new Set(),
    undisturbed: new Set(),
    notifications: [],
    files: createFileStore(),
    reactions: new Set(),
  }
  const server = createSandboxServer((request) => handleApi(request, workspace, switches, options.now()))

  /** By the id of a ticket, which is its root's, or of a message. Former ids of channels are known, too. */
  const findMessage = (id: string): { channel: Channel; message: StoredMessage } => {
    const [place = '', ts = ''] = id.split(':')
    const isTicket = !place.includes('.')
    const channels = isTicket ? [workspace.channelOf(idToAddress(id).channel)] : workspace.channels
    for (const channel of channels) {
      const found = channel?.messages.find((candidate) => candidate.ts === ts)
      const isHere = isTicket || found?.threadTs === place || ts === place
      if (channel && found && isHere) return { channel, message: found }
    }
    throw new Error(`The sandbox has no message ${id}`)
  }

  const remove = (id: string): void => {
    const { channel, message } = findMessage(id)
    workspace.remove(channel, message)
  }

  const postAsPerson = (ticketId: string, text: string, overrides: Partial<StoredMessage> = {}): string => {
    const { channel, message: root } = findMessage(ticketId)
    const stored = workspace.add(channel, {
      user: AGENTS[0]?.id ?? '',
      text: escapeTyped(text),
      ...(text === '' ? {} : { blocks: [richTextOf(text)] }),
      threadTs: root.ts,
      ...(overrides.user === STRANGER ? { userTeam: PARTNER_TEAM } : {}),
      ...overrides,
    })
    return messageId(root.ts, stored.ts)
  }

  /** Presses a button of the thread's root. A no-op if the button isn't shown. */
  const pressButton = (ticketId: string, action: string, userId: string): void => {
    const { channel, message } = findMessage(ticketId)
    const button = buttonsOf(message.blocks ?? []).find((candidate) => candidate.action === action)
    if (!button) return
    const payload = {
      type: 'block_actions',
      user: { id: userId, username: 'person', name: 'person', team_id: _teamOf(userId) },
      api_app_id: APP,
      token: 'XXYYZZ',
      container: { type: 'message', message_ts: message.ts, channel_id: channel.id, is_ephemeral: false },
      trigger_id: `${workspace.nextId('1')}.2.3`,
      team: { id: TEAM, domain: 'sandbox' },
      enterprise: null,
      is_enterprise_install: false,
      channel: { id: channel.id, name: channel.name },
      message: workspace.messagePayload(channel, message),
      state: { values: {} },
      response_url: `https://hooks.slack.com/actions/${TEAM}/1/x`,
      actions: [
        {
          type: 'button',
          action_id: action,
          block_id: button.block,
          text: { type: 'plain_text', text: action === CLAIM_ACTION ? 'Claim' : 'Resolve', emoji: false },
          value: button.value,
          action_ts: workspace.nextTs(),
        },
      ],
    }
    deliveries.push(workspace.signed(new URLSearchParams({ payload: JSON.stringify(payload) }).toString()))
  }

  const addReaction: SlackSandbox['addReaction'] = (id, reaction, { userId = AGENTS[0]?.id ?? '' } = {}) => {
    const { channel, message } = findMessage(id)
    workspace.emit({
      type: 'reaction_added',
      user: userId,
      reaction,
      item_user: message.user ?? BOT_USER,
      item: { type: 'message', channel: channel.id, ts: message.ts },
      event_ts: workspace.nextTs(),
    })
  }

  const agentReplies: Sandbox['agentReplies'] = (ticketId, text, { agentId, attachments = [] } = {}) =>
    postAsPerson(ticketId, text, {
      ...(agentId ? { user: agentId } : {}),
      ...(attachments.length > 0
        ? {
            subtype: 'file_share',
            files: attachments.map(({ name, contentType, bytes = sampleBytes({ name, contentType }) }) =>
              addFile(switches.files, workspace, { name, contentType, bytes: Buffer.from(bytes) })
            ),
          }
        : {}),
    })

  return {
    name: 'slack',
    refusal: { status: 200, body: { ok: false, error: 'invalid_blocks' } },
    config: { botToken: BOT_TOKEN, signingSecret: SIGNING_SECRET, channel: CHANNEL },
    origins: ['https://slack.com', 'https://files.slack.com'],
    agents: AGENTS,
    server,
    deliveries,
    switches,
    addReaction,
    postAsPerson,
    agentEdits: (id, text) => {
      const { channel, message } = findMessage(id)
      const edited = { user: message.user ?? '', ts: workspace.nextTs() }
      workspace.change(channel, message, { text: escapeTyped(text), blocks: [richTextOf(text)], edited })
    },
    deleteMessage: remove,
    deleteReply: remove,
    fateOf: (id) => {
      const ts = id.slice(id.indexOf(':') + 1)
      return [...switches.reactions].find((mark) => mark.startsWith(`${ts}:`))?.slice(ts.length + 1)
    },
    changeAddress: (ticketId) => {
      workspace.changeId(findMessage(ticketId).channel)
    },
    share: (ticketId) => {
      findMessage(ticketId).channel.isShared = true
    },
    echoUnmarked: (ticketId, text) =>
      postAsPerson(ticketId, text, { user: BOT_USER, isUnmarked: true, blocks: undefined }),
    emit: workspace.emit,
    signed: workspace.signed,
    tickets: () =>
      workspace.channels.flatMap((channel) =>
        channel.messages
          .filter(({ threadTs }) => threadTs === undefined)
          .map((root) => _toTicket(channel, root, switches.files))
      ),
    agentReplies,
    agentNotes: (ticketId, text, { agentId } = {}) => {
      agentReplies(ticketId, `// ${text}`, agentId ? { agentId } : {})
    },
    assign: (ticketId, agentId) => {
      // A thread in Slack can't be unassigned.
      if (agentId !== null) pressButton(ticketId, CLAIM_ACTION, agentId)
    },
    solve: (ticketId, { agentId = AGENTS[0]?.id ?? '', text } = {}) => {
      if (text !== undefined) agentReplies(ticketId, text, { agentId })
      pressButton(ticketId, RESOLVE_ACTION, agentId)
    },
    setAvailable: (agentId, isAvailable) => {
      if (isAvailable) switches.away.delete(agentId)
      else switches.away.add(agentId)
    },
    // A thread in Slack can't be reopened. People just reply in it.
    reopen: () => {},
    remove: (ticketId) => {
      const { channel, message: root } = findMessage(ticketId)
      for (const reply of channel.messages.filter(({ threadTs }) => threadTs === root.ts))
        workspace.remove(channel, reply)
      workspace.remove(channel, root)
    },
    botReplies: (ticketId, text) => {
      const { channel, message: root } = findMessage(ticketId)
      workspace.add(channel, {
        text,
        subtype: 'bot_message',
        botId: OTHER_BOT,
        appId: OTHER_APP,
        username: 'Reminder',
        threadTs: root.ts,
      })
    },
    foreignTicket: () => {
      const channel = workspace.channelOf(CHANNEL)
      if (!channel) throw new Error('The sandbox’s channel is missing')
      const root = workspace.add(channel, { user: AGENTS[1]?.id ?? '', text: 'Lunch?', blocks: [richTextOf('Lunch?')] })
      const id = addressToId({ channel: channel.id, ts: root.ts })
      agentReplies(id, 'At noon.')
      return id
    },
  }
}

const _teamOf = (userId: string): string => PEOPLE.find(({ id }) => id === userId)?.team ?? TEAM

const _toTicket = (channel: Channel, root: StoredMessage, store: FileStore): SandboxTicket => {
  const blocks = root.blocks ?? []
  const isOurs = root.appId === APP
  const texts = isOurs ? textsOf(blocks) : []
  const payload = root.metadata?.event_payload ?? {}
  const replies = channel.messages.filter(({ threadTs }) => threadTs === root.ts)
  const customer = /\*Customer:\* (.+)/.exec(texts.join('\n'))?.[1] ?? ''
  const tags = /\*Tags:\* (.+)/.exec(texts.join('\n'))?.[1]
  const fields = [...texts.join('\n').matchAll(/^\*(.+?):\* (.+)$/gm)].map(([, name = '', value = '']) => [
    _visibleText(name),
    _visibleText(value),
  ])
  const claimedBy = typeof payload['agent_id'] === 'string' ? payload['agent_id'] : undefined
  return {
    id: addressToId({ channel: channel.id, ts: root.ts }),
    title: _visibleText(texts[0] ?? root.text),
    // The header of a closed ticket has no Resolve button.
    status: isOurs && !buttonsOf(blocks).some(({ action }) => action === RESOLVE_ACTION) ? 'solved' : 'open',
    customer: _visibleText(customer),
    ...(claimedBy ? { assignee: claimedBy } : {}),
    ...(typeof payload['conversation_id'] === 'string' ? { conversationId: payload['conversation_id'] } : {}),
    tags: tags ? _visibleText(tags).split(', ') : [],
    fields: Object.fromEntries(fields) as Record<string, string>,
    entries: [root, ...replies].map((message) => _toEntry(message, store)),
  }
}

const _toEntry = (message: StoredMessage, store: FileStore): SandboxEntry => {
  const name = AGENTS.find(({ id }) => id === message.user)?.name
  const isOurs = message.appId === APP
  const text = isOurs && message.blocks ? textsOf(message.blocks).join('\n') : message.text
  // A title stands above the file's name.
  const files = (message.files ?? []).map(
    ({ name: fileName, title }) => `📎 ${title && title !== fileName ? `${title} · ` : ''}${fileName}`
  )
  // A post with files appears under the app's name, and begins with the customer's.
  const [, poster] = (isOurs && message.files && /^\*(.+?)\*(?:: )?/.exec(message.text)) || []
  return {
    id: messageId(message.threadTs ?? message.ts, message.ts),
    kind: isOurs
      ? (message.username ?? poster)
        ? 'customer'
        : 'note'
      : message.botId
        ? 'system'
        : message.text.startsWith('//')
          ? 'note'
          : 'agent',
    author: message.username ?? (poster && _visibleText(poster)) ?? name ?? 'HITL Router',
    text: [_visibleText(poster ? text.replace(/^\*.+?\*(?:: )?/, '') : text), ...files].filter(Boolean).join('\n'),
    at: Math.floor(Number(message.ts) * 1_000),
    ...(message.files ? { files: message.files.flatMap((file) => _bytesOf(file.id, store)) } : {}),
  }
}

const _bytesOf = (id: string, { files }: FileStore): SandboxFile[] => {
  const stored = files.get(id)
  return stored ? [{ name: stored.file.name, contentType: stored.file.mimetype, bytes: stored.bytes }] : []
}

/** mrkdwn as the client shows it, except marks: resolves control sequences and entities, shows nothing invisible. */
const _visibleText = (text: string): string =>
  text
    .replace(/[\u200b\u2060\ufeff]/g, '')
    .replace(/<(?![!@#])(?:[^<>|]+\|)?([^<>]+)>/g, '$1')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
