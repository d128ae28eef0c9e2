/** Small facts of a session that share one tag: Botpress has room for few tags. */
import { shorten } from '../../providers/kit/text'

/** Ends that nobody asked for, written down as an agent's. */
export const END_REASONS = ['idle', 'handed-back'] as const
export type EndReason = (typeof END_REASONS)[number]

export interface About {
  /** Of the customer, BCP 47. */
  language?: string | undefined
  /** It is idle after so many minutes without a message, whatever is asked of other sessions. */
  idleMinutes?: number | undefined
  /** When an agent's first message reached the bot, in milliseconds since the epoch. */
  answeredAt?: number | undefined
  /** Why it was ended in an agent's place. Absent: an agent or the bot ended it. */
  endReason?: EndReason | undefined
}

const LONGEST_LANGUAGE = 50

/** `language=fr idle=30 answered=mcd2kq3g end=idle` */
export const aboutTag = ({ language, idleMinutes, answeredAt, endReason }: About): string =>
  [
    ...(language ? [`language=${encodeURIComponent(shorten(language, LONGEST_LANGUAGE))}`] : []),
    ...(idleMinutes ? [`idle=${idleMinutes}`] : []),
    ...(answeredAt ? [`answered=${Math.round(answeredAt).toString(36)}`] : []),
    ...(endReason ? [`end=${endReason}`] : []),
  ].join(' ')

export const readAbout = (tag: string | undefined): About => {
  const facts = new Map((tag ?? '').split(' ').map((fact) => fact.split('=') as [string, string | undefined]))
  const minutes = Number(facts.get('idle'))
  const answeredAt = Number.parseInt(facts.get('answered') ?? '', 36)
  return {
    language: _decoded(facts.get('language')),
    idleMinutes: minutes > 0 ? minutes : undefined,
    answeredAt: answeredAt > 0 ? answeredAt : undefined,
    endReason: END_REASONS.find((reason) => reason === facts.get('end')),
  }
}

const _decoded = (text: string | undefined): string | undefined => {
  try {
    return text ? decodeURIComponent(text) : undefined
  } catch {
    return undefined
  }
}
