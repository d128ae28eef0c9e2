/**
 * Weighted round-robin as a function of the turn's number alone, so instances need to share only a counter.
 *
 * With weights that add up to W, a desk of weight w is due once per window of W/w turns. Each turn goes to the desk
 * with the earliest deadline among those whose window has begun ("earliest deadline first", which meets all deadlines
 * at full utilisation). So after any number of turns, every desk is less than one turn away from its exact share.
 */

export interface Weighted {
  provider: string
  weight: number
}

/**
 * The desks in the order in which they are offered a turn, starting with its holder. The holder's turns are offered to
 * the other desks by the same rule, as a rotation of their own: they share a missing desk's turns by weight, and keep
 * their own turns.
 */
export const rotate = (desks: readonly Weighted[], turn: number): string[] => {
  const order: string[] = []
  let [remaining, number] = [desks, turn]
  while (remaining.length > 0) {
    const { provider, earlier } = _holder(remaining, number)
    order.push(provider)
    remaining = remaining.filter((desk) => desk.provider !== provider)
    number = earlier
  }
  return order
}

/** The desk that holds a turn, and the number of its earlier turns. */
const _holder = (desks: readonly Weighted[], turn: number): { provider: string; earlier: number } => {
  const round = desks.reduce((sum, { weight }) => sum + weight, 0)
  const rounds = Math.floor(turn / round)
  const counts = desks.map(() => 0)
  for (let slot = 0; ; slot += 1) {
    const holder = _due(desks, counts, slot, round)
    const desk = desks[holder] as Weighted
    const earlier = counts[holder] as number
    if (slot === turn - rounds * round) return { provider: desk.provider, earlier: rounds * desk.weight + earlier }
    counts[holder] = earlier + 1
  }
}

const _due = (desks: readonly Weighted[], counts: readonly number[], slot: number, round: number): number => {
  let due = 0
  let soonest = Number.POSITIVE_INFINITY
  for (const [index, { weight }] of desks.entries()) {
    const turns = counts[index] ?? 0
    const begins = Math.floor((turns * round) / weight)
    const deadline = Math.ceil(((turns + 1) * round) / weight)
    if (begins > slot || deadline >= soonest) continue
    ;[due, soonest] = [index, deadline]
  }
  return due
}
