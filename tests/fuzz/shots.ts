/** What an attack is, and what may be answered to one. */
import type fc from 'fast-check'
import type { InvokeReply } from '../../playground/botpress'
import type { Target } from './target'

export interface Attack {
  name: string
  /** One request, described so that it can be made again. */
  shot: fc.Arbitrary<unknown>
  /** Sends it. Returns what is wrong with the outcome, or nothing. */
  fire(target: Target, shot: unknown): Promise<string | undefined>
  /** Whether nothing at all may have changed afterwards. */
  isHarmless: boolean
}

export const attack = <Shot>(given: {
  name: string
  shot: fc.Arbitrary<Shot>
  fire(target: Target, shot: Shot): Promise<string | undefined>
  isHarmless?: boolean
}): Attack => ({ isHarmless: false, ...given }) as Attack

export const bad = (reply: InvokeReply, allowed: (status: number) => boolean): string | undefined =>
  allowed(reply.status) ? undefined : `answered ${reply.status}: ${(reply.body ?? '').slice(0, 300)}`

/** What a handler may answer: it worked, or a mistake that the caller made and can read about. */
export const isClear = (status: number): boolean => status >= 200 && status < 500

export const nth = <T>(items: T[], number: number): T => {
  const item = items[number % items.length]
  if (item === undefined) throw new Error('There is nothing to choose from')
  return item
}
