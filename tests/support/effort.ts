/** Measures how CPU time grows with the length of the input, independent of the machine's speed and load. */

/** Load, compilation and garbage collection only make a measurement worse, so one good attempt is enough. */
const ATTEMPTS = 6
const FACTOR = 4
/** For four times the length, linear work takes 4 times as long and quadratic work 16 times. */
const MAX_GROWTH = 9
/** Less CPU time than this is too short to compare. Quadratic work takes longer for the lengths in use. */
const MIN_MS = 30

const _cpuMs = async (work: () => unknown): Promise<number> => {
  const from = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(from)
  return (user + system) / 1_000
}

/**
 * Compares the CPU time of `work(length)` and `work(4 * length)`. Returns the growth factor if it is more than linear,
 * otherwise undefined. Work that is too short to measure passes. `cpuMs` measures one run, in milliseconds.
 */
export const excessiveGrowth = async (
  work: (length: number) => unknown,
  length: number,
  cpuMs: typeof _cpuMs = _cpuMs
): Promise<number | undefined> => {
  let growth = Number.POSITIVE_INFINITY
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const short = await cpuMs(() => work(length))
    if (short < MIN_MS) return undefined
    const long = await cpuMs(() => work(FACTOR * length))
    growth = Math.min(growth, long / short)
    if (growth <= MAX_GROWTH) return undefined
  }
  return growth
}
