/** The simulator's output, as text and as JSON. */
import { explainMoment } from '../../src/routing/explain'
import { describeAsGiven } from '../../src/routing/moment'
import { attempts, type Ranking } from '../../src/routing/ranking'
import type { Simulation } from './run'

const BAR_WIDTH = 24

export const printText = (simulation: Simulation): string => {
  const { ranking, timeZone, understood } = simulation
  return [
    ...explainMoment(ranking, timeZone, simulation.given),
    `The bot can tell the customer: ${ranking.messageForCustomer}`,
    ..._toTicket(ranking),
    ...(simulation.count > 1 ? ['', ..._distribution(simulation)] : []),
    '',
    'How the configuration was understood:',
    ...understood.map((line) => `- ${line}`),
    '',
  ].join('\n')
}

const _toTicket = (ranking: Ranking): string[] => {
  const { queue, priority, tags } = attempts(ranking)[0]?.options ?? {}
  const settings = [
    ...(queue ? [`queue ${queue}`] : []),
    ...(priority ? [`priority ${priority}`] : []),
    ...(tags?.length ? [`tags ${tags.join(', ')}`] : []),
  ]
  return settings.length === 0 ? [] : [`The rule sets on the ticket: ${settings.join('; ')}`]
}

const _distribution = ({ count, shares, refused }: Simulation): string[] => {
  const rows = [...shares, ...(refused > 0 ? [{ title: 'refused', handoffs: refused }] : [])]
  const width = Math.max(...rows.map(({ title }) => title.length))
  const digits = Math.max(...rows.map(({ handoffs }) => String(handoffs).length))
  return [
    `${count} handoffs in a row, all still open`,
    ...rows.map(({ title, handoffs }) => {
      const percent = `${((100 * handoffs) / count).toFixed(1)} %`.padStart(7)
      const bar = '█'.repeat(Math.round((BAR_WIDTH * handoffs) / count))
      return `  ${title.padEnd(width)}  ${String(handoffs).padStart(digits)}  ${percent}  ${bar}`.trimEnd()
    }),
  ]
}

const _readable = (decision: Ranking['decision']) =>
  'opening' in decision && decision.opening
    ? { ...decision, opening: { ...decision.opening, at: new Date(decision.opening.at).toISOString() } }
    : decision

export const printJson = ({
  instant,
  ranking,
  count,
  shares,
  refused,
  understood,
  timeZone,
  given,
}: Simulation): string => {
  const { desks, decision, language, messageForCustomer, rule, notes } = ranking
  const asked = describeAsGiven(given ?? '', instant, timeZone)
  const result = {
    at: new Date(instant).toISOString(),
    ...(asked === undefined ? {} : { asked }),
    decision: _readable(decision),
    messageForCustomer,
    language,
    ...(rule === undefined ? {} : { rule }),
    notes,
    desks: desks.map(({ opensAt, ...desk }) => ({
      ...desk,
      ...(opensAt === undefined ? {} : { opensAt: new Date(opensAt).toISOString() }),
    })),
    explanation: explainMoment(ranking, timeZone, given),
    understood,
    count,
    distribution: Object.fromEntries(shares.map(({ provider, handoffs }) => [provider, handoffs])),
    refused,
  }
  return `${JSON.stringify(result, undefined, 2)}\n`
}
