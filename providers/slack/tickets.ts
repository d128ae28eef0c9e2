import { isProviderError, ProviderError } from '../errors'
import type { Tools } from '../kit/tools'
import type { OpenedTicket, SessionChange, Ticket, TicketOrigin, TicketRequest } from '../provider'
import type { SlackApi } from './api'
import type { App } from './app'
import { channelIdOf } from './config'
import { conversationOf, updatedHeader, headerFor, isClosed } from './header'
import { addressToId, idToAddress, type MessageAddress } from './ids'
import { keep, presentId } from './memory'
import { atThread, originAt, swapped } from './moves'
import { sendOnce, postTexts, toSlackTime } from './posting'
import { postTranscript } from './transcript'

/** How far back to search the channel for an earlier attempt to open the ticket. */
const EARLIER_ATTEMPT_MS = 3 * 24 * 60 * 60_000
/** The search stops after this many pages of the channel. */
const MAX_PAGES = 10
const CLOSING_KEY = 'closing'
const CLOSING_LINE = 'This conversation has ended. Replies here no longer reach the customer.'

/**
 * Posts the thread's root, then the transcript as its first replies. A transcript that can't be posted is only logged.
 * Throws `misconfigured` if the requested queue isn't a channel id.
 */
export const openTicket = async (app: App, request: TicketRequest): Promise<OpenedTicket> => {
  const header = headerFor(request)
  const { root, isEarlier } = await _inChannel(app, _channelFor(app, request), (channel, isAgain) =>
    _openRoot(app, channel, isAgain ? { ...request, mayExist: true } : request, header)
  )
  await postTranscript(app, root, request, { isEarlier, isShortened: header.isShortened })
  return {
    id: addressToId(root),
    ...(header.leftOut.length > 0 ? { leftOut: header.leftOut } : {}),
    ...(root.team
      ? { url: `https://app.slack.com/client/${root.team}/${root.channel}/thread/${root.channel}-${root.ts}` }
      : {}),
  }
}

const _openRoot = async (
  { api, tools }: App,
  channel: string,
  request: TicketRequest,
  header: ReturnType<typeof headerFor>
): Promise<{ root: Root; isEarlier: boolean }> => {
  const find = (since: string) => _findRoot(api, channel, request.conversationId, since)
  const earlier = request.mayExist ? await _findEarlierRoot(tools, find) : undefined
  if (earlier) return { root: earlier, isEarlier: true }
  const send = async (): Promise<Root> => {
    const { text, blocks, metadata } = header
    const posted = await api.postMessage({ channel, text, blocks, metadata })
    return { channel: posted.channel, ts: posted.ts, team: posted.team }
  }
  return { root: await sendOnce(tools, send, find), isEarlier: false }
}

/** Opens in the channel under its present id. */
const _inChannel = async <T>(
  app: App,
  channel: string,
  open: (channel: string, isAgain: boolean) => Promise<T>
): Promise<T> => {
  const { api, memory } = app
  try {
    return await open(presentId(memory, channel), false)
  } catch (error) {
    const other = swapped(channel)
    if (!isProviderError(error) || error.code !== 'misconfigured' || other === '') throw error
    const info = await api.readChannelInfo(other).catch(() => undefined)
    if (!info || info.is_member === false) throw error
    keep(memory.moved, channel, other)
    return open(other, error.outcome === 'unknown')
  }
}

type Root = MessageAddress & { team?: string | undefined }

const _channelFor = ({ settings }: App, request: TicketRequest): string => {
  if (!request.options.queue && settings.channel !== '') return settings.channel
  if (!request.options.queue) throw new ProviderError('slack', 'misconfigured', 'The channel is missing')
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

/** Reads the origin from the thread's metadata. */
export const findOrigin = ({ api }: App, ticketId: string): Promise<TicketOrigin | undefined> =>
  originAt(api, idToAddress(ticketId))

/**
 * Marks the header as closed, then posts a closing line. The closed header makes a second call a no-op.
 * If only the line fails, the failure is logged: a retry could post the line twice.
 */
export const closeTicket = async (app: App, ticket: Ticket): Promise<void> => {
  try {
    await atThread(app, ticket, (root) => _close(app, ticket, root))
  } catch (error) {
    if (isProviderError(error) && error.about === 'ticket' && ['not-found', 'ended'].includes(error.code)) return
    throw error
  }
}

const _close = async ({ api, tools }: App, { id, conversationId }: Ticket, root: MessageAddress): Promise<void> => {
  const header = await api.readMessage(root)
  if (!header) throw new ProviderError('slack', 'ended', 'The thread was deleted')
  if (isClosed(header)) return
  const update = updatedHeader(header, { type: 'closed', by: 'bot' })
  if (update) await api.updateMessage(root, update, true)
  // A deleted header stays as a tombstone without metadata: then only the thread shows whether the line was posted.
  const line = { conversationId, key: CLOSING_KEY, texts: [CLOSING_LINE], authorship: {}, mayExist: !update }
  await postTexts(api, tools, root, line).catch((error: unknown) => {
    if (!update) throw error
    tools.log.warn('A thread was closed, but its closing line could not be posted', {
      conversationId,
      ticketId: id,
      error: isProviderError(error) ? error.message : 'unknown',
    })
  })
}

/**
 * Shows in the header who claimed the thread or that it is closed: one read, one write. Never throws.
 *
 * Slack has no conditional update, so a claim can overwrite a close of the same moment. Calling this with `closed`
 * after `closeTicket` repairs the header.
 */
export const reflect = async (app: App, ticket: Ticket, change: SessionChange): Promise<void> => {
  const { api, tools } = app
  try {
    await atThread(app, ticket, async (root) => {
      const header = await api.readMessage(root)
      const update = header && updatedHeader(header, change)
      if (update) await api.updateMessage(root, update, change.type === 'closed')
    })
  } catch (error) {
    tools.log.warn('The header of a thread could not be updated', {
      conversationId: ticket.conversationId,
      ticketId: ticket.id,
      error: isProviderError(error) ? error.message : 'unknown',
    })
  }
}
