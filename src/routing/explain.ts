import { describeAsGiven, describeMoment } from './moment'
import type { Decision, Ranking } from './ranking'

/**
 * A ranking as lines of text: the decision with its background, then every desk with its place or the reason it is out.
 */
export const explain = (ranking: Ranking): string[] => {
  const { desks, language, rule, notes } = ranking
  return [
    _decision(ranking),
    `Language: ${language.language ?? 'unknown'} – ${language.reason}`,
    ...(rule ? [`Rule: ${rule}`] : []),
    ...notes.map((note) => `Note: ${note}`),
    ...desks.map(
      ({ title, place, reason }) => `${place === undefined ? ' -' : `${place}.`.padStart(2)} ${title} – ${reason}`
    ),
  ]
}

/**
 * The same for a moment that somebody asked about, which its first line names in the zone of routing, and as it was
 * `given` where that differs.
 */
export const explainMoment = (ranking: Ranking, timeZone: string | undefined, given = ''): string[] => {
  const asked = describeAsGiven(given, ranking.instant, timeZone)
  const moment = describeMoment(ranking.instant, timeZone)
  const remark = timeZone === undefined ? ', since Routing has no time zone' : ''
  return [`At ${asked === undefined ? '' : `${asked}: `}${moment}${remark}`, ...explain(ranking)]
}

const _decision = ({ desks, decision }: Ranking): string => {
  const title =
    'provider' in decision
      ? (desks.find(({ provider }) => provider === decision.provider)?.title ?? decision.provider)
      : ''
  switch (decision.kind) {
    case 'assign':
      return `Goes to ${title}`
    case 'open-anyway':
      return `Nobody is there: a ticket is opened at ${title} anyway${_opening(decision)}`
    case 'after-hours':
      return `Nobody is there: ${title} takes over${_opening(decision)}`
    case 'refuse':
      return `Nobody is there: refused${_opening(decision)}`
  }
}

const _opening = ({ opening }: Exclude<Decision, { kind: 'assign' }>): string =>
  opening ? `; opens ${opening.text}` : ''
