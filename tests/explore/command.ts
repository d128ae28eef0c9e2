/** Searches for failures with fresh seeds: `npm run explore -- --minutes 10`. `npm test` uses fixed seeds instead. */
import { randomInt } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { oneOf, runCommand, UsageError, wholeNumber, type Run } from '../../playground/terminal/command'
import { providerNames } from '../../src/definition/registry'
import { BREAKS, UNPROMISED, WEATHERS, type WeatherName } from '../chaos/kinds'
import { KINDS, type Failure, type Kind, type Round } from './round'
import { search, type Found } from './search'

const WEATHER_NAMES = Object.keys(WEATHERS) as WeatherName[]
/** What is found in the others is known (docs/RELIABILITY.md). */
const SEARCHED = WEATHER_NAMES.filter((name) => !UNPROMISED.includes(name))
const MOST_MINUTES = 7 * 24 * 60

const OPTIONS = {
  minutes: { type: 'string', value: 'N', default: '10', help: 'how long to search; fractions are allowed' },
  only: { type: 'string', value: 'KIND', help: `one of ${KINDS.join(', ')}` },
  seed: { type: 'string', value: 'N', help: 'play one round with this seed instead of many with fresh seeds' },
  path: { type: 'string', value: 'N', help: 'for sequences: the failing run' },
  desk: { type: 'string', value: 'NAME', help: `one of ${providerNames.join(', ')} (default: all)` },
  weather: {
    type: 'string',
    value: 'NAME',
    help: `for chaos: one of ${WEATHER_NAMES.join(', ')} (default: all but ${UNPROMISED.join(', ')})`,
  },
  break: { type: 'string', value: 'NAME', help: `for chaos: break the router on purpose: ${BREAKS.join(', ')}` },
  workers: { type: 'string', value: 'N', help: 'processes that share the work (default: one for each core)' },
  json: { type: 'boolean', default: false, help: 'print the result as JSON' },
} as const

const _minutes = (value: string): number => {
  const minutes = Number(value)
  if (value.trim() !== '' && minutes > 0 && minutes <= MOST_MINUTES) return minutes
  throw new UsageError(`--minutes must be a number above 0, up to ${MOST_MINUTES}, not ${JSON.stringify(value)}`)
}

const _ran = ({ counts }: Found): string =>
  Object.entries(counts)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ') || 'nothing yet'

const _describe = ({ title, report, again }: Failure): string[] => [`! ${title}`, report, `Reproduce: ${again}`, '']

const _left = (ms: number): string => {
  const left = Math.max(0, Math.round(ms / 1_000))
  return `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')} left`
}

/** What to play: one round of each kind with the given seed, or fresh ones without end. */
const _roundsOf = (values: Run<typeof OPTIONS>['values']): { seed: number | undefined; next(): Round | undefined } => {
  const kinds: readonly Kind[] = values.only === undefined ? KINDS : [oneOf('only', values.only, KINDS)]
  const seed = values.seed === undefined ? undefined : wholeNumber('seed', values.seed, 0, 2 ** 31 - 1)
  const path = values.path === undefined ? undefined : String(wholeNumber('path', values.path, 0))
  if (path !== undefined && (seed === undefined || values.only !== 'sequences'))
    throw new UsageError('--path needs --only sequences and --seed')
  const desks: string[] = values.desk === undefined ? [...providerNames] : [oneOf('desk', values.desk, providerNames)]
  const weathers = values.weather === undefined ? SEARCHED : [oneOf('weather', values.weather, WEATHER_NAMES)]
  const broken = values.break === undefined ? undefined : oneOf('break', values.break, BREAKS)

  /** The rounds of a kind, without their seeds. */
  const variantsOf = (kind: Kind): Omit<Round, 'seed'>[] => {
    const [weather = 'rough'] = weathers
    const base = { kind, desks, weather }
    if (kind === 'sequences')
      return desks.map((desk) => ({ ...base, desks: [desk], ...(path === undefined ? {} : { path }) }))
    if (kind === 'chaos')
      return weathers.map((each) => ({ ...base, weather: each, ...(broken ? { break: broken } : {}) }))
    return [base]
  }

  const variants = kinds.map(variantsOf)
  const once = variants.flat()
  let rounds = 0
  return {
    seed,
    next: () => {
      if (seed !== undefined) {
        const variant = once.shift()
        return variant && { ...variant, seed }
      }
      // The kinds take turns, and so do the rounds of each kind.
      const own = variants[rounds % variants.length] ?? []
      const variant = own[Math.floor(rounds / variants.length) % own.length]
      rounds += 1
      return variant && { ...variant, seed: randomInt(2 ** 31) }
    },
  }
}

const EVERY_MS = 1_000

const _explore = async ({ values, output, progress, onInterrupt }: Run<typeof OPTIONS>): Promise<number> => {
  const minutes = _minutes(values.minutes)
  const workers = wholeNumber('workers', values.workers ?? String(availableParallelism()), 1)
  const { seed, next } = _roundsOf(values)
  const print = (lines: string[]): void => output.out(`${lines.join('\n')}\n`)

  const from = Date.now()
  const until = from + minutes * 60_000
  let found: Found = { counts: {}, failures: new Map() }
  const printed = new Set<string>()
  const onProgress = (now: Found): void => {
    found = now
    for (const [title, failure] of values.json ? [] : now.failures) {
      if (printed.has(title)) continue
      printed.add(title)
      print(_describe(failure))
    }
  }
  const tell = (): void => {
    const time = seed === undefined ? _left(until - Date.now()) : 'one round'
    progress(`${time}: ${_ran(found)}; ${found.failures.size} failures`)
  }
  const ticking = setInterval(tell, EVERY_MS)

  let stop = (): void => {}
  const over = new Promise<void>((resolve) => {
    stop = resolve
    if (seed === undefined) setTimeout(resolve, until - Date.now()).unref()
  })
  const searching = search({ workers, next, over, onProgress })
  const finish = async (): Promise<number> => {
    const all = await searching
    clearInterval(ticking)
    progress.end()
    onProgress(all)
    const failures = [...all.failures.values()]
    const seconds = (Date.now() - from) / 1_000
    if (values.json) print([JSON.stringify({ seconds, counts: all.counts, failures })])
    else {
      print([
        `${_ran(all)} in ${seconds.toFixed(0)} s; ${failures.length} distinct failures`,
        ...failures.map(({ title, again }) => `! ${title}: ${again}`),
      ])
    }
    return failures.length === 0 ? 0 : 1
  }
  // Ends the search early. What is being played may finish, and what was found is printed.
  onInterrupt(async () => {
    stop()
    await finish()
  })
  return finish()
}

await runCommand(
  {
    name: 'npm run explore',
    about:
      'Tries fresh random cases until the time is over. Prints the shortest failing case of each kind, with the command ' +
      'that reproduces it.',
    options: OPTIONS,
    examples: [
      ['--minutes 30', 'everything, for half an hour'],
      ['--only chaos --desk slack', 'one kind, at one desk'],
      ['--only sequences --seed 12 --path 7', 'one failing case again'],
    ],
    exits: { 0: 'nothing failed', 1: 'something failed' },
  },
  _explore
)
