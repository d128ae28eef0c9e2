import { isOpen } from './hours'
import { serves } from './language'
import type { Situation } from './ranking'
import type { Rule } from './routing'

/** The first rule whose conditions all hold. */
export const firstRule = ({ routing, handoff, instant }: Situation, language: string | undefined): Rule | undefined =>
  routing.rules.find(({ languages, priorities, tags, calendar, share }) => {
    if (languages && !languages.some((wanted) => language !== undefined && serves(wanted, language))) return false
    if (priorities && !priorities.some((wanted) => wanted === handoff.priority)) return false
    if (tags && !tags.some((wanted) => handoff.tags?.includes(wanted))) return false
    if (calendar && !isOpen(calendar, instant)) return false
    return !share || _isWithin(share, percentile(`${handoff.id} ${share.among}`))
  })

const _isWithin = ({ from, to }: { from: number; to: number }, point: number): boolean => from <= point && point < to

/** A deterministic hash of a text, uniform from 0 to below 100: FNV-1a with murmur3's finaliser. */
export const percentile = (text: string): number => {
  let hash = 0x811c9dc5
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32) * 100
}
