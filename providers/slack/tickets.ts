import { isProviderError, ProviderError } from '../errors'
import { shorten } from '../kit/message-text'
import type { Tools } from '../kit/tools'
import type {
  Customer,
  OpenedTicket,
  OutboundMessage,
  PostedMessage,
  SessionChange,
  Ticket,
  TicketOrigin,
  TicketRequest,
} from '../provider'
import type { SlackApi } from './api'
import { channelIdOf } from './config'
import { conversationOf, updatedHeader, headerFor, isClosed } from './header'
import { addressToId, idToAddress, type MessageAddress } from './ids'
import { isPlain, markdownToPieces, partsToPieces, transcriptToPieces } from './pieces'
import { sendOnce, postTexts, toSlackTime, type Authorship } from './posting'
import { plainName } from './to-mrkdwn'

/** How far back to search the channel for an earlier attempt to open the ticket. */
const EARLIER_ATTEMPT_MS = 3 * 24 * 60 * 60_000
/** The search stops after this many pages of the channel. */
const MAX_PAGES = 10
/** How far back to search the thread for an earlier attempt to post a message without `createdAt`. */
const EARLIER_POST_MS = 24 * 60 * 60_000
const MAX_NAME_LENGTH = 80
const OPENING_KEY = 'opening'
const CLOSING_KEY = 'closing'
const CLOSING_LINE = 'This conversation has ended. Replies here no longer reach the customer.'

/**
 * Posts the thread's root, then the transcript as its first replies. A transcript that can't be posted is only logged.
 * Throws `misconfigured` if the requested queue isn't a channel id.
 */
export const openTicket = async (
  api: SlackApi,
  tools: Tools,
  defaultChannel: string,
  request: TicketRequest
): Promise<OpenedTicket> => {
  const channel = _channelFor(request, defaultChannel)
  const header = headerFor(request)
  const find = (since: string) => _findRoot(api, channel, request.conversationId, since)
  const earlier = request.mayExist ? await _findEarlierRoot(tools, find) : undefined
  const root =
    earlier ??
    (await sendOnce(
      tools,
      async () => {
        const { ts, team } = await api.postMessage({ channel, ...header })
        return { channel, ts, team }
      },
      find
    ))
  const texts = [
    ...(header.isShortened ? markdownToPieces(request.description ?? '') : []),
    ...transcriptToPieces(request.transcript),
  ]
  try {
    if (texts.length > 0)
      await postTexts(api, tools, root, { key: OPENING_KEY, texts, authorship: {}, mayExist: earlier !== undefined })
  } catch (error) {
    // The thread works without it. Failing here would open a second ticket at another desk.
    tools.log.warn('The conversation before the handoff could not be posted', {
      conversationId: request.conversationId,
      ticketId: addressToId(root),
      error: isProviderError(error) ? error.message : 'unknown',
    })
  }
  return {
    id: addressToId(root),
    ...(root.team
      ? { url: `https://app.slack.com/client/${root.team}/${root.channel}/thread/${root.channel}-${root.ts}` }
      : {}),
  }
}

type Root = MessageAddress & { team?: string | undefined }

const _channelFor = (request: TicketRequest, defaultChannel: string): string => {
  if (!request.options.queue) return defaultChannel
  const channel = channelIdOf(request.options.queue)
  if (channel) return channel
  throw new ProviderError(
    'slack',
    'misconfigured',
    'The queue of a Slack desk must be the id of a channel, for example C0123456789'
  )
}

const _findEarlierRoot = async (
  tools: Tools,
  find: (since: string) => Promise<Root | undefined>
): Promise<Root | undefined> => {
  try {
    return await find(toSlackTime(tools.now() - EARLIER_ATTEMPT_MS))
  } catch (error) {
    if (!isProviderError(error) || error.outcome === 'unknown') throw error
    throw new ProviderError('slack', error.code, 'Could not find out whether the thread exists already', {
      ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
      outcome: 'unknown',
      cause: error,
    })
  }
}

const _findRoot = async (
  api: SlackApi,
  channel: string,
  conversationId: string,
  since: string
): Promise<Root | undefined> => {
  let pages = 0
  for await (const messages of api.readChannel(channel, since)) {
    const root = messages.find((message) => conversationOf(message) === conversationId)
    if (root) return { channel, ts: root.ts }
    pages += 1
    if (pages === MAX_PAGES) return undefined
  }
  return undefined
}

/** Reads the origin from the root's metadata. A thread whose root was deleted has none. */
export const findOrigin = async (api: SlackApi, ticketId: string): Promise<TicketOrigin | undefined> => {
  const root = await api.readMessage(idToAddress(ticketId))
  const conversationId = root && conversationOf(root)
  return conversationId ? { conversationId, isSolved: isClosed(root) } : undefined
}

/** Posts the customer's messages under the customer's name and picture, the bot's under the app's own. */
export const postMessage = async (
  api: SlackApi,
  tools: Tools,
  ticket: Ticket,
  message: OutboundMessage
): Promise<PostedMessage> => {
  const root = idToAddress(ticket.id)
  const authorship = message.author.type === 'customer' ? _authorshipOf(message.author.customer) : {}
  const timestamps = await postTexts(api, tools, root, {
    key: message.id,
    texts: partsToPieces(message.parts),
    isPlain: isPlain(message.parts),
    authorship,
    mayExist: message.mayExist,
    since: message.createdAt ?? tools.now() - EARLIER_POST_MS,
  })
  return { messageIds: timestamps.map((ts) => addressToId({ channel: root.channel, ts })) }
}

/** https://docs.slack.dev/reference/methods/chat.postMessage#authorship */
const _authorshipOf = (customer: Customer): Authorship => ({
  username: plainName(shorten(customer.name, MAX_NAME_LENGTH)) || 'Customer',
  ...(customer.pictureUrl && customer.pictureUrl.startsWith('https://') ? { iconUrl: customer.pictureUrl } : {}),
})

/**
 * Marks the header as closed, then posts a closing line. The closed header makes a second call a no-op.
 * If only the line fails, the failure is logged: a retry could post the line twice.
 */
export const closeTicket = async (api: SlackApi, tools: Tools, ticket: Ticket): Promise<void> => {
  try {
    const root = idToAddress(ticket.id)
    const header = await api.readMessage(root)
    if (!header || isClosed(header)) return
    const update = updatedHeader(header, { type: 'closed', by: 'bot' })
    if (update) await api.updateMessage(root, update, true)
    // A deleted header stays as a tombstone without metadata: then only the thread shows whether the line was posted.
    const line = { key: CLOSING_KEY, texts: [CLOSING_LINE], authorship: {}, mayExist: !update }
    await postTexts(api, tools, root, line).catch((error: unknown) => {
      if (!update) throw error
      tools.log.warn('A thread was closed, but its closing line could not be posted', {
        conversationId: ticket.conversationId,
        ticketId: ticket.id,
        error: isProviderError(error) ? error.message : 'unknown',
      })
    })
  } catch (error) {
    if (isProviderError(error) && (error.code === 'not-found' || error.code === 'ended')) return
    throw error
  }
}

/**
 * Shows in the header who claimed the thread or that it is closed: one read, one write. Never throws.
 *
 * Slack has no conditional update, so a claim can overwrite a close of the same moment. Calling this with `closed`
 * after `closeTicket` repairs the header.
 */
export const reflect = async (api: SlackApi, tools: Tools, ticket: Ticket, change: SessionChange): Promise<void> => {
  try {
    const root = idToAddress(ticket.id)
    const header = await api.readMessage(root)
    const update = header && updatedHeader(header, change)
    if (update) await api.updateMessage(root, update, change.type === 'closed')
  } catch (error) {
    tools.log.warn('The header of a thread could not be updated', {
      conversationId: ticket.conversationId,
      ticketId: ticket.id,
      error: isProviderError(error) ? error.message : 'unknown',
    })
  }
}
