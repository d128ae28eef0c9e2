/** Converts the configuration of an older version, whose Routing block held lists of objects. */
import { providers } from '../definition/registry'
import { NOBODY_THERE, STRATEGIES } from '../routing/config'

type Block = Readonly<Record<string, unknown>>

const _isBlock = (value: unknown): value is Block =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const _isFilled = (value: unknown): boolean =>
  value !== undefined && value !== null && value !== '' && !(Array.isArray(value) && value.length === 0)

const _list = (value: unknown): string =>
  (Array.isArray(value) ? value : [value])
    .filter(_isFilled)
    .map((item) => String(item).trim())
    .join(', ')

/** Whether a configuration has fields of an older version. */
export const isOlderShape = (configuration: unknown): boolean => {
  const { routing } = _isBlock(configuration) ? configuration : {}
  if (!_isBlock(routing)) return false
  const { rules } = routing
  const hasObjects = Array.isArray(rules) && rules.some(_isBlock)
  return _isFilled(routing['order']) || _isFilled(routing['desks']) || hasObjects
}

/** The same configuration in the shape that Studio shows. Expects one without problems. */
export const convertConfiguration = (configuration: Block): Record<string, unknown> => {
  const routing = _isBlock(configuration['routing']) ? configuration['routing'] : {}
  const { order, desks, rules, ...kept } = routing
  const converted: Record<string, unknown> = { ...configuration }
  for (const entry of Array.isArray(desks) ? desks.filter(_isBlock) : []) {
    const name = _deskName(entry['desk'])
    const block = converted[name]
    converted[name] = { ...(_isBlock(block) ? block : {}), ..._settingsOf(entry) }
  }
  const [first, ...others] = _list(order)
    .split(/\s*(?:->|→|[,;|/\n>&+])\s*/)
    .filter(Boolean)
  converted['routing'] = {
    ...(first === undefined ? {} : { preferredDesk: _deskTitle(first) }),
    ...(others.length === 0 ? {} : { thenDesks: others.map(_deskTitle).join(', ') }),
    ...kept,
    ..._inWords(kept),
    ...(_isFilled(rules) ? { rules: (Array.isArray(rules) ? rules : [rules]).filter(_isFilled).map(ruleLine) } : {}),
  }
  return converted
}

/** Choices as Studio shows them. */
const _inWords = ({ strategy, nobodyThere, afterHoursDesk }: Block): Block => ({
  ...(_isFilled(afterHoursDesk) && { afterHoursDesk: _deskTitle(String(afterHoursDesk)) }),
  ...(_isFilled(strategy) && { strategy: _words(STRATEGIES, strategy) }),
  ...(_isFilled(nobodyThere) && { nobodyThere: _words(NOBODY_THERE, nobodyThere) }),
})

const _words = (choices: Readonly<Record<string, string>>, key: unknown): unknown =>
  typeof key === 'string' && Object.hasOwn(choices, key) ? choices[key] : key

const _deskName = (name: unknown): string => {
  const wanted = String(name).trim().toLowerCase()
  const known = Object.entries(providers).find(([key, { title }]) => [key, title.toLowerCase()].includes(wanted))
  return known?.[0] ?? wanted
}

const _deskTitle = (name: string): string => providers[_deskName(name)]?.title ?? name

const _settingsOf = (entry: Block): Block => {
  const { languages, hours, dates, timeZone, weight, capacity } = entry
  const line = [hours, dates, _isFilled(hours) || _isFilled(dates) ? timeZone : undefined]
    .filter(_isFilled)
    .map((part) => String(part).trim().replace(/;$/, ''))
    .join('; ')
  return {
    ...(_isFilled(languages) && { languages: _list(languages) }),
    ...(line !== '' && { hours: line }),
    ...(_isFilled(weight) && { weight }),
    ...(_isFilled(capacity) && { capacity }),
  }
}

/** A rule as a line. A line stays as it is. */
export const ruleLine = (rule: unknown): string => {
  if (!_isBlock(rule)) return String(rule)
  const { name, language, priority, tags, hours, share, desks, queue, setPriority, addTags, otherwise } = rule
  const part = (keyword: string, value: unknown): string[] => (_isFilled(value) ? [`${keyword} ${_list(value)}`] : [])
  const conditions = [
    ...part('language', language),
    ...part('priority', priority),
    ...part('tags', tags),
    ...part('hours', hours),
    ...(_isFilled(share) ? [`share ${String(share)}%`] : []),
  ]
  const options = [
    ...part('queue', queue),
    ...part('priority', setPriority),
    ...part('tags', addTags),
    ...part('otherwise', otherwise),
  ]
  const label = _isFilled(name) ? `${String(name).trim()}: ` : ''
  const when = conditions.length > 0 ? conditions.join(' and ') : 'all'
  return `${label}${when} -> ${[_isFilled(desks) ? _list(desks) : 'any desk', ...options].join('; ')}`
}
