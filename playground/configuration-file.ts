/** Reads a configuration from a file. Problems have the same wording as when it is saved in Studio. */
import { readFileSync } from 'node:fs'
import integration from '../integration.definition'
import { convertConfiguration, isOlderShape } from '../src/actions/older-shape'
import { routingProblems } from '../src/actions/plan'
import { listProblems } from '../src/actions/setup'
import type { Context } from '../src/botpress/bp'
import { deskProblems } from '../src/botpress/configuration'
import { configuration as definition } from '../src/definition/parts'
import { providers } from '../src/definition/registry'

export type Configuration = Context['configuration']

export type ReadConfiguration =
  | { configuration: Configuration; remarks: string[]; problem?: undefined }
  | { problem: string; configuration?: undefined }

interface ReadingOptions {
  /** The option that names the file, for messages. Default: config. */
  option?: string
  /** Whether credentials may be placeholders. Routing doesn't depend on them; a desk that is asked does. */
  placeholders: boolean
}

/** More than any configuration has. */
const LARGEST_CHARACTERS = 1_000_000

export const readConfiguration = (file: string, options: ReadingOptions): ReadConfiguration => {
  const option = `--${options.option ?? 'config'}`
  const text = _read(file)
  if (typeof text !== 'string') return { problem: `${option}: ${text.problem}` }
  const given = _parse(text)
  if (typeof given === 'string') return { problem: `${option}: ${file} ${given}` }
  const wrapped = _wrapped(given)
  if (wrapped !== undefined) return { problem: `${option}: ${file} ${wrapped}` }
  const problems = [
    ...deskProblems(given).filter(({ field }) => !(options.placeholders && _isMasked(given, field))),
    ...(options.placeholders ? [] : _placeholders(given)),
    ...routingProblems(given),
  ]
  const remarks = [..._unknownFields(given), ..._olderShape(given)]
  if (problems.length > 0) {
    const list = listProblems('The configuration cannot be saved:', problems)
    return { problem: [list, ..._unknownFields(given)].join('\n') }
  }
  return { configuration: given, remarks }
}

const READ_ERRORS: Record<string, string> = {
  ENOENT: 'doesn’t exist',
  EISDIR: 'is a folder: give the path of the file in it',
  EACCES: 'may not be read: check who owns it, and its permissions',
  EPERM: 'may not be read: check who owns it, and its permissions',
}

const _read = (file: string): string | { problem: string } => {
  let bytes: Buffer
  try {
    bytes = readFileSync(file)
  } catch (error) {
    const { code = 'unknown error' } = error as { code?: string }
    return { problem: `${file} ${READ_ERRORS[code] ?? `can’t be read (${code})`}` }
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    if (text.trim() === '') return { problem: `${file} is empty` }
    return text.length > LARGEST_CHARACTERS ? { problem: `${file} is too large for a configuration` } : text
  } catch {
    return { problem: `${file} isn’t a text: a configuration is JSON, in UTF-8` }
  }
}

type Given = Configuration & Record<string, unknown>

/** The configuration, or what is wrong with it. */
const _parse = (text: string): Given | string => {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (error) {
    // Node's message quotes the invalid text, which may be a credential. Only the position is safe to print.
    const position = /position \d+(?: \(line \d+ column \d+\))?/.exec(error instanceof Error ? error.message : '')
    return `isn't valid JSON${position ? ` (at ${position[0]})` : ''}`
  }
  return _isBlock(parsed) ? (parsed as Given) : "isn't a configuration; it needs an object with a block for each desk"
}

const _isBlock = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const _blocks = (): string[] => ['routing', ...Object.keys(providers)]

/** A file that holds the configuration somewhere inside, such as an export of an installation. */
const _wrapped = (given: Given): string | undefined => {
  if (_blocks().some((block) => Object.hasOwn(given, block))) return undefined
  const found = Object.entries(given).find(
    ([, value]) => _isBlock(value) && _blocks().some((block) => Object.hasOwn(value, block))
  )
  return found && `holds the configuration under “${found[0]}”: keep only what is inside of it`
}

interface Described {
  properties?: Record<string, Described>
  'x-zui'?: { title?: string; secret?: boolean }
}

/** Fields that this version doesn't know: they are misspelt, or come from another version. */
const _unknownFields = (given: Given): string[] => {
  const { properties = {} } = (definition.schema as { toJSONSchema(): unknown }).toJSONSchema() as Described
  const unknownBlocks = Object.keys(given).filter((key) => !_blocks().includes(key))
  const unknownFields = _blocks().flatMap((block) => {
    const fields = given[block]
    const known = Object.keys(properties[block]?.properties ?? {})
    return _isBlock(fields)
      ? Object.keys(fields)
          .filter((field) => !known.includes(field) && !(block === 'routing' && OLDER_FIELDS.has(field)))
          .map((field) => `${block}.${field}`)
      : []
  })
  return [
    ...unknownBlocks.map((key) => `Note: "${key}" is ignored; a configuration has ${_blocks().join(', ')}`),
    ...unknownFields.map(
      (field) =>
        `Note: "${field}" is ignored: version ${integration.version} has no such field. ` +
        'It is misspelt, or the configuration comes from another version'
    ),
  ]
}

/** What earlier versions had under Routing. It still works. */
const OLDER_FIELDS = new Set(['order', 'desks'])

const _olderShape = (given: Given): string[] => {
  if (!isOlderShape(given)) return []
  // Whatever is read in the older shape can be shown in today's.
  convertConfiguration(given)
  return [
    'Note: Routing has the shape of an older version, which still works. npm run simulate -- --convert prints it anew',
  ]
}

/** Placeholders for a credential: `****`, `<token>`, `[redacted]`, `your-secret-here`. */
const MASK =
  /^(?:[*•●·x.…_-]{3,}|<.*>|\[.*\]|\{.*\}|\$.*|.*(?:placeholder|redacted|hidden|masked|your|secret|change).*|.*…)$/i
/** What can't be a credential of anybody. */
const CERTAINLY_MASKED = /^(?:[*•●·x.…_-]{3,}|<.*>|\[.*\]|\{.*\}|.*(?:placeholder|redacted).*|your[-_ ].*|.*…)$/i

/** Every credential in the configuration, under the name that Studio shows. */
const _credentials = (configuration: Record<string, unknown>): { field: string; value: string }[] =>
  Object.entries(providers).flatMap(([name, { title, config }]) => {
    const block = (configuration[name] ?? {}) as Record<string, unknown>
    const { properties = {} } = config.toJSONSchema() as Described
    return Object.entries(properties).flatMap(([key, { 'x-zui': shown }]) => {
      const value = block[key]
      return shown?.secret === true && typeof value === 'string'
        ? [{ field: `${title} → ${shown.title ?? key}`, value: value.trim() }]
        : []
    })
  })

/** Whether a problem is about a credential with a placeholder. */
const _isMasked = (configuration: Record<string, unknown>, field: string): boolean =>
  _credentials(configuration).some((credential) => credential.field === field && MASK.test(credential.value))

const _placeholders = (configuration: Record<string, unknown>) =>
  _credentials(configuration)
    .filter(({ value }) => CERTAINLY_MASKED.test(value))
    .map(({ field }) => ({
      field,
      problem: 'is a placeholder: enter the real one, since the desk is going to be asked',
    }))
