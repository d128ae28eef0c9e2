/** A configuration from a file, refused with the words that saving it in Studio would give. */
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
    return { problem: `--config: ${file} cannot be read (${code ?? 'unknown error'})` }
  }
  let configuration: unknown
  try {
    configuration = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    // Node's text quotes what it stumbled over, which may be a credential: only the place is told.
    const place = /position \d+(?: \(line \d+ column \d+\))?/.exec(error instanceof Error ? error.message : '')
    return { problem: `--config: ${file} is no JSON${place ? ` (at ${place[0]})` : ''}` }
  }
  if (typeof configuration !== 'object' || configuration === null || Array.isArray(configuration)) {
    return { problem: `--config: ${file} holds no configuration: it has to be an object with a block for each desk` }
  }
  const given = configuration as Configuration & Record<string, unknown>
  const problems = [...deskProblems(given).filter(({ field }) => !_isMasked(given, field)), ...routingProblems(given)]
  if (problems.length > 0) return { problem: listProblems('The configuration cannot be saved:', problems) }
  const strange = Object.keys(given).filter((key) => key !== 'routing' && !Object.hasOwn(providers, key))
  const known = ['routing', ...Object.keys(providers)].join(', ')
  return {
    configuration: given,
    remarks: strange.map((key) => `Note: "${key}" is left out: a configuration has ${known}`),
  }
}

/** What stands in the place of a credential that somebody took out: `****`, `<token>`, `[redacted]`, `your-secret-here`. */
const MASK =
  /^(?:[*•●·x.…_-]{3,}|<.*>|\[.*\]|\{.*\}|\$.*|.*(?:placeholder|redacted|hidden|masked|your|secret|change).*)$/i

/** Whether a problem is about a credential that is there, but not shown. Routing does not depend on it. */
const _isMasked = (configuration: Record<string, unknown>, field: string): boolean =>
  Object.entries(providers).some(([name, { title, config }]) => {
    const block = (configuration[name] ?? {}) as Record<string, unknown>
    const { properties = {} } = config.toJSONSchema() as { properties?: Record<string, Described> }
    return Object.entries(properties).some(([key, { 'x-zui': shown }]) => {
      const value = block[key]
      const isIt = shown?.secret === true && field === `${title} → ${shown.title ?? key}`
      return isIt && typeof value === 'string' && MASK.test(value.trim())
    })
  })

interface Described {
  'x-zui'?: { title?: string; secret?: boolean }
}
