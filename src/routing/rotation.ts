/**
 * Weighted round-robin as a function of the turn's number: whoever holds turn 17 knows from it alone which desk that is.
 *
 * With weights adding up to W, a desk of weight w is due once in every stretch of W/w turns. Each turn goes to the desk that must have
 * it soonest among those whose next stretch has begun (the "earliest deadline first" rule of real-time schedulers, which keeps all
 * deadlines when the stretches fill the time exactly, as here). So after any number of turns every desk is less than one turn
 * away from its exact share.
 */

export interface Weighted {
  provider: string
  weight: number
}

/**
 * The desks in the order in which this turn is offered to them. First the one whose turn it is. What it cannot take goes to the
 * others by the same rule, as turns of their own rotation: they share a missing desk's turns by weight, and keep their own.
 */
export const rotate = (desks: readonly Weighted[], turn: number): string[] => {
  const order: string[] = []
  let [left, number] = [desks, turn]
  while (left.length > 0) {
    const { provider, earlier } = _holder(left, number)
    order.push(provider)
    left = left.filter((desk) => desk.provider !== provider)
    number = earlier
  }
  return order
}

/** Whose turn it is, and how many turns that desk has had before. */
const _holder = (desks: readonly Weighted[], turn: number): { provider: string; earlier: number } => {
  const round = desks.reduce((sum, { weight }) => sum + weight, 0)
  const rounds = Math.floor(turn / round)
  const had = desks.map(() => 0)
  for (let slot = 0; ; slot += 1) {
    const holder = _due(desks, had, slot, round)
    const desk = desks[holder] as Weighted
    const earlier = had[holder] as number
    if (slot === turn - rounds * round) return { provider: desk.provider, earlier: rounds * desk.weight + earlier }
    had[holder] = earlier + 1
  }
}

const _due = (desks: readonly Weighted[], had: readonly number[], slot: number, round: number): number => {
  let due = 0
  let soonest = Number.POSITIVE_INFINITY
  for (const [index, { weight }] of desks.entries()) {
    const turns = had[index] ?? 0
    const begins = Math.floor((turns * round) / weight)
    const deadline = Math.ceil(((turns + 1) * round) / weight)
    if (begins > slot || deadline >= soonest) continue
    ;[due, soonest] = [index, deadline]
  }
  return due
}
