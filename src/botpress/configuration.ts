import type { ConfigProblem } from '../../providers/provider'
import type { Context } from './bp'
import { providers } from '../definition/registry'
import type { ConfiguredDesk } from '../routing/routing'

/** Every desk with a block in the configuration, in registry order. A block is enabled unless it says otherwise. */
export const configuredDesks = (configuration: Context['configuration']): ConfiguredDesk[] => {
  const blocks = (configuration ?? {}) as Record<string, { enabled?: unknown } | null | undefined>
  return Object.keys(providers).flatMap((name) => {
    const block = Object.hasOwn(blocks, name) ? blocks[name] : undefined
    if (block === undefined || block === null) return []
    return [{ provider: name, title: providers[name]?.title ?? name, enabled: block.enabled !== false }]
  })
}

/** Problems of the desks' blocks, under the field names that Studio shows. A disabled desk may be incomplete. */
export const deskProblems = (configuration: Context['configuration']): ConfigProblem[] => {
  const desks = configuredDesks(configuration)
  if (desks.length === 0)
    return [{ field: 'Configuration', problem: `no desk is set up: fill in at least one of ${_titles()}` }]
  const problems = desks.flatMap((desk) => (desk.enabled ? _problemsOf(configuration, desk) : []))
  if (!desks.some((desk) => desk.enabled)) {
    problems.push({ field: 'Configuration', problem: 'every desk is disabled: enable at least one' })
  }
  return problems
}

const _titles = () =>
  Object.values(providers)
    .map(({ title }) => title)
    .join(', ')

const _problemsOf = (
  configuration: Context['configuration'],
  { provider: name, title }: ConfiguredDesk
): ConfigProblem[] => {
  const provider = providers[name]
  if (!provider) return []
  const block = (configuration as Record<string, unknown>)[name]
  const label = (path: (string | number)[]) => {
    const [field, ...rest] = path
    const shape = provider.config.shape as Record<string, { ui?: { title?: string } } | undefined>
    const shown = shape[String(field)]?.ui?.title ?? String(field ?? '')
    return [title, shown, ...rest].filter((part) => part !== '').join(' → ')
  }
  const parsed = provider.config.safeParse(block)
  if (!parsed.success) {
    return parsed.error.issues.map((issue) => ({
      field: label(issue.path),
      problem: issue.code === 'invalid_type' && issue.received === 'undefined' ? 'is missing' : issue.message,
    }))
  }
  return (provider.checkConfig?.(parsed.data) ?? []).map(({ field, problem }) => ({ field: label([field]), problem }))
}
