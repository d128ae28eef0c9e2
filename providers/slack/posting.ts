/** Posting into Slack so that every text arrives once, although Slack has no key for that: each post carries who it is, and doubt is settled by reading. */
import { asUnknown, isProviderError, ProviderError } from '../errors'
import type { Tools } from '../kit/tools'
import type { Metadata, ReadMessage, SlackApi } from './api'
import type { MessageAddress } from './ids'

const PART_EVENT = 'hitl_router_message'
/** What went out a moment ago may not be readable at once. */
const SETTLING_MS = 300
/** Clocks differ: reading starts well before the post. */
const LOOK_BACK_MS = 10 * 60_000
/** Pages of a thread that are looked through for a message. What would be further on cannot be told to be there, nor to be not. */
const MOST_PAGES = 20

export interface Voice {
  username?: string
  iconUrl?: string
}

/** What is posted under one name. */
export interface Letter {
  /** Names the texts for good: those of them that are there already are not posted again. */
  key: string
  texts: string[]
  voice: Voice
  /** An earlier attempt may have got through. */
  mayExist: boolean
  /** No attempt is older (milliseconds since the epoch). Without it an earlier one is looked for from the thread's beginning. */
  since?: number
}

/**
 * Posts the texts into the thread, in order, and returns their ids. What fails after a part was posted is thrown with an unknown outcome, since a plain repetition would double
 * that part.
 */
export const postTexts = async (
  api: SlackApi,
  tools: Tools,
  root: MessageAddress,
  { key, texts, voice, mayExist, since }: Letter
): Promise<string[]> => {
  const oldest = since === undefined ? undefined : toSlackTime(since - LOOK_BACK_MS)
  const there = mayExist
    ? await _findParts(api, root, key, oldest, texts.length).catch(_throwUnknown)
    : new Map<number, string>()
  const ids: string[] = []
  for (const [part, text] of texts.entries()) {
    const known = there.get(part)
    if (known !== undefined) {
      ids.push(known)
      continue
    }
    try {
      ids.push(await _postPart(api, tools, root, text, key, part, voice))
    } catch (error) {
      throw part === 0 ? error : asUnknown(error)
    }
  }
  return ids
}

const _postPart = async (
  api: SlackApi,
  tools: Tools,
  root: MessageAddress,
  text: string,
  key: string,
  part: number,
  voice: Voice
): Promise<string> => {
  const metadata: Metadata = { event_type: PART_EVENT, event_payload: { message_id: key, part: String(part) } }
  const send = async () => {
    const posted = await api.postMessage({ channel: root.channel, threadTs: root.ts, text, metadata, ...voice })
    if (posted.threadTs === root.ts || posted.threadTs === undefined) return posted.ts
    await _takeBack(api, tools, { channel: root.channel, ts: posted.ts })
    throw new ProviderError('slack', 'ended', 'The thread was deleted')
  }
  // The parts before it are there by now.
  return once(tools, send, async (since) => (await _findParts(api, root, key, since, part + 1)).get(part))
}

/**
 * `send`, and where its outcome is unknown `find`, and only where that finds nothing `send` once more. Whatever becomes of that: the first may still be at work.
 */
export const once = async <T>(
  tools: Tools,
  send: () => Promise<T>,
  find: (since: string) => Promise<T | undefined>
): Promise<T> => {
  const since = toSlackTime(tools.now() - LOOK_BACK_MS)
  const isDoubtful = (error: unknown) => isProviderError(error) && error.outcome === 'unknown'
  try {
    return await send()
  } catch (error) {
    if (!isDoubtful(error)) throw error
    await tools.sleep(SETTLING_MS)
    const found = await find(since).catch((failure: unknown) => {
      // A thread that is gone has answered the question; any other failure leaves it open.
      throw isProviderError(failure) && (failure.code === 'ended' || failure.code === 'not-found') ? failure : error
    })
    return found ?? (await send().catch(_throwUnknown))
  }
}

/** Milliseconds as a Slack timestamp. */
export const toSlackTime = (ms: number): string => (Math.max(0, ms) / 1_000).toFixed(6)

/** The parts of a message that the thread holds since a time, all `count` of them or as many as there are: number and timestamp. */
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
    if (pages === MOST_PAGES) {
      throw new ProviderError('slack', 'unavailable', 'Could not look for the message: the thread is too long', {
        outcome: 'unknown',
      })
    }
  }
  return parts
}

const _partOf = ({ metadata }: ReadMessage, key: string): number | undefined => {
  if (metadata?.event_type !== PART_EVENT || metadata.event_payload['message_id'] !== key) return undefined
  const part = Number(metadata.event_payload['part'])
  return Number.isInteger(part) ? part : undefined
}

/** Into a thread whose root is gone Slack posts without an error, but in the channel, where the customer's words do not belong. */
const _takeBack = async (api: SlackApi, tools: Tools, stray: MessageAddress): Promise<void> => {
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
