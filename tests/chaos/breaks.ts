/** Routers that are broken on purpose. The code under test stays unchanged; its HTTP calls are intercepted. */
import type { AxiosAdapter, InternalAxiosRequestConfig } from 'axios'
import { AxiosError, isAxiosError } from 'axios'
import { ERROR_PAGE, SLACK_ACCOUNT_WORDS } from './call-faults'
import type { Interceptor } from './instances'
import type { Break } from './kinds'

type Json = Record<string, unknown>

const _withBody = (config: InternalAxiosRequestConfig, change: (body: Json) => Json): InternalAxiosRequestConfig => {
  if (typeof config.data !== 'string' || config.data === '') return config
  return { ...config, data: JSON.stringify(change(JSON.parse(config.data) as Json)) }
}

/** Makes every desk message id unique, so the router recognises no duplicate. */
const _withoutDedupe = (): Interceptor => {
  let count = 0
  const unique = (tags: unknown): Json => {
    const { deskMessageId, ...others } = (tags ?? {}) as Json
    if (deskMessageId === undefined) return others
    count += 1
    return { ...others, deskMessageId: `${String(deskMessageId)}/${count}` }
  }
  return (side, inner) => (config) => {
    if (side === 'desk' || !/get-or-create|initialize-incoming-message/.test(config.url ?? '')) return inner(config)
    return inner(
      _withBody(config, (body) => ({
        ...body,
        ...(body['tags'] ? { tags: unique(body['tags']) } : {}),
        ...(body['message']
          ? { message: { ...(body['message'] as Json), tags: unique((body['message'] as Json)['tags']) } }
          : {}),
      }))
    )
  }
}

/** Retries every failed call blindly, as a plain HTTP client does, even if the call may have succeeded. */
const _withoutReading: Interceptor = (side, inner) => {
  if (side === 'api') return inner
  const retrying: AxiosAdapter = async (config) => {
    for (let tries = 1; ; tries += 1) {
      try {
        const answer = await inner(config)
        if (answer.status < 500 || tries === 3) return answer
      } catch (error) {
        if (!isAxiosError(error) || tries === 3) throw error
      }
    }
  }
  return retrying
}

/** Removes the schedule from events: they arrive at once, even before the plugin listens. */
const _withoutGuard: Interceptor = (side, inner) => {
  if (side === 'desk') return inner
  return (config) =>
    inner(
      _withBody(config, (body) => {
        const { schedule: _schedule, ...others } = body
        return others
      })
    )
}

/** Takes what the desk says of the account, or a proxy's page, for a refusal of this message. */
const _withoutAccount: Interceptor = (side, inner) => {
  if (side === 'api') return inner
  return async (config) => {
    const answer = await inner(config)
    const text = String(answer.data)
    const isAboutAccount = answer.status >= 300 && answer.status < 400 ? true : ACCOUNT_STATUSES.has(answer.status)
    if (!isAboutAccount && text !== ERROR_PAGE && !SLACK_ACCOUNT_WORDS.some((word) => text.includes(`"${word}"`)))
      return answer
    return { ...answer, status: 200, data: JSON.stringify({ ok: false, error: 'msg_too_long' }) }
  }
}

const ACCOUNT_STATUSES = new Set([402, 423, 451])

/** Changes what a desk answers to readings of this kind. */
const _withReadings =
  (path: RegExp, change: (key: string, value: unknown) => unknown): Interceptor =>
  (side, inner) => {
    if (side === 'api') return inner
    return async (config) => {
      const answer = await inner(config)
      if (config.method?.toLowerCase() !== 'get' || !path.test(config.url ?? '')) return answer
      try {
        return { ...answer, data: JSON.stringify(JSON.parse(String(answer.data)), change) }
      } catch {
        return answer
      }
    }
  }

/** Takes the refusal of a contact for the message's: every user of Zendesk seems to be in order. */
const _withoutContact = _withReadings(/\/api\/v2\/(?:tickets|users)\//, (key, value) =>
  key === 'active' ? true : value
)

/** Reads an assignment as nothing but that: Intercom's first reply has its words in it. */
const _withoutParts = _withReadings(/\/conversations\/\d+$/, (_key, value) => {
  const part = value as { part_type?: unknown; body?: unknown } | null
  return typeof part === 'object' && part?.part_type === 'assignment' ? { ...part, body: null } : value
})

/** Doesn't find out where a ticket was merged into. */
const _withoutMoves = _withReadings(/\/comments$/, (key, value) => {
  if (key === 'source') return undefined
  return typeof value === 'string' ? value.replaceAll(/merged into (?:this )?request(?: #\d+)?/g, 'closed') : value
})

/** Learns nothing of Botpress's time. */
const _withoutClocks: Interceptor = (side, inner) => {
  if (side === 'desk') return inner
  return async (config) => {
    const answer = await inner(config)
    const { date: _date, ...headers } = answer.headers as Record<string, string>
    const data = typeof answer.data === 'string' ? answer.data.replaceAll(/"updatedAt":"[^"]*",?/g, '') : answer.data
    return { ...answer, headers, data }
  }
}

/** Never tells an agent that nobody reads a ticket. */
const _withoutOrphans: Interceptor = (side, inner) => {
  if (side === 'api') return inner
  return async (config) => {
    if (!/Replies here are not delivered/.test(String(config.data).replaceAll(/\+|%20/g, ' '))) return inner(config)
    throw new AxiosError('No answer', 'ECONNRESET', config)
  }
}

/** Doesn't see a message that has waited for its desk. */
const _withoutOutbox: Interceptor = (side, inner) => {
  if (side === 'desk') return inner
  return async (config) => {
    const answer = await inner(config)
    if (config.method?.toLowerCase() !== 'get' || !/\/messages(\?|$)/.test(config.url ?? '')) return answer
    const isText = typeof answer.data === 'string'
    const page = (isText ? JSON.parse(answer.data as string) : answer.data) as Page
    if (!page.messages) return answer
    const messages = page.messages.filter(
      ({ direction, createdAt }) => direction === 'incoming' || Date.now() - Date.parse(createdAt) < OVERLOOKED_MS
    )
    return { ...answer, data: isText ? JSON.stringify({ ...page, messages }) : { ...page, messages } }
  }
}

interface Page {
  messages?: { direction: string; createdAt: string }[]
}

const OVERLOOKED_MS = 45_000

export const breakRouter = (what: Break): Interceptor => {
  switch (what) {
    case 'dedupe':
      return _withoutDedupe()
    case 'reading':
      return _withoutReading
    case 'guard':
      return _withoutGuard
    case 'account':
      return _withoutAccount
    case 'contact':
      return _withoutContact
    case 'parts':
      return _withoutParts
    case 'moves':
      return _withoutMoves
    case 'clocks':
      return _withoutClocks
    case 'orphans':
      return _withoutOrphans
    case 'outbox':
      return _withoutOutbox
  }
}
