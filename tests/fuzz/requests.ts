/** The shape of an attack, and checks of the answers. */
import type fc from 'fast-check'
import type { InvokeReply } from '../../playground/botpress'
import type { Target } from './target'

export interface Attack {
  name: string
  /** Generates a request. fast-check shrinks it when it fails. */
  request: fc.Arbitrary<unknown>
  /** Sends the request. Returns what is wrong with the outcome, or undefined. */
  run(target: Target, request: unknown): Promise<string | undefined>
  /** Whether the request must leave the state unchanged. */
  isHarmless: boolean
}

export const defineAttack = <Request>(attack: {
  name: string
  request: fc.Arbitrary<Request>
  run(target: Target, request: Request): Promise<string | undefined>
  isHarmless?: boolean
}): Attack => ({ isHarmless: false, ...attack }) as Attack

/** Describes an answer whose status isn't allowed. */
export const unexpected = (reply: InvokeReply, allowed: (status: number) => boolean): string | undefined =>
  allowed(reply.status) ? undefined : `answered ${reply.status}: ${(reply.body ?? '').slice(0, 300)}`

/** Whether a handler succeeded or reported an error of the caller. */
export const isClear = (status: number): boolean => status >= 200 && status < 500

/** The item at this index, modulo the number of items. */
export const nth = <T>(items: T[], number: number): T => {
  const item = items[number % items.length]
  if (item === undefined) throw new Error('Cannot choose from an empty list')
  return item
}
