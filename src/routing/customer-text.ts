/** What the customer can be told about a handoff, in their language. The router doesn't send it: the bot says it. */
import { CUSTOMER_TEXTS, type CustomerTexts } from './customer-texts'
import { isSameLanguage, primaryLanguage, serves, type ChosenLanguage } from './language'
import type { Handoff } from './ranking'
import type { Routing, Text, TextKind } from './routing'
import { wallTime } from './time-zone'

export type Told = 'available' | 'busy' | TextKind

/** The next opening, in the desk's time zone. */
export interface ToldOpening {
  at: number
  timeZone: string
}

export interface Telling {
  routing: Routing
  handoff: Pick<Handoff, 'spoken'>
  language: ChosenLanguage
  /** Milliseconds since the epoch. */
  instant: number
}

/**
 * The configured text in the customer's language, else the one for every language, else the router's own. A language
 * that only the default language tells comes after a detected one.
 */
export const textForCustomer = (what: Told, telling: Telling, opening?: ToldOpening): string => {
  const { routing, language, handoff } = telling
  const isKnown = language.source === 'session' || language.source === 'detected'
  const spoken = isKnown ? language.language : (handoff.spoken?.language ?? routing.defaultLanguage)
  const configured = what === 'available' || what === 'busy' ? [] : (routing.texts?.[what] ?? [])
  const chosen =
    _chosen(configured, spoken) ?? (_ownTag(spoken) ? undefined : _chosen(configured, routing.defaultLanguage))
  if (chosen) {
    const { language: written } = chosen
    const isSpoken = spoken !== undefined && (written === undefined || isSameLanguage(written, spoken))
    const filled = _filled(chosen.text, (isSpoken ? spoken : written) ?? 'en', opening, telling.instant)
    if (filled !== '') return filled
  }
  const tag = _ownTag(spoken) ?? _ownTag(routing.defaultLanguage) ?? 'en'
  const texts = CUSTOMER_TEXTS[tag] as CustomerTexts
  // A region of the language writes times its own way.
  const locale = spoken !== undefined && isSameLanguage(tag, spoken) ? spoken : tag
  return _filled(texts[_keyOf(what, opening)], locale, opening, telling.instant)
}

const _keyOf = (what: Told, opening: ToldOpening | undefined): keyof CustomerTexts => {
  if (what === 'refusal') return opening ? 'closed' : 'later'
  if (what === 'received') return opening ? 'receivedUntil' : 'received'
  return what
}

const _chosen = (texts: readonly Text[], language: string | undefined): Text | undefined => {
  const of = (fits: (tag: string) => boolean) =>
    texts.find((text) => text.language !== undefined && fits(text.language))
  const own =
    language === undefined
      ? undefined
      : (of((tag) => tag === language) ??
        of((tag) => serves(tag, language)) ??
        of((tag) => isSameLanguage(tag, language)))
  return own ?? texts.find((text) => text.language === undefined)
}

/** The key of the router's own texts. */
const _ownTag = (language: string | undefined): string | undefined => {
  if (language === undefined) return undefined
  const tags = Object.keys(CUSTOMER_TEXTS)
  const primary = primaryLanguage(language)
  return (
    tags.find((tag) => tag.includes('-') && serves(tag, language) && (primary === 'zh' || tag === language)) ??
    tags.find((tag) => tag === primary) ??
    tags.find((tag) => primaryLanguage(tag) === primary)
  )
}

/** The languages that texts exist in, for detecting which one to use. */
export const textLanguages = ({ texts = {}, defaultLanguage }: Routing): string[] => {
  const configured = Object.values(texts).flatMap((some) => some.flatMap(({ language }) => language ?? []))
  return [...new Set([...Object.keys(CUSTOMER_TEXTS), ...configured, ...(defaultLanguage ? [defaultLanguage] : [])])]
}

/** Puts the opening in. Without one, the sentence around it is left out. */
const _filled = (text: string, language: string, opening: ToldOpening | undefined, now: number): string => {
  if (!text.includes('{opening}')) return text
  if (opening) return text.replaceAll('{opening}', () => formatOpening(opening, language, now))
  return text
    .split(/(?<=[.!?。！？])\s*/u)
    .filter((sentence) => !sentence.includes('{opening}'))
    .join(' ')
    .trim()
}

const DAY_MS = 86_400_000

/** A time as people of a language write it: `Monday 09:00 (CET)`, `Montag, 09:00 Uhr (MEZ)`. */
export const formatOpening = ({ at, timeZone }: ToldOpening, language: string, now: number): string => {
  const locale = _locale(language, timeZone)
  const day = (instant: number): number => Math.floor(wallTime(timeZone, instant) / DAY_MS)
  const isNear = day(at) - day(now) < 7
  const date = isNear ? {} : { day: 'numeric' as const, month: 'long' as const }
  const moment = new Intl.DateTimeFormat(locale, {
    timeZone,
    weekday: 'long',
    ...date,
    hour: 'numeric',
    minute: '2-digit',
  })
  const zone = new Intl.DateTimeFormat(locale, { timeZone, hour: 'numeric', timeZoneName: 'short' })
  const name = zone.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value ?? timeZone
  const clock = primaryLanguage(language) === 'de' ? ' Uhr' : ''
  return `${moment.format(at)}${clock} (${name})`
}

/** English without a region is written as in the zone of the desk. */
const _locale = (language: string, timeZone: string): string => {
  if (language !== 'en') return language === 'no' ? 'nb' : language
  return /^(?:America|US)\//.test(timeZone) ? 'en-US' : 'en-GB'
}
