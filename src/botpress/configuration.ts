import type { ConfigProblem, ConfigSchema, Provider } from '../../providers/provider'
import type { Context } from './bp'
import { providers } from '../definition/registry'
import { deskFields } from '../routing/config'
import type { ConfiguredDesk } from '../routing/routing'

type Block = Readonly<Record<string, unknown>>

const SETTINGS = Object.keys(deskFields())

/**
 * A desk's block as people meant it: without texts that were left empty. Undefined for a desk that isn't used: its
 * block holds nothing but defaults.
 */
export const deskBlock = (configuration: Context['configuration'], name: string): Block | undefined => {
  const blocks = configuration as Record<string, unknown> | null | undefined
  const block = blocks && Object.hasOwn(blocks, name) ? blocks[name] : undefined
  const provider = Object.hasOwn(providers, name) ? providers[name] : undefined
  if (!provider || typeof block !== 'object' || block === null) return undefined
  const filled = Object.entries(block).filter(([, value]) => !_isEmpty(value))
  const defaults = _defaultsOf(provider)
  const isUsed = filled.some(([field, value]) => !(Object.hasOwn(defaults, field) && defaults[field] === value))
  return isUsed ? Object.fromEntries(filled) : undefined
}

const _isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  (typeof value === 'string' && value.trim() === '') ||
  (Array.isArray(value) && value.every(_isEmpty))

/** Reading a schema takes milliseconds, so its defaults are read once. */
const _defaults = new Map<string, Block>()

/** What Studio may fill in by itself. */
const _defaultsOf = ({ name, config }: Provider<ConfigSchema>): Block => {
  const known = _defaults.get(name)
  if (known) return known
  const { properties = {} } = config.toJSONSchema() as { properties?: Record<string, { default?: unknown }> }
  const filled = Object.entries(properties).filter(([, field]) => field.default !== undefined)
  const defaults = { enabled: true, ...Object.fromEntries(filled.map(([field, { default: value }]) => [field, value])) }
  _defaults.set(name, defaults)
  return defaults
}

/** Every desk with a block in the configuration, in registry order. A block is enabled unless it says otherwise. */
export const configuredDesks = (configuration: Context['configuration']): ConfiguredDesk[] =>
  Object.entries(providers).flatMap(([name, provider]) => {
    const block = deskBlock(configuration, name)
    if (!block) return []
    const missing = _problemsOf(block, provider).filter(({ notReady }) => notReady)
    const given = Object.entries(block).filter(([field]) => SETTINGS.includes(field))
    return [
      {
        provider: name,
        title: provider.title,
        enabled: block['enabled'] !== false,
        ...(missing.length > 0 && { notReady: missing.map(_withoutTitle).join('; ') }),
        ...(given.length > 0 && { settings: Object.fromEntries(given) }),
      },
    ]
  })

const _withoutTitle = ({ field, problem }: ConfigProblem): string =>
  `${field.split(' → ').slice(1).join(' → ')} ${problem}`

/**
 * What keeps the desks' blocks from being saved, under the field names that Studio shows. A disabled desk may be
 * incomplete.
 */
export const deskProblems = (configuration: Context['configuration']): ConfigProblem[] => {
  const desks = configuredDesks(configuration)
  if (desks.length === 0)
    return [{ field: 'Configuration', problem: `no desk is set up: fill in at least one of ${_titles()}` }]
  const problems = desks.flatMap(({ provider: name, enabled }) => {
    const [provider, block] = [providers[name], deskBlock(configuration, name)]
    return enabled && provider && block ? _problemsOf(block, provider) : []
  })
  if (!desks.some((desk) => desk.enabled)) {
    problems.push({ field: 'Configuration', problem: 'every desk is disabled: enable at least one' })
  }
  return problems.filter(({ notReady }) => !notReady)
}

const _titles = () =>
  Object.values(providers)
    .map(({ title }) => title)
    .join(', ')

const _problemsOf = (block: Block, { title, config, checkConfig }: Provider<ConfigSchema>): ConfigProblem[] => {
  const label = (path: (string | number)[]) => {
    const [field, ...rest] = path
    const shape = config.shape as Record<string, { ui?: { title?: string } } | undefined>
    const shown = shape[String(field)]?.ui?.title ?? String(field ?? '')
    return [title, shown, ...rest].filter((part) => part !== '').join(' → ')
  }
  const checked = (data: Block): ConfigProblem[] =>
    (checkConfig?.(data) ?? []).map((problem) => ({ ...problem, field: label([problem.field]) }))
  const parsed = config.safeParse(block)
  if (parsed.success) return checked(parsed.data)
  const problems = parsed.error.issues.map((issue) => ({
    field: label(issue.path),
    problem: issue.code === 'invalid_type' && issue.received === 'undefined' ? 'is missing' : issue.message,
  }))
  // The other fields are checked, too: all problems are reported at once.
  const refused = new Set(parsed.error.issues.map(({ path }) => String(path[0])))
  const others = config.safeParse(Object.fromEntries(Object.entries(block).filter(([field]) => !refused.has(field))))
  const known = new Set(problems.map(({ field }) => field))
  return [...problems, ...(others.success ? checked(others.data).filter(({ field }) => !known.has(field)) : [])]
}
