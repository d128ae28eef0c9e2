/** Tags as in the Cloud: declared, at most 500 characters, and visible to their own integration under short names. */
import { InvalidPayloadError, InvalidQueryError } from '@botpress/client'
import type { Row, Table } from './store'
import type { Caller, Switches, Tags } from './types'

/** Maximum length of a tag's value (<https://botpress.com/docs/api-reference/runtime-api>, tags of every resource). */
const MAX_TAG_LENGTH = 500

/** Tags that the caller may set on a resource. Undefined: any. */
export type DeclaredTags = Record<string, unknown> | undefined

const _prefix = (caller: Caller): string => (caller.by === 'integration' ? `${caller.alias}:` : '')

/** Alias whose rows the caller may access. Undefined for the bot, which may access every row. */
export const ownerOf = (caller: Caller): string | undefined => (caller.by === 'integration' ? caller.alias : undefined)

/** Checks the tags of a request and returns them under their full names. */
export const storedTags = (caller: Caller, tags: Tags, declared: DeclaredTags): Tags => {
  const stored: Tags = {}
  for (const [name, value] of Object.entries(tags)) {
    _checkName(caller, name, declared)
    if (value.length > MAX_TAG_LENGTH) {
      throw new InvalidPayloadError(`The value of tag "${name}" is longer than ${MAX_TAG_LENGTH} characters`)
    }
    stored[`${_prefix(caller)}${name}`] = value
  }
  return stored
}

const _checkName = (caller: Caller, name: string, declared: DeclaredTags): void => {
  if (caller.by !== 'integration' || caller.definition === undefined) return
  if (declared !== undefined && Object.hasOwn(declared, name)) return
  throw new InvalidPayloadError(`The integration's definition doesn't declare the tag "${name}"`)
}

/** Without the empty values, which remove a tag. */
export const setTags = (tags: Tags): Tags =>
  Object.fromEntries(Object.entries(tags).filter(([, value]) => value !== ''))

/** The tags of a row that the caller sees. */
export const visibleTags = (caller: Caller, row: Row, switches: Switches): Tags => {
  if (caller.by === 'bot') return row.tags
  const prefix = _prefix(caller)
  const visible: Tags = {}
  for (const [name, value] of Object.entries(row.tags)) {
    if (name.startsWith(prefix)) visible[name.slice(prefix.length)] = value
    else if (switches.tagsVisibleToIntegration && name.includes('#')) visible[name] = value
  }
  return visible
}

/** The tags in the query of a listing (`tags.id=…`), under their full names. */
export const queriedTags = (caller: Caller, query: URLSearchParams, declared: DeclaredTags): Tags => {
  const tags: Tags = {}
  for (const [name, value] of query) if (name.startsWith('tags.')) tags[name.slice('tags.'.length)] = value
  return storedTags(caller, tags, declared)
}

export interface Lookup<T extends Row> {
  caller: Caller
  table: Table<T>
  /** Under their full names. */
  tags: Tags
  /** Under their short names. */
  discriminateByTags?: string[]
  switches: Switches
  matches(row: T): boolean
}

/** The row that get-or-create returns: the oldest match. */
export const findByTags = <T extends Row>(lookup: Lookup<T>): T | undefined => {
  const prefix = _prefix(lookup.caller)
  const given = setTags(lookup.tags)
  const names = lookup.discriminateByTags ?? []
  const wanted = names.length === 0 ? given : _discriminating(given, names, prefix)
  // A lookup without tags finds nothing.
  if (Object.keys(wanted).length === 0) return undefined
  const exact = names.length === 0 && lookup.switches.getOrCreate === 'exact'
  const own = (row: T): number => Object.keys(row.tags).filter((name) => name.startsWith(prefix)).length
  const matches = lookup.table
    .withTags(wanted)
    .filter((row) => lookup.matches(row) && (!exact || own(row) === Object.keys(given).length))
  return matches.reduce<T | undefined>((first, row) => (first && first.created < row.created ? first : row), undefined)
}

const _discriminating = (given: Tags, names: string[], prefix: string): Tags => {
  const wanted: Tags = {}
  for (const name of names) {
    const value = given[`${prefix}${name}`]
    if (value === undefined)
      throw new InvalidQueryError(`discriminateByTags names "${name}", but the tags don't include it`)
    wanted[`${prefix}${name}`] = value
  }
  return wanted
}
