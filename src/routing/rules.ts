import { isOpen } from './hours'
import { serves } from './language'
import type { Situation } from './ranking'
import type { Rule } from './routing'

/** The first rule whose conditions all hold. */
export const firstRule = (situation: Situation, language: string | undefined): Rule | undefined =>
  situation.routing.rules.find((rule) => _fits(rule, situation, language) && _isDrawn(rule, situation))

/** The rules with a share that were asked for this handoff, each as a sentence. */
export const shareNotes = (situation: Situation, language: string | undefined): string[] => {
  const { rules } = situation.routing
  const first = firstRule(situation, language)
  const asked = first ? rules.slice(0, rules.indexOf(first) + 1) : rules
  return asked.flatMap((rule) => {
    if (!rule.share || !_fits(rule, situation, language)) return []
    const percent = Number((rule.share.to - rule.share.from).toFixed(6))
    return [`${rule.name} takes ${percent} % of such handoffs; this one is ${rule === first ? 'among them' : 'not'}`]
  })
}

const _fits = (
  { languages, priorities, tags, calendar }: Rule,
  { handoff, instant }: Situation,
  language: string | undefined
): boolean => {
  if (languages && !languages.some((wanted) => language !== undefined && serves(wanted, language))) return false
  if (priorities && !priorities.some((wanted) => wanted === handoff.priority)) return false
  if (tags && !tags.some((wanted) => handoff.tags?.some((tag) => _tagKey(tag) === _tagKey(wanted)))) return false
  return !calendar || isOpen(calendar, instant)
}

/** People and bots write `VIP` and `vip`. */
const _tagKey = (tag: string): string => tag.trim().normalize('NFC').toLowerCase()

const _isDrawn = ({ share }: Rule, { handoff }: Situation): boolean =>
  !share || _isWithin(share, percentile(`${handoff.id} ${share.among}`))

const _isWithin = ({ from, to }: { from: number; to: number }, point: number): boolean => from <= point && point < to

/** A deterministic hash of a text, uniform from 0 to below 100: FNV-1a with murmur3's finaliser. */
export const percentile = (text: string): number => {
  let hash = 0x811c9dc5
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32) * 100
}
