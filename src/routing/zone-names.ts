/** What people write instead of a time zone's name, and what they should write. */

/** Abbreviations and everyday names with the zones that they may mean, most likely first. */
const _MEANT: Record<string, string> = {
  'et est edt eastern easterntime easternstandardtime easterndaylighttime useastern': 'America/New_York',
  'ct cdt central centraltime centralstandardtime centraldaylighttime': 'America/Chicago',
  cst: 'America/Chicago, or Asia/Shanghai for China',
  'mt mdt mountain mountaintime mountaindaylighttime': 'America/Denver',
  'mst mountainstandardtime': 'America/Denver, or America/Phoenix for Arizona',
  'pt pdt pacific pacifictime pacificdaylighttime pacificstandardtime': 'America/Los_Angeles',
  pst: 'America/Los_Angeles, or Asia/Manila for the Philippines',
  'at ast adt atlantic atlantictime': 'America/Halifax, or Asia/Riyadh for Arabia',
  'akst akdt alaska alaskatime': 'America/Anchorage',
  'hst hdt hawaii hawaiitime': 'Pacific/Honolulu',
  sst: 'Pacific/Pago_Pago for Samoa, or Asia/Singapore',
  'nst ndt newfoundland': 'America/St_Johns',
  z: 'UTC',
  'usa us unitedstates america':
    'America/New_York, America/Chicago, America/Denver or America/Los_Angeles, whichever your team keeps',
  canada: 'America/Toronto, America/Winnipeg, America/Edmonton or America/Vancouver, whichever your team keeps',
  australia: 'Australia/Sydney, Australia/Brisbane, Australia/Adelaide or Australia/Perth, whichever your team keeps',
  brazil: 'America/Sao_Paulo',
  mexico: 'America/Mexico_City',
  russia: 'Europe/Moscow',
  'germany deutschland': 'Europe/Berlin',
  spain: 'Europe/Madrid',
  china: 'Asia/Shanghai',
  'nz newzealand': 'Pacific/Auckland',
  'gb greatbritain unitedkingdom': 'Europe/London',
  'bst britishsummertime britishtime uk uktime england london': 'Europe/London',
  'gmt greenwich greenwichmeantime gmt0': 'Europe/London for the United Kingdom, or UTC for no summer time',
  ist: 'Europe/Dublin for Ireland, Asia/Jerusalem for Israel, or Asia/Kolkata for India',
  'cet cest met mest mez mesz cetcest centraleuropeantime centraleuropeansummertime': 'Europe/Paris, or Europe/Berlin',
  'eet eest easterneuropeantime': 'Europe/Athens, Europe/Helsinki or Europe/Bucharest',
  'wet west westerneuropeantime': 'Europe/Lisbon',
  'msk moscowtime': 'Europe/Moscow',
  trt: 'Europe/Istanbul',
  'gst gulftime': 'Asia/Dubai',
  'pkt plt': 'Asia/Karachi',
  bdt: 'Asia/Dhaka',
  ict: 'Asia/Bangkok',
  wib: 'Asia/Jakarta',
  'sgt sgst': 'Asia/Singapore',
  hkt: 'Asia/Hong_Kong',
  'pht phst': 'Asia/Manila',
  jst: 'Asia/Tokyo',
  kst: 'Asia/Seoul',
  'ctt prc beijing beijingtime': 'Asia/Shanghai',
  vst: 'Asia/Ho_Chi_Minh',
  'aet aest aedt': 'Australia/Sydney, or Australia/Brisbane for no summer time',
  'acst acdt': 'Australia/Adelaide, or Australia/Darwin for no summer time',
  act: 'Australia/Sydney, or Australia/Darwin',
  awst: 'Australia/Perth',
  'nzst nzdt nzt': 'Pacific/Auckland',
  'brt brst bet': 'America/Sao_Paulo',
  'art agt': 'America/Argentina/Buenos_Aires',
  'clt clst': 'America/Santiago',
  cot: 'America/Bogota',
  pet: 'America/Lima',
  prt: 'America/Puerto_Rico',
  sast: 'Africa/Johannesburg',
  cat: 'Africa/Maputo',
  eat: 'Africa/Nairobi',
  wat: 'Africa/Lagos',
  'bombay mumbai delhi newdelhi bangalore chennai': 'Asia/Kolkata',
  'frankfurt munich hamburg cologne': 'Europe/Berlin',
  barcelona: 'Europe/Madrid',
  milan: 'Europe/Rome',
  geneva: 'Europe/Zurich',
  'boston washington washingtondc miami atlanta philadelphia': 'America/New_York',
  'sanfrancisco seattle sandiego lasvegas': 'America/Los_Angeles',
  'dallas houston austin': 'America/Chicago',
  montreal: 'America/Toronto',
  osaka: 'Asia/Tokyo',
  'beijing shenzhen': 'Asia/Shanghai',
  telaviv: 'Asia/Jerusalem',
  'edinburgh manchester': 'Europe/London',
}

let _meant: Map<string, string> | undefined

const _letters = (text: string): string =>
  text
    .normalize('NFD')
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '')

/** The zones that an abbreviation or everyday name may mean, as a phrase. */
export const meantZones = (text: string): string | undefined => {
  _meant ??= new Map(Object.entries(_MEANT).flatMap(([names, zones]) => names.split(' ').map((name) => [name, zones])))
  const wanted = _letters(text)
  return _meant.get(wanted) ?? _meant.get(wanted.replace(/(?:standard|daylight|summer)?time(?:zone)?$/, ''))
}

/** Longer texts are no misspelt names. */
const LONGEST_NAME = 40
const MAX_ZONES_OF_COUNTRY = 4

/** The zones of a country by its English name (`India`), of a city (`new york`), or of a slightly misspelt one. */
export const similarZones = (text: string): string | undefined => {
  if (text.length > LONGEST_NAME) return undefined
  const wanted = _letters(text.split('/').at(-1) ?? '').replace(/(?:local)?time(?:zone)?$/, '')
  if (wanted.length < 3) return undefined
  const zones = Intl.supportedValuesOf('timeZone')
  const exact = zones.find((zone) => _city(zone) === wanted)
  if (exact) return currentName(exact)
  const renamed = Object.values(_RENAMED).find((zone) => _city(zone) === wanted)
  if (renamed) return renamed
  const ofCountry = _zonesOfCountry(wanted)
  if (ofCountry) return ofCountry
  const region = text.includes('/') ? _letters(text.split('/')[0] ?? '') : undefined
  const near = zones.filter((zone) => wanted.length >= 4 && _isNear(_city(zone), wanted))
  const sameRegion = near.filter((zone) => region === undefined || _letters(zone.split('/')[0] ?? '') === region)
  return sameRegion.length === 1 && sameRegion[0] ? currentName(sameRegion[0]) : undefined
}

const _city = (zone: string): string => _letters(zone.split('/').at(-1) ?? '')

const _zonesOfCountry = (wanted: string): string | undefined => {
  const names = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' })
  const alphabet = Array.from({ length: 26 }, (_letter, index) => String.fromCodePoint(65 + index))
  for (const code of alphabet.flatMap((first) => alphabet.map((second) => first + second))) {
    if (_letters(names.of(code) ?? '') !== wanted) continue
    const zones = (new Intl.Locale(`und-${code}`) as unknown as { timeZones?: string[] }).timeZones ?? []
    const [last, ...others] = zones.map(currentName).toReversed()
    if (last === undefined || zones.length > MAX_ZONES_OF_COUNTRY) return undefined
    return others.length === 0 ? last : `${others.toReversed().join(', ')} or ${last}`
  }
  return undefined
}

/** Names that the runtime's data still lists under their former spelling. */
const _RENAMED: Record<string, string> = {
  'Asia/Calcutta': 'Asia/Kolkata',
  'Asia/Katmandu': 'Asia/Kathmandu',
  'Asia/Rangoon': 'Asia/Yangon',
  'Asia/Saigon': 'Asia/Ho_Chi_Minh',
  'Europe/Kiev': 'Europe/Kyiv',
  'America/Buenos_Aires': 'America/Argentina/Buenos_Aires',
  'America/Godthab': 'America/Nuuk',
}

export const currentName = (zone: string): string => _RENAMED[zone] ?? zone

/** Whether two words differ in at most one letter that is changed, missing, added or swapped with its neighbour. */
const _isNear = (one: string, other: string): boolean => {
  if (Math.abs(one.length - other.length) > 1) return false
  let start = 0
  while (start < one.length && one[start] === other[start]) start += 1
  const [a, b] = [one.slice(start), other.slice(start)]
  return (
    a.slice(1) === b.slice(1) ||
    a.slice(1) === b ||
    a === b.slice(1) ||
    (a.slice(2) === b.slice(2) && a[0] === b[1] && a[1] === b[0])
  )
}
