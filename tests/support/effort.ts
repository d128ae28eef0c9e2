/** How work grows with the length of what it reads, in a way that does not depend on how fast or how busy the machine is. */

/** Tries until one is clean: other work of the machine, compilation and garbage only ever make a measurement worse. */
const TRIES = 6
const FACTOR = 4
/** For four times the length: linear work needs 4 times as long, quadratic work 16 times. */
const MOST = 9
/** Less CPU time than this says nothing. Quadratic work needs more for the lengths that are tried here. */
const LEAST_MS = 60

const _cpuMs = async (work: () => unknown): Promise<number> => {
  const from = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(from)
  return (user + system) / 1_000
}

/**
 * Measures `work` with `length` and, if that takes long enough to tell, with four times as much. Returns how many times as long the longer one took if that is more
 * than its length explains; undefined if all is well.
 */
export const excessiveGrowth = async (
  work: (length: number) => unknown,
  length: number
): Promise<number | undefined> => {
  let growth = Number.POSITIVE_INFINITY
  for (let tries = 0; tries < TRIES; tries += 1) {
    const short = await _cpuMs(() => work(length))
    if (short < LEAST_MS) return undefined
    const long = await _cpuMs(() => work(FACTOR * length))
    growth = Math.min(growth, long / short)
    if (growth <= MOST) return undefined
  }
  return growth
}
