/** Languages by BCP 47: which desk serves which, and which language a handoff is in. */

const _names = new Intl.DisplayNames('en', { type: 'language', fallback: 'none' })

/** `Canadian French` for `fr-CA`; the tag itself when nobody has a name for it. */
export const languageName = (tag: string): string => {
  try {
    return _names.of(tag) ?? tag
  } catch {
    return tag
  }
}

/** What is wrong with a language tag, with the tag that was probably meant. */
export const languageTagProblem = (tag: string): string | undefined => {
  try {
    if (_names.of(tag.replaceAll('_', '-')) !== undefined && !tag.includes('_')) return undefined
  } catch {
    // Not even the form of a tag.
  }
  return `"${tag}" is no language tag; write ${_meantTag(tag) ?? 'one such as en, fr or pt-BR'}`
}

/** `french` is not a tag, but everybody knows which one is meant. */
const _meantTag = (text: string): string | undefined => {
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

/** Norwegian is written in two forms; a desk that says `no` reads both. */
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

/** `fr` for `fr-CA`: what a detector can tell. */
export const primaryLanguage = (tag: string): string => _subtags(tag)?.language ?? tag.toLowerCase()

/**
 * Whether a desk that speaks `served` can take a customer who speaks `wanted`: the language is the same, and so is the script or the
 * region where both name one. `fr` serves `fr-CA`, `fr-CA` serves a customer of whom only `fr` is known, `fr-CA` does not serve `fr-FR`.
 */
export const serves = (served: string, wanted: string): boolean => {
  const [desk, customer] = [_subtags(served), _subtags(wanted)]
  if (!desk || !customer || desk.language !== customer.language) return false
  const agree = (one: string | undefined, other: string | undefined): boolean => !one || !other || one === other
  return agree(desk.script, customer.script) && agree(desk.region, customer.region)
}

export interface Detection {
  /** Primary language (`fr`, never `fr-CA`). Undefined: not sure enough. */
  language?: string
  /** 0 to 1, among the configured languages. */
  confidence: number
  /** Without the customer's words; goes into a sentence. */
  reason: string
}

/** The language of a handoff and how we know it. `language` is undefined when nothing says it. */
export interface ChosenLanguage {
  language?: string
  source: 'session' | 'detected' | 'default' | 'none'
  reason: string
}

/** The session's language, else what the customer wrote, else the default. */
export const chooseLanguage = (
  stated: string | undefined,
  detected: Detection | undefined,
  fallback: string | undefined
): ChosenLanguage => {
  const problem = stated ? languageTagProblem(stated) : undefined
  if (stated && !problem) {
    return { language: stated, source: 'session', reason: `the session says ${languageName(stated)}` }
  }
  const remark = problem ? `the session's language is not usable (${problem}), ` : ''
  if (detected?.language)
    return { language: detected.language, source: 'detected', reason: `${remark}${detected.reason}` }
  const why = `${remark}${detected?.reason ?? 'nothing says the language'}`
  if (fallback)
    return { language: fallback, source: 'default', reason: `${why}, so ${languageName(fallback)}, the default` }
  return { source: 'none', reason: `${why}, and there is no default` }
}
