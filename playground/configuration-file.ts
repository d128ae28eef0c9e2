/** Reads a configuration from a file. Problems have the same wording as when it is saved in Studio. */
import { readFileSync } from 'node:fs'
import { deskProblems } from '../../src/botpress/configuration'
import { routingProblems } from '../../src/actions/plan'
import { providers } from '../../src/definition/registry'
import { listProblems } from '../../src/actions/setup'
import type { Configuration } from './run'

export type ReadConfiguration =
  | { configuration: Configuration; remarks: string[]; problem?: undefined }
  | { problem: string; configuration?: undefined }

export const readConfiguration = (file: string): ReadConfiguration => {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const { code } = error as { code?: string }
    return { problem: `--config: can't read ${file} (${code ?? 'unknown error'})` }
  }
  let configuration: unknown
  try {
    configuration = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    // Node's message quotes the invalid text, which may be a credential. Only the position is safe to print.
    const position = /position \d+(?: \(line \d+ column \d+\))?/.exec(error instanceof Error ? error.message : '')
    return { problem: `--config: ${file} isn't valid JSON${position ? ` (at ${position[0]})` : ''}` }
  }
  if (typeof configuration !== 'object' || configuration === null || Array.isArray(configuration)) {
    return { problem: `--config: ${file} isn't a configuration; it needs an object with a block for each desk` }
  }
  const given = configuration as Configuration & Record<string, unknown>
  const problems = [...deskProblems(given).filter(({ field }) => !_isMasked(given, field)), ...routingProblems(given)]
  if (problems.length > 0) return { problem: listProblems('The configuration cannot be saved:', problems) }
  const unknown = Object.keys(given).filter((key) => key !== 'routing' && !Object.hasOwn(providers, key))
  const known = ['routing', ...Object.keys(providers)].join(', ')
  return {
    configuration: given,
    remarks: unknown.map((key) => `Note: "${key}" is ignored; a configuration has ${known}`),
  }
}

/** Placeholders for a credential: `****`, `<token>`, `[redacted]`, `your-secret-here`. */
const MASK =
  /^(?:[*•●·x.…_-]{3,}|<.*>|\[.*\]|\{.*\}|\$.*|.*(?:placeholder|redacted|hidden|masked|your|secret|change).*)$/i

/** Whether a problem is about a credential with a placeholder. Routing doesn't depend on credentials. */
const _isMasked = (configuration: Record<string, unknown>, field: string): boolean =>
  Object.entries(providers).some(([name, { title, config }]) => {
    const block = (configuration[name] ?? {}) as Record<string, unknown>
    const { properties = {} } = config.toJSONSchema() as { properties?: Record<string, Described> }
    return Object.entries(properties).some(([key, { 'x-zui': shown }]) => {
      const value = block[key]
      const isMaskable = shown?.secret === true && field === `${title} → ${shown.title ?? key}`
      return isMaskable && typeof value === 'string' && MASK.test(value.trim())
    })
  })

interface Described {
  'x-zui'?: { title?: string; secret?: boolean }
}
