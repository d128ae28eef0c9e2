/** BCP 47 languages: which desk serves which language, and the language of a handoff. */

const _names = new Intl.DisplayNames('en', { type: 'language', fallback: 'none' })

/** `Canadian French` for `fr-CA`. A tag without a name is returned as it is. */
export const languageName = (tag: string): string => {
  try {
    return _names.of(tag) ?? tag
  } catch {
    return tag
  }
}

/** The problem with a language tag, with a suggestion. Undefined for a valid tag. */
export const languageTagProblem = (tag: string): string | undefined => {
  try {
    if (_names.of(tag.replaceAll('_', '-')) !== undefined && !tag.includes('_')) return undefined
  } catch {
    // `of` throws for malformed tags.
  }
  return `"${tag}" isn't a language tag; write ${_suggestedTag(tag) ?? 'one such as en, fr or pt-BR'}`
}

/** Suggests `fr` for `french`, and `fr-CA` for `fr_CA`. */
const _suggestedTag = (text: string): string | undefined => {
  const underscored = text.replaceAll('_', '-')
  if (underscored !== text && languageTagProblem(underscored) === undefined) return underscored
  const letters = Array.from({ length: 26 }, (_letter, index) => String.fromCodePoint('a'.codePointAt(0)! + index))
  const tags = letters.flatMap((first) => letters.map((second) => first + second))
  return tags.find((tag) => languageName(tag) !== tag && languageName(tag).toLowerCase() === text.trim().toLowerCase())
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
 * equal, and so must scripts and regions that both tags name. `fr` serves `fr-CA`, `fr-CA` serves `fr`, `fr-CA` doesn't
 * serve `fr-FR`.
 */
export const serves = (served: string, wanted: string): boolean => {
  const [desk, customer] = [_subtags(served), _subtags(wanted)]
  if (!desk || !customer || desk.language !== customer.language) return false
  const agree = (one: string | undefined, other: string | undefined): boolean => !one || !other || one === other
  return agree(desk.script, customer.script) && agree(desk.region, customer.region)
}

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
  const problem = stated ? languageTagProblem(stated) : undefined
  if (stated && !problem) {
    return { language: stated, source: 'session', reason: `the session says ${languageName(stated)}` }
  }
  const remark = problem ? `the session's language isn't usable (${problem}), ` : ''
  if (detected?.language)
    return { language: detected.language, source: 'detected', reason: `${remark}${detected.reason}` }
  const why = `${remark}${detected?.reason ?? 'the language is unknown'}`
  if (fallback)
    return { language: fallback, source: 'default', reason: `${why}, so ${languageName(fallback)}, the default` }
  return { source: 'none', reason: `${why}, and there is no default` }
}
