/** Groups of countries in language tags (UN M.49), as CLDR's locales use them: `es-419`, `en-150`, `en-001`. */

const _LATIN_AMERICA = 'AR BO BR BZ CL CO CR CU DO EC GT HN HT MX NI PA PE PR PY SV UY VE'
const _NORTHERN_AMERICA = 'BM CA GL PM US'
const _EUROPE =
  'AD AL AT AX BA BE BG BY CH CY CZ DE DK EE ES FI FO FR GB GG GI GR HR HU IE IM IS IT JE LI LT LU LV MC MD ME MK MT ' +
  'NL NO PL PT RO RS RU SE SI SJ SK SM UA VA XK'

const _GROUPS: Record<string, string> = {
  '419': _LATIN_AMERICA,
  '005': 'AR BO BR CL CO EC FK GF GY PE PY SR UY VE',
  '013': 'BZ CR GT HN MX NI PA SV',
  '003': `${_NORTHERN_AMERICA} BZ CR GT HN MX NI PA SV CU DO HT PR`,
  '021': _NORTHERN_AMERICA,
  '019': `${_NORTHERN_AMERICA} ${_LATIN_AMERICA}`,
  '150': _EUROPE,
}

const _hasMember = (group: string, country: string): boolean =>
  group === '001' || (Object.hasOwn(_GROUPS, group) && (_GROUPS[group] ?? '').split(' ').includes(country))

/** Whether two regions are equal, or one is a group of countries with the other in it. */
export const sharesRegion = (one: string, other: string): boolean =>
  one === other || _hasMember(one, other) || _hasMember(other, one)
