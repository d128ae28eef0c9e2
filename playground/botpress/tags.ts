/** Tags as the Cloud treats them: declared, at most 500 characters, each integration seeing its own under their short names. */
import { InvalidPayloadError, InvalidQueryError } from '@botpress/client'
import type { Row, Table } from './store'
import type { Caller, Switches, Tags } from './types'

/** Longest value of a tag that the runtime API takes (<https://botpress.com/docs/api-reference/runtime-api>, tags of every resource). */
const LONGEST_TAG = 500

/** Names that the caller may set on a resource. Undefined: any. */
export type Allowed = Record<string, unknown> | undefined

const _prefix = (caller: Caller): string => (caller.by === 'integration' ? `${caller.alias}:` : '')

/** Alias whose rows the caller may touch. Undefined: every row, which is the bot's right. */
export const ownerOf = (caller: Caller): string | undefined => (caller.by === 'integration' ? caller.alias : undefined)

/** Checks tags that were sent and gives them their full names. */
export const storedTags = (caller: Caller, tags: Tags, allowed: Allowed): Tags => {
  const stored: Tags = {}
  for (const [name, value] of Object.entries(tags)) {
    _checkName(caller, name, allowed)
    if (value.length > LONGEST_TAG) {
      throw new InvalidPayloadError(`The value of tag "${name}" is longer than ${LONGEST_TAG} characters`)
    }
    stored[`${_prefix(caller)}${name}`] = value
  }
  return stored
}

const _checkName = (caller: Caller, name: string, allowed: Allowed): void => {
  if (caller.by !== 'integration' || caller.definition === undefined) return
  if (allowed !== undefined && Object.hasOwn(allowed, name)) return
  throw new InvalidPayloadError(`The tag "${name}" is not declared in the definition of the integration`)
}

/** Without the values that mean "unset". */
export const setTags = (tags: Tags): Tags =>
  Object.fromEntries(Object.entries(tags).filter(([, value]) => value !== ''))

/** Tags of a row as the caller sees them. */
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

/** Tags of a listing's query (`tags.id=…`), under their full names. */
export const queriedTags = (caller: Caller, query: URLSearchParams, allowed: Allowed): Tags => {
  const tags: Tags = {}
  for (const [name, value] of query) if (name.startsWith('tags.')) tags[name.slice('tags.'.length)] = value
  return storedTags(caller, tags, allowed)
}

export interface Lookup<T extends Row> {
  caller: Caller
  table: Table<T>
  /** Under their full names. */
  tags: Tags
  /** Under their short names. */
  discriminateByTags?: string[]
  switches: Switches
  fits(row: T): boolean
}

/** The row that get-or-create gets: the oldest match. */
export const findByTags = <T extends Row>(lookup: Lookup<T>): T | undefined => {
  const prefix = _prefix(lookup.caller)
  const given = setTags(lookup.tags)
  const names = lookup.discriminateByTags ?? []
  const wanted = names.length === 0 ? given : _discriminating(given, names, prefix)
  // A look-up that names nothing finds nothing rather than anything.
  if (Object.keys(wanted).length === 0) return undefined
  const exact = names.length === 0 && lookup.switches.getOrCreate === 'exact'
  const own = (row: T): number => Object.keys(row.tags).filter((name) => name.startsWith(prefix)).length
  const matches = lookup.table
    .withTags(wanted)
    .filter((row) => lookup.fits(row) && (!exact || own(row) === Object.keys(given).length))
  return matches.reduce<T | undefined>((first, row) => (first && first.number < row.number ? first : row), undefined)
}

const _discriminating = (given: Tags, names: string[], prefix: string): Tags => {
  const wanted: Tags = {}
  for (const name of names) {
    const value = given[`${prefix}${name}`]
    if (value === undefined)
      throw new InvalidQueryError(`discriminateByTags names "${name}", which is not among the tags`)
    wanted[`${prefix}${name}`] = value
  }
  return wanted
}
