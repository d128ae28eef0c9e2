/** What goes between the customers, the bot, the router and the desks: the timeline, with requests and responses. */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { ConsoleLevel } from '../console'

/** `customer`, `bot`, `router`, or the name of a desk. */
export type Lane = string

export interface Payload {
  /** `POST /api/v2/tickets`, or the name of an operation. */
  line: string
  headers?: Record<string, string>
  /** As it was sent: JSON, a form or a text. */
  body?: string
}

export interface Exchange {
  id: number
  /**
   * `message`: words of a person or the bot. `operation`: Botpress calls the router. `api`: the router calls Botpress.
   * `call`: the router calls a desk. `webhook`: a desk calls the router. `log`: a warning of the router.
   */
  kind: 'message' | 'operation' | 'api' | 'call' | 'webhook' | 'log'
  from: Lane
  to: Lane
  title: string
  at: number
  durationMs?: number
  status?: number
  /** Why there is no status. */
  failure?: string
  /** Of a webhook, counted from 1. */
  attempt?: number
  /** What a person did with a webhook. */
  origin?: 'replayed' | 'duplicated' | 'forged'
  /** Position among the desk's webhooks. */
  webhook?: number
  /** The operation or webhook that caused it. */
  root?: number
  customer?: string
  /** Reads or keeps records: of little interest. */
  isMinor?: boolean
  request?: Payload
  response?: Payload
}

/** What the code that runs belongs to. */
export interface Cause {
  root?: Exchange
  customer?: string
  attempt?: number
  origin?: Exchange['origin']
  /** Nothing is recorded: the page itself asks. */
  isMuted?: boolean
  /** Receives the lines of the router's log. */
  lines?: string[]
}

export interface Exchanges {
  readonly list: readonly Exchange[]
  /** Begins an exchange. The returned function ends it. Undefined when nothing is to be recorded. */
  begin(exchange: Omit<Exchange, 'id' | 'at' | 'root'>): { exchange: Exchange; end(result: Partial<Exchange>): void }
  /** Runs `work` as an effect of this cause. */
  within<T>(cause: Cause, work: () => T): T
  cause(): Cause
  /** A line of the router's log. */
  log(text: string, level: ConsoleLevel): void
  /** The conversations that an operation and what it caused have named. */
  mentions(root: number): ReadonlySet<string>
  mention(text: string): void
}

const MAX_EXCHANGES = 1_500
const CONVERSATION = /conv_[0-9A-Z]{26}/g

export const createExchanges = (now: () => number, onChange: () => void): Exchanges => {
  const storage = new AsyncLocalStorage<Cause>()
  const list: Exchange[] = []
  const mentioned = new Map<number, Set<string>>()
  let count = 0

  const cause = (): Cause => storage.getStore() ?? {}
  const mention = (text: string): void => {
    const root = cause().root?.id
    if (root === undefined) return
    const known = mentioned.get(root) ?? new Set()
    for (const [id] of text.matchAll(CONVERSATION)) known.add(id)
    mentioned.set(root, known)
  }
  const add = (given: Omit<Exchange, 'id' | 'at' | 'root'>): Exchange => {
    const { root, customer, isMuted } = cause()
    count += 1
    const exchange: Exchange = {
      ...(customer ? { customer } : {}),
      ...given,
      id: count,
      at: now(),
      ...(root ? { root: root.id } : {}),
    }
    if (isMuted) return exchange
    list.push(exchange)
    if (list.length > MAX_EXCHANGES) mentioned.delete(list.shift()?.id ?? 0)
    onChange()
    return exchange
  }

  return {
    list,
    begin: (given) => {
      const exchange = add(given)
      const started = performance.now()
      if (exchange.request?.body) mention(exchange.request.body)
      return {
        exchange,
        end: (result) => {
          // Simulated time stands still while the machine works, and jumps while somebody waits.
          const durationMs = Math.round(Math.max(performance.now() - started, now() - exchange.at))
          Object.assign(exchange, { durationMs }, result)
          if (result.response?.body) mention(result.response.body)
          onChange()
        },
      }
    },
    within: (added, work) => storage.run({ ...cause(), ...added }, work),
    cause,
    log: (text, level) => {
      const line = _withoutIds(text)
      if (level !== 'debug') cause().lines?.push(line)
      if (level === 'warn' || level === 'error') add({ kind: 'log', from: 'router', to: 'router', title: line })
    },
    mentions: (root) => mentioned.get(root) ?? new Set(),
    mention,
  }
}

/** Without the session's id, which is the same in all lines: `Goes to … (conversationId=conv_1)`. */
const _withoutIds = (text: string): string => text.replace(/conversationId=[\w-]+ ?/, '').replace(/ \(\)$/, '')
