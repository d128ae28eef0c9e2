/**
 * The circles of desks that are asked for a handoff, from the ones it is meant for outwards: the rule's desks in the
 * customer's language, the same language of other regions, then what *Otherwise* allows.
 */
import { notConsidered, speaks } from './filters'
import { languageName, primaryLanguage } from './language'
import type { Situation } from './ranking'
import type { Desk, Otherwise, Rule } from './routing'

export interface Circle {
  desks: readonly Desk[]
  /** The language that they must serve. Undefined: any. */
  language?: string
  /** Whether desks for another region of the language will do. */
  isNear?: boolean
  /** Whether the desks are the rule's. */
  isOfRule: boolean
  /** What is said when this circle takes over from those before it: `desks for English take over`. */
  name: string
}

/** At least one circle. `why`: the reason for a first circle in another language than the customer's. */
export const circlesOf = (
  situation: Situation,
  rule: Rule | undefined,
  language: string | undefined
): { circles: [Circle, ...Circle[]]; why?: string } => {
  const { routing, handoff } = situation
  const considered = routing.desks.filter((desk) => !notConsidered(desk, situation, rule))
  const { own, why } = _ownCircles(considered, language, situation, rule)
  if (handoff.strict && handoff.provider) return { circles: own, ...(why !== undefined && { why }) }
  const otherwise = rule?.otherwise ?? routing.otherwise ?? 'refuse'
  const outer = _outerCircles(otherwise, considered, language, situation, rule)
  return { circles: [own[0], ...own.slice(1), ...outer], ...(why !== undefined && { why }) }
}

/** The circles that need no permission: the customer's language, in whichever region, or else the default. */
const _ownCircles = (
  considered: readonly Desk[],
  language: string | undefined,
  { routing: { defaultLanguage } }: Situation,
  rule: Rule | undefined
): { own: [Circle, ...Circle[]]; why?: string } => {
  const isOfRule = rule !== undefined
  const base = { desks: considered, isOfRule }
  if (language === undefined) return { own: [{ ...base, name: 'all desks' }] }
  const exact = { ...base, language, name: `desks for ${languageName(language)}` }
  const primary = languageName(primaryLanguage(language))
  const near = { ...base, language, isNear: true, name: `desks for ${primary} of another region` }
  const isServed = considered.some((desk) => speaks(desk, language))
  const isNearlyServed = considered.some((desk) => speaks(desk, language, true))
  if (isServed) return { own: [exact, near] }
  if (isNearlyServed) {
    return {
      own: [near],
      why: `no considered desk serves ${languageName(language)}, so those for ${primary} of another region do`,
    }
  }
  const why = `no considered desk serves ${languageName(language)}`
  if (defaultLanguage && considered.some((desk) => speaks(desk, defaultLanguage, true))) {
    const isNear = !considered.some((desk) => speaks(desk, defaultLanguage))
    const fallback = { ...base, language: defaultLanguage, isNear, name: `desks for ${languageName(defaultLanguage)}` }
    return { own: [fallback], why: `${why}, so the default (${languageName(defaultLanguage)}) applies` }
  }
  const any = { ...base, name: 'all desks' }
  return { own: [any], ...(considered.length > 0 && { why: `${why}, so any of them may take it` }) }
}

/** The circles that a setting opens. */
const _outerCircles = (
  otherwise: Otherwise,
  considered: readonly Desk[],
  language: string | undefined,
  situation: Situation,
  rule: Rule | undefined
): Circle[] => {
  if (otherwise === 'refuse') return []
  const { routing } = situation
  const all = routing.desks.filter((desk) => !notConsidered(desk, situation, undefined))
  const { defaultLanguage } = routing
  const own = { desks: considered, isOfRule: rule !== undefined }
  const circles: Circle[] = []
  if (defaultLanguage) {
    const name = `desks for ${languageName(defaultLanguage)}, the default language,`
    circles.push({ ...own, language: defaultLanguage, isNear: true, name })
  }
  if (rule) {
    const speaking = language === undefined ? 'desks without the rule' : `other desks for ${languageName(language)}`
    circles.push({
      desks: all,
      isOfRule: false,
      ...(language !== undefined && { language, isNear: true }),
      name: speaking,
    })
    if (defaultLanguage) {
      const name = `other desks for ${languageName(defaultLanguage)}, the default language,`
      circles.push({ desks: all, isOfRule: false, language: defaultLanguage, isNear: true, name })
    }
  }
  if (otherwise === 'any-desk') circles.push({ desks: all, isOfRule: false, name: 'all other desks' })
  return circles
}
