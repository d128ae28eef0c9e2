/**
 * Posts each text exactly once. Slack has no idempotency key, so each post carries the message's id in its metadata. An
 * unknown outcome is settled by reading the thread.
 */
import { asUnknown, isProviderError, isTransient, ProviderError } from '../errors'
import type { Tools } from '../kit/tools'
import type { Metadata, SlackApi } from './api'
import type { ReadMessage } from './answers'
import { hasMarks } from './escape'
import type { MessageAddress } from './ids'

const PART_EVENT = 'hitl_router_message'
/** A new post may not be readable at once. */
const SETTLING_MS = 300
/** Clocks differ, so searches start well before the post. */
const LOOK_BACK_MS = 10 * 60_000
/** A search stops after this many pages of a thread. The outcome then stays unknown. */
const MAX_PAGES = 20

/** Shown instead of the app's own name and picture. */
export interface Authorship {
  username?: string
  iconUrl?: string
}

export interface Post {
  /** The session's conversation. It identifies the thread even if its root was deleted. */
  conversationId: string
  /** Identifies the post across retries. Texts that already exist under this key are not posted again. */
  key: string
  texts: string[]
  /** The texts are plain: Slack must not read marks in them. */
  isPlain?: boolean
  authorship: Authorship
  /** An earlier attempt may have succeeded: search before posting. */
  mayExist: boolean
  /** No attempt is older (milliseconds since the epoch). Without it, searches start at the thread's beginning. */
  since?: number
}

/**
 * Posts the texts into the thread, in order, and returns their timestamps. Throws `ended` if the thread was deleted.
 * An error after the first text has an unknown outcome: only a retry with `mayExist` is safe.
 */
export const postTexts = async (api: SlackApi, tools: Tools, root: MessageAddress, post: Post): Promise<string[]> => {
  try {
    return await _postAll(api, tools, root, post)
  } catch (error) {
    if (!isProviderError(error) || error.code !== 'not-found' || error.about !== 'ticket') throw error
    throw await _refusalOf(api, root, error)
  }
}

/** Slack refuses a reply. The thread has ended only if its root is gone, and no stand-in for it is there either. */
const _refusalOf = async (api: SlackApi, root: MessageAddress, error: ProviderError): Promise<ProviderError> => {
  try {
    return (await api.readMessage(root)) ? error : new ProviderError('slack', 'ended', 'The thread was deleted')
  } catch (failure) {
    return isProviderError(failure) && (isTransient(failure) || failure.code === 'misconfigured') ? failure : error
  }
}

const _postAll = async (api: SlackApi, tools: Tools, root: MessageAddress, post: Post): Promise<string[]> => {
  const { key, texts, mayExist, since } = post
  const oldest = since === undefined ? undefined : toSlackTime(since - LOOK_BACK_MS)
  const existing = mayExist
    ? await _findParts(api, root, key, oldest, texts.length).catch(_throwUnknown)
    : new Map<number, string>()
  const timestamps: string[] = []
  for (const [part, text] of texts.entries()) {
    const known = existing.get(part)
    if (known !== undefined) {
      timestamps.push(known)
      continue
    }
    try {
      timestamps.push(await _postPart(api, tools, root, post, part, text))
    } catch (error) {
      throw part === 0 ? error : asUnknown(error)
    }
  }
  return timestamps
}

const _postPart = async (
  api: SlackApi,
  tools: Tools,
  root: MessageAddress,
  { key, authorship, conversationId, isPlain = false }: Post,
  part: number,
  text: string
): Promise<string> => {
  const metadata: Metadata = {
    event_type: PART_EVENT,
    event_payload: { message_id: key, part: String(part), conversation_id: conversationId },
  }
  const send = async () => {
    const posted = await api.postMessage({
      channel: root.channel,
      threadTs: root.ts,
      text,
      isUnmarked: isPlain && hasMarks(text),
      metadata,
      ...authorship,
    })
    if (posted.threadTs === root.ts || posted.threadTs === undefined) return posted.ts
    await _deleteStray(api, tools, { channel: posted.channel, ts: posted.ts })
    throw new ProviderError('slack', 'not-found', 'The thread takes no replies', { about: 'ticket' })
  }
  // All earlier parts exist by now, so the search can stop at this one.
  return sendOnce(tools, send, async (since) => (await _findParts(api, root, key, since, part + 1)).get(part))
}

/**
 * Calls `send`. If its outcome is unknown, calls `find`, and only if that finds nothing, `send` again. An error of the
 * second `send` has an unknown outcome, because the first one may still take effect.
 */
export const sendOnce = async <T>(
  tools: Tools,
  send: () => Promise<T>,
  find: (since: string) => Promise<T | undefined>
): Promise<T> => {
  const since = toSlackTime(tools.now() - LOOK_BACK_MS)
  const isUnknown = (error: unknown) => isProviderError(error) && error.outcome === 'unknown'
  try {
    return await send()
  } catch (error) {
    if (!isUnknown(error)) throw error
    await tools.sleep(SETTLING_MS)
    const found = await find(since).catch((failure: unknown) => {
      // A deleted thread settles the outcome. Any other failure leaves it unknown.
      throw isProviderError(failure) && (failure.code === 'ended' || failure.code === 'not-found') ? failure : error
    })
    return found ?? (await send().catch(_throwUnknown))
  }
}

/** Converts milliseconds since the epoch to a Slack timestamp. */
export const toSlackTime = (ms: number): string => (Math.max(0, ms) / 1_000).toFixed(6)

/** Finds up to `count` parts of a message in the thread after `since`. Maps each part's number to its timestamp. */
const _findParts = async (
  api: SlackApi,
  root: MessageAddress,
  key: string,
  since: string | undefined,
  count: number
): Promise<Map<number, string>> => {
  const parts = new Map<number, string>()
  let pages = 0
  for await (const messages of api.readThread(root, since, 'look for the message')) {
    for (const message of messages) {
      const part = _partOf(message, key)
      if (part !== undefined && !parts.has(part)) parts.set(part, message.ts)
    }
    if (parts.size >= count) return parts
    pages += 1
    if (pages === MAX_PAGES) {
      throw new ProviderError('slack', 'unavailable', 'Could not look for the message: the thread is too long', {
        outcome: 'unknown',
      })
    }
  }
  return parts
}

/** What earlier attempts have posted of a message: the number of each part, and its timestamp. */
export const findPosts = (
  api: SlackApi,
  root: MessageAddress,
  { key, since, count }: { key: string; since: number; count: number }
): Promise<Map<number, string>> => _findParts(api, root, key, toSlackTime(since - LOOK_BACK_MS), count)

/** The conversation into whose thread the router has posted this reply. */
export const conversationOfPart = ({ metadata }: ReadMessage): string | undefined => {
  const id = metadata?.event_type === PART_EVENT ? metadata.event_payload['conversation_id'] : undefined
  return typeof id === 'string' && id !== '' ? id : undefined
}

const _partOf = ({ metadata }: ReadMessage, key: string): number | undefined => {
  if (metadata?.event_type !== PART_EVENT || metadata.event_payload['message_id'] !== key) return undefined
  const part = Number(metadata.event_payload['part'])
  return Number.isInteger(part) ? part : undefined
}

/** Slack posts a reply to a deleted thread into the channel, without an error. The text must not stay there. */
const _deleteStray = async (api: SlackApi, tools: Tools, stray: MessageAddress): Promise<void> => {
  await api.deleteMessage(stray).catch((error: unknown) => {
    tools.log.warn('A message landed outside its deleted thread and could not be removed', {
      channel: stray.channel,
      ts: stray.ts,
      error: isProviderError(error) ? error.message : 'unknown',
    })
  })
}

const _throwUnknown = (error: unknown): never => {
  throw isProviderError(error) && error.code !== 'ended' && error.code !== 'not-found' ? asUnknown(error) : error
}
