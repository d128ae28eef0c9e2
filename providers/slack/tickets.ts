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
import { conversationOf, headerAfter, headerFor, isClosed, isRootOf } from './header'
import { addressToId, idToAddress, type MessageAddress } from './ids'
import { markdownToPieces, partsToPieces, transcriptToPieces } from './pieces'
import { once, postTexts, toSlackTime, type Voice } from './posting'
import { plainName } from './to-mrkdwn'

/** How far back an earlier attempt at opening is looked for. */
const EARLIER_ATTEMPT_MS = 3 * 24 * 60 * 60_000
/** Pages of the channel that are looked through for it. */
const MOST_PAGES = 10
/** How far back an earlier attempt at posting is looked for, where nobody says when the message was made. */
const RETRIED_WITHIN_MS = 24 * 60 * 60_000
const LONGEST_NAME = 80
const OPENING = 'opening'
const CLOSING = 'closing'
const CLOSING_LINE = 'This conversation has ended. What is written here no longer reaches the customer.'

/** Posts the thread's root and, as its first replies, the conversation so far. */
export const openTicket = async (
  api: SlackApi,
  tools: Tools,
  defaultChannel: string,
  request: TicketRequest
): Promise<OpenedTicket> => {
  const channel = _channelFor(request, defaultChannel)
  const header = headerFor(request)
  const find = (since: string) => _findRoot(api, channel, request.conversationId, since)
  const earlier = request.mayExist ? await _findEarlier(tools, find) : undefined
  const root =
    earlier ??
    (await once(
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
      await postTexts(api, tools, root, { key: OPENING, texts, voice: {}, mayExist: earlier !== undefined })
  } catch (error) {
    // The thread is there and works. Another desk would get the same customer a second time.
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
    'The queue of a Slack desk is the id of a channel, for example C0123456789'
  )
}

const _findEarlier = async (
  tools: Tools,
  find: (since: string) => Promise<Root | undefined>
): Promise<Root | undefined> => {
  try {
    return await find(toSlackTime(tools.now() - EARLIER_ATTEMPT_MS))
  } catch (error) {
    if (!isProviderError(error) || error.outcome === 'unknown') throw error
    throw new ProviderError('slack', error.code, 'Could not tell whether the thread is open already', {
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
    const root = messages.find((message) => isRootOf(message, conversationId))
    if (root) return { channel, ts: root.ts }
    pages += 1
    if (pages === MOST_PAGES) return undefined
  }
  return undefined
}

/** The root says it. A thread whose root was deleted is nobody's any more. */
export const findOrigin = async (api: SlackApi, ticketId: string): Promise<TicketOrigin | undefined> => {
  const root = await api.readMessage(idToAddress(ticketId))
  const conversationId = root && conversationOf(root)
  return conversationId ? { conversationId, isSolved: isClosed(root) } : undefined
}

/** The customer speaks under the customer's name and picture, the bot under the app's own. */
export const postMessage = async (
  api: SlackApi,
  tools: Tools,
  ticket: Ticket,
  message: OutboundMessage
): Promise<PostedMessage> => {
  const root = idToAddress(ticket.id)
  const voice = message.author.type === 'customer' ? _voiceOf(message.author.customer) : {}
  const timestamps = await postTexts(api, tools, root, {
    key: message.id,
    texts: partsToPieces(message.parts),
    voice,
    mayExist: message.mayExist,
    since: message.createdAt ?? tools.now() - RETRIED_WITHIN_MS,
  })
  return { messageIds: timestamps.map((ts) => addressToId({ channel: root.channel, ts })) }
}

/** https://docs.slack.dev/reference/methods/chat.postMessage#authorship */
const _voiceOf = (customer: Customer): Voice => ({
  username: plainName(shorten(customer.name, LONGEST_NAME)) || 'Customer',
  ...(customer.pictureUrl && customer.pictureUrl.startsWith('https://') ? { iconUrl: customer.pictureUrl } : {}),
})

/**
 * Shows in the header that it is over, which is also how the second call knows, and then says so in the thread: a line that could not be said is no reason to say it twice.
 */
export const closeTicket = async (api: SlackApi, tools: Tools, ticket: Ticket): Promise<void> => {
  try {
    const root = idToAddress(ticket.id)
    const header = await api.readMessage(root)
    if (!header || isClosed(header)) return
    const after = headerAfter(header, { type: 'closed', by: 'bot' })
    if (after) await api.updateMessage(root, after, true)
    // Where the header was deleted, only the line itself tells that it was said.
    const line = { key: CLOSING, texts: [CLOSING_LINE], voice: {}, mayExist: after === undefined }
    await postTexts(api, tools, root, line).catch((error: unknown) => {
      if (!after) throw error
      tools.log.warn('A thread was closed, but the line that says so could not be posted', {
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
 * Shows in the header who claimed the thread and that it is over. One read and one write: the header itself is the only memory of what it says. A claim that was shown at the moment of the end may have covered the end:
 * after `closeTicket` this looks and mends it.
 */
export const reflect = async (api: SlackApi, tools: Tools, ticket: Ticket, change: SessionChange): Promise<void> => {
  try {
    const root = idToAddress(ticket.id)
    const header = await api.readMessage(root)
    const after = header && headerAfter(header, change)
    if (after) await api.updateMessage(root, after, change.type === 'closed')
  } catch (error) {
    tools.log.warn('The header of a thread could not be updated', {
      conversationId: ticket.conversationId,
      ticketId: ticket.id,
      error: isProviderError(error) ? error.message : 'unknown',
    })
  }
}
