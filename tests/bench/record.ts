/** Calls of one operation of the router, in simulated time. */
import type { TimedCall } from '../support/instances'

/** How long a call takes, in milliseconds: to Botpress and to a vendor. */
export const LATENCY = { api: 30, desk: 80 }

export interface Cost {
  /** Calls to Botpress, and to the vendor. */
  api: number
  desk: number
  /** The longest chain of calls that wait for each other. */
  chain: number
  /** From the first call to the last answer, in milliseconds of simulated time. */
  ms: number
  /** One line per call: when it began, and what it asks for. */
  list: string[]
}

/** The longest sequence of calls in which each begins after the one before has been answered. */
const _chainOf = (calls: readonly TimedCall[]): number => {
  const sorted = calls.toSorted((one, other) => one.startedAt - other.startedAt)
  const depths: number[] = []
  for (const [index, call] of sorted.entries()) {
    const before = sorted.slice(0, index).flatMap((one, at) => (one.endedAt <= call.startedAt ? [depths[at] ?? 0] : []))
    depths.push(1 + Math.max(0, ...before))
  }
  return Math.max(0, ...depths)
}

/** Ids would differ from run to run, and hide what is asked for. */
const _pathOf = ({ side, method, path }: TimedCall): string =>
  `${side === 'api' ? 'Botpress' : 'desk    '} ${method} ${path.replace(/(?<=\/)(?=\w*\d)[\w.:%-]{6,}/g, '…')}`

export const costOf = (calls: readonly TimedCall[], startedAt: number): Cost => ({
  api: calls.filter(({ side }) => side === 'api').length,
  desk: calls.filter(({ side }) => side === 'desk').length,
  chain: _chainOf(calls),
  ms: Math.max(startedAt, ...calls.map(({ endedAt }) => endedAt)) - startedAt,
  list: calls
    .toSorted((one, other) => one.startedAt - other.startedAt)
    .map((call) => `${String(call.startedAt - startedAt).padStart(5)} ms  ${_pathOf(call)}`),
})

export const add = (one: Cost, other: Cost): Cost => ({
  api: one.api + other.api,
  desk: one.desk + other.desk,
  chain: one.chain + other.chain,
  ms: one.ms + other.ms,
  list: [...one.list, ...other.list],
})
