/** Reads languages as people write them: `fr`, `fr_CA`, `French`, `français`, `Brazilian Portuguese`. */

/** Languages that software is translated into (CLDR's modern coverage, and a few more). */
const _COMMON = (
  'af am ar as az be bg bn bs ca cs cy da de el en es et eu fa fi fil fo fr ga gl gu ha he hi hr hu hy id ig is it ja ka kk ' +
  'km kn ko ku ky lb lo lt lv mi mk ml mn mr ms mt my nb ne nl nn no or pa pl ps pt ro ru rw sd si sk sl so sq sr sv ' +
  'sw ta te th tk tr uk ur uz vi xh yi yo yue zh zu'
).split(' ')

const _REGIONAL =
  'en-AU en-CA en-GB en-US es-419 es-ES es-MX fr-CA fr-CH de-AT de-CH nl-BE pt-BR pt-PT zh-Hans zh-Hant sr-Latn'.split(
    ' '
  )

/** Names that CLDR doesn't have. */
const _ALIASES: Record<string, string> = {
  mandarin: 'zh',
  farsi: 'fa',
  castilian: 'es',
  castellano: 'es',
  tagalog: 'fil',
  flemish: 'nl-BE',
  burmese: 'my',
  'american english': 'en-US',
  'us english': 'en-US',
  'uk english': 'en-GB',
  'latin american spanish': 'es-419',
  brazilian: 'pt-BR',
}

/** Created at the first use: that takes milliseconds. */
let _createdEnglish: Intl.DisplayNames | undefined
const _english = (): Intl.DisplayNames =>
  (_createdEnglish ??= new Intl.DisplayNames('en', { type: 'language', fallback: 'none' }))

let _createdCountries: Intl.DisplayNames | undefined
const _countries = (): Intl.DisplayNames =>
  (_createdCountries ??= new Intl.DisplayNames('en', { type: 'region', fallback: 'none' }))

/** The English name of a language. Undefined: it has none. Throws a RangeError for a text that is no tag. */
export const englishName = (tag: string): string | undefined => _english().of(tag)

const _fold = (name: string): string =>
  name
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[\s_-]+/g, ' ')
    .trim()

let _byName: Map<string, string> | undefined

/** The names of languages, in English and in the language itself. */
const _names = (): Map<string, string> => {
  if (_byName) return _byName
  const names = new Map<string, string>()
  for (const tag of [..._COMMON, ..._REGIONAL]) {
    const own = new Intl.DisplayNames([tag], { type: 'language', fallback: 'none' })
    for (const name of [_english().of(tag), own.of(tag)]) {
      const folded = _fold(name ?? '')
      if (folded !== '' && !names.has(folded)) names.set(folded, tag)
    }
  }
  for (const [name, tag] of Object.entries(_ALIASES)) if (!names.has(name)) names.set(name, tag)
  _byName = names
  return names
}

/** The regions by their English name. */
let _regions: Map<string, string> | undefined

const _regionCode = (name: string): string | undefined => {
  if (!_regions) {
    const letters = Array.from({ length: 26 }, (_letter, index) => String.fromCodePoint(65 + index))
    const codes = letters.flatMap((first) => letters.map((second) => first + second))
    _regions = new Map(
      codes.flatMap((code) => (_countries().of(code) ? [[_fold(_countries().of(code) ?? ''), code] as const] : []))
    )
    for (const [alias, code] of [
      ['usa', 'US'],
      ['us', 'US'],
      ['uk', 'GB'],
      ['latin america', '419'],
    ] as const) {
      _regions.set(alias, code)
    }
  }
  return _regions.get(_fold(name))
}

/** Longer texts name no language. */
const LONGEST_NAME = 60

/** The language with this name: `Deutsch`, `French (Canada)`, `Chinese (Traditional)`. */
export const languageByName = (text: string): string | undefined => {
  if (text.length > LONGEST_NAME) return undefined
  const known = _names().get(_fold(text))
  if (known) return known
  const [, name = '', detail = ''] = /^([^(]+?)\s*\(([^()]+)\)$/.exec(text.trim()) ?? []
  const language = _names().get(_fold(name))
  if (!language || detail === '') return undefined
  const variant = _names().get(_fold(`${detail} ${name}`))
  if (variant) return variant
  const region = _regionCode(detail) ?? (/^[a-z]{2}$/i.test(detail) ? detail.toUpperCase() : undefined)
  return region ? `${language}-${region}` : undefined
}

/** The English name of a country, for its code in any case. */
export const countryName = (code: string): string | undefined => {
  if (!/^[a-z]{2}$/i.test(code)) return undefined
  const name = _countries().of(code.toUpperCase())
  return name === undefined || /^(?:Unknown|Pseudo)/.test(name) ? undefined : name
}

/** What is spoken most in a country: `ja` for jp, `zh-TW` for tw. Undefined: no country. */
const _spokenIn = (code: string): string | undefined => {
  if (countryName(code) === undefined) return undefined
  const { language, region } = new Intl.Locale(`und-${code}`).maximize()
  const usual = new Intl.Locale(language).maximize().region
  if (language === 'und') return undefined
  if (language === 'hi') return 'hi or en-IN'
  return usual === region && language !== 'pt' && language !== 'en'
    ? language
    : `${language}-${region ?? code.toUpperCase()}`
}

/**
 * The problem with a code that is a country's and hardly anybody's language: `kr` is Kanuri, `se` Northern Sami. A
 * region tells that the language is meant: `kr-NG`. Undefined for every other text.
 */
export const countryCodeProblem = (text: string): string | undefined => {
  const code = text.trim().toLowerCase()
  if (!/^[a-z]{2}$/.test(code) || _COMMON.includes(code)) return undefined
  const spoken = _spokenIn(code)
  if (spoken === undefined) return undefined
  const country = `the code of ${countryName(code) ?? ''}`
  const [tag = code] = Intl.getCanonicalLocales(code)
  const language = _english().of(tag)
  if (tag === spoken) return undefined
  if (language === undefined) return `"${text}" is ${country}, not a language; write ${spoken}`
  const { region } = new Intl.Locale(tag).maximize()
  const exact = tag === code && region ? `${tag}-${region}` : tag
  return `"${text}" is ${language}, which is hardly ever meant, and ${country}; write ${spoken}, or ${exact} for ${language}`
}

/** What a country's code means where nothing better is known: `ja` for jp. Undefined: it is a language's, too. */
export const languageOfCountry = (text: string): string | undefined => {
  const code = text.trim().toLowerCase()
  if (countryCodeProblem(code) === undefined || _english().of(code) !== undefined) return undefined
  return _spokenIn(code)?.split(' ')[0]
}
