/** Parses the routing block into the settings for `rank`, or returns all of its problems. */
import { languageName, languageTagProblem, serves } from './language'
import type { RoutingConfig } from './config'
import { fieldProblem, parseShape, type FieldProblem } from './config-shape'
import { parseDesks } from './parse-desks'
import { parseRules } from './parse-rules'
import { timeZoneProblem } from './time-zone'
import type { ConfiguredDesk, Desk, Routing } from './routing'

export type ParsedRouting =
  | { routing: Routing; problems?: undefined }
  | { routing?: undefined; problems: FieldProblem[] }

const MAX_STICKY_DAYS = 365

/** `configured`: in registry order, the default order of preference. */
export const parseRouting = (config: unknown, configured: readonly ConfiguredDesk[]): ParsedRouting => {
  const [first, ...others] = configured.map(({ provider }) => provider)
  if (first === undefined)
    return { problems: [{ field: 'Routing', problem: 'no desk is configured; fill in the connection of a desk' }] }
  const names: [string, ...string[]] = [first, ...others]
  const shape = parseShape(config, names)
  const problems: FieldProblem[] = [...(shape.problems ?? [])]
  const routing = _read(shape.value ?? _readable(config, names), configured, problems)
  return problems.length > 0 ? { problems } : { routing }
}

/** The fields with a valid shape, so that problems with their values are reported together with shape problems. */
const _readable = (config: unknown, names: [string, ...string[]]): RoutingConfig => {
  if (typeof config !== 'object' || config === null || Array.isArray(config)) return {}
  const fields = Object.entries(config).filter(([field, value]) => !parseShape({ [field]: value }, names).problems)
  return parseShape(Object.fromEntries(fields), names).value ?? {}
}

const _read = (config: RoutingConfig, configured: readonly ConfiguredDesk[], problems: FieldProblem[]): Routing => {
  const zoneProblem = config.timeZone ? timeZoneProblem(config.timeZone) : undefined
  if (zoneProblem) problems.push(fieldProblem(['timeZone'], zoneProblem))
  const order = _order(config, configured, problems)
  const desks = parseDesks(config, order, problems)
  _checkOthers(config, desks, problems)
  return {
    strategy: config.strategy ?? 'priority',
    desks,
    rules: parseRules(config, desks, problems),
    defaultLanguage: config.defaultLanguage,
    stickyDays: config.stickyDays ?? 0,
    nobodyThere: config.nobodyThere ?? 'refuse',
    afterHoursDesk: config.afterHoursDesk,
  }
}

/** Default: registry order. The order may omit desks that are switched off. */
const _order = (
  config: RoutingConfig,
  configured: readonly ConfiguredDesk[],
  problems: FieldProblem[]
): (ConfiguredDesk & { afterHoursOnly: boolean })[] => {
  const names = config.order ?? []
  for (const [index, name] of names.entries()) {
    if (names.indexOf(name) < index)
      problems.push(fieldProblem(['order', index], `${name} is in the order twice; keep one`))
  }
  const omitted = configured.filter(({ provider }) => names.length > 0 && !names.includes(provider))
  const isAfterHours = (provider: string): boolean =>
    config.nobodyThere === 'after-hours' && config.afterHoursDesk === provider
  for (const { provider, title, enabled } of omitted) {
    if (!enabled || isAfterHours(provider)) continue
    problems.push(fieldProblem(['order'], `${title} is missing; add ${provider}, or switch the desk off`))
  }
  const ordered = names.flatMap((name) => configured.filter(({ provider }) => provider === name))
  const desks = names.length > 0 ? [...new Set(ordered), ...omitted] : configured
  return desks.map((desk) => ({ ...desk, afterHoursOnly: omitted.includes(desk) && isAfterHours(desk.provider) }))
}

const _checkOthers = (config: RoutingConfig, desks: readonly Desk[], problems: FieldProblem[]): void => {
  const { defaultLanguage, stickyDays = 0, nobodyThere, afterHoursDesk } = config
  const tagProblem = defaultLanguage ? languageTagProblem(defaultLanguage) : undefined
  if (tagProblem) problems.push(fieldProblem(['defaultLanguage'], tagProblem))
  else if (defaultLanguage && !desks.some((desk) => _canServe(desk, defaultLanguage))) {
    problems.push(
      fieldProblem(
        ['defaultLanguage'],
        `no desk serves ${languageName(defaultLanguage)}; add it to the Languages of a desk`
      )
    )
  }
  if (!(stickyDays >= 0 && stickyDays <= MAX_STICKY_DAYS)) {
    problems.push(
      fieldProblem(['stickyDays'], `${stickyDays} isn't valid; write 0 for off, or up to ${MAX_STICKY_DAYS} days`)
    )
  }
  if (nobodyThere === 'after-hours' && !afterHoursDesk) {
    problems.push(fieldProblem(['afterHoursDesk'], 'is missing; choose the desk that takes over when nobody is there'))
  }
  const named = desks.find(({ provider }) => provider === afterHoursDesk)
  if (named && !named.enabled) {
    problems.push(
      fieldProblem(['afterHoursDesk'], `${named.title} is switched off; switch it on, or choose another desk`)
    )
  }
}

const _canServe = (desk: Desk, language: string): boolean =>
  desk.enabled && (desk.languages.length === 0 || desk.languages.some((served) => serves(served, language)))
