/** BCP 47 languages: which desk serves which language, and the language of a handoff. */
import { sharesRegion } from './region-groups'
import { countryCodeProblem, englishName, languageByName, languageOfCountry } from './language-names'

/** `Canadian French` for `fr-CA`. A tag without a name is returned as it is. */
export const languageName = (tag: string): string => {
  try {
    return englishName(tag) ?? tag
  } catch {
    return tag
  }
}

/** A language as it was written, read. */
export type ReadLanguage = { tag: string; problem?: undefined } | { tag?: undefined; problem: string }

/**
 * Reads a tag (`fr`, `fr-CA`, `fr_CA`) or a name (`French`, `français`). A country's code is a problem: `kr` is Kanuri.
 */
export const readLanguage = (text: string): ReadLanguage => {
  const written = text.trim().replaceAll('_', '-')
  const country = countryCodeProblem(written)
  if (country) return { problem: country }
  const tag = _canonicalTag(written) ?? languageByName(text)
  if (tag) return { tag }
  return { problem: `"${text}" isn't a language; write one such as en, fr or pt-BR` }
}

/** The problem with a language, with a suggestion where one is sure. Undefined for a language that can be read. */
export const languageTagProblem = (text: string): string | undefined => readLanguage(text).problem

const _canonicalTag = (text: string): string | undefined => {
  try {
    const [tag] = Intl.getCanonicalLocales(text)
    return tag !== undefined && englishName(text) !== undefined ? tag : undefined
  } catch {
    return undefined
  }
}

interface Subtags {
  language: string
  script?: string
  region?: string
}

/** Norwegian has two written forms. A desk with `no` serves both. */
const _macroLanguages: Record<string, string> = { nb: 'no', nn: 'no' }

const _subtags = (tag: string): Subtags | undefined => {
  try {
    const locale = new Intl.Locale(tag)
    // A region implies a script where a language has several: zh-TW is written in Hant.
    const script = locale.script ?? (locale.region ? locale.maximize().script : undefined)
    return { language: _macroLanguages[locale.language] ?? locale.language, script, region: locale.region }
  } catch {
    return undefined
  }
}

/** `fr` for `fr-CA`. Detection only distinguishes primary languages. */
export const primaryLanguage = (tag: string): string => _subtags(tag)?.language ?? tag.toLowerCase()

/**
 * Whether a desk with the language `served` can take a customer with the language `wanted`. The languages must be
 * equal, and so must scripts and regions that both tags name; a group of countries has its members. `fr` serves
 * `fr-CA`, `fr-CA` serves `fr`, `es-419` serves `es-MX`, `fr-CA` doesn't serve `fr-FR`.
 */
export const serves = (served: string, wanted: string): boolean => {
  const [desk, customer] = [_subtags(served), _subtags(wanted)]
  if (!desk || !customer || !_isSameWriting(desk, customer)) return false
  return !desk.region || !customer.region || sharesRegion(desk.region, customer.region)
}

/** Whether both are the same language in the same script, in whichever regions: `es-ES` for `es-MX`. */
export const isSameLanguage = (served: string, wanted: string): boolean => {
  const [desk, customer] = [_subtags(served), _subtags(wanted)]
  return desk !== undefined && customer !== undefined && _isSameWriting(desk, customer)
}

const _isSameWriting = (one: Subtags, other: Subtags): boolean =>
  one.language === other.language && (!one.script || !other.script || one.script === other.script)

export interface Detection {
  /** Primary language (`fr`, never `fr-CA`). Undefined: not confident enough. */
  language?: string
  /** 0 to 1, relative to the configured languages. */
  confidence: number
  /** A phrase for logs. It never contains the customer's words. */
  reason: string
}

/** The language of a handoff and its source. `language` is undefined when it is unknown. */
export interface ChosenLanguage {
  language?: string
  source: 'session' | 'detected' | 'default' | 'none'
  reason: string
}

/** The language the session states, else the detected one, else the default. */
export const chooseLanguage = (
  stated: string | undefined,
  detected: Detection | undefined,
  fallback: string | undefined
): ChosenLanguage => {
  const read = stated?.trim() ? _readStated(stated) : undefined
  if (read?.tag) return { language: read.tag, source: 'session', reason: `the session says ${languageName(read.tag)}` }
  const remark = read?.problem ? `the session's language isn't usable (${read.problem}), ` : ''
  if (detected?.language)
    return { language: detected.language, source: 'detected', reason: `${remark}${detected.reason}` }
  const why = `${remark}${detected?.reason ?? 'the language is unknown'}`
  if (fallback)
    return { language: fallback, source: 'default', reason: `${why}, so ${languageName(fallback)}, the default` }
  return { source: 'none', reason: `${why}, and there is no default` }
}

/** A bot may pass a country's code on, where that can mean one thing only: `jp` is Japanese. */
const _readStated = (stated: string): ReadLanguage => {
  // `en_US.UTF-8`; Java writes `in` for Indonesian.
  const written = stated.trim().replace(/[.@].*$/, '')
  const tag = written.toLowerCase() === 'in' ? 'id' : languageOfCountry(written)
  return tag ? { tag } : readLanguage(written)
}
