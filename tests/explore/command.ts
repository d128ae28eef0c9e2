/** Searches for failures with fresh seeds: `npm run explore -- --minutes 10`. `npm test` uses fixed seeds instead. */
import { randomInt } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { providerNames } from '../../src/definition/registry'
import { BREAKS, UNPROMISED, WEATHERS, type WeatherName } from '../chaos/kinds'
import { fail, oneOf, readArguments, wholeNumber } from '../support/arguments'
import { KINDS, type Failure, type Kind, type Round } from './round'
import { search, type Found } from './search'

const WEATHER_NAMES = Object.keys(WEATHERS) as WeatherName[]
/** What is found in the others is known (docs/RELIABILITY.md). */
const SEARCHED = WEATHER_NAMES.filter((name) => !UNPROMISED.includes(name))

const HELP = `npm run explore -- [--minutes 10] [--only KIND] [--desk NAME] [--weather NAME] [--workers N]
npm run explore -- --only KIND --seed S [--path P] [--desk NAME] [--weather NAME]
Tries fresh random cases until the time is over. Prints the shortest failing case of each kind, with the command that
reproduces it. Exits with 1 if anything failed.

  --minutes  how long to search; fractions are allowed
  --only     one of ${KINDS.join(', ')}
  --seed     play one round with this seed instead of many with fresh seeds
  --path     for sequences: the failing run
  --desk     one of ${providerNames.join(', ')}; default: all
  --weather  for chaos: one of ${WEATHER_NAMES.join(', ')}; default: all but ${UNPROMISED.join(', ')}
  --break    for chaos: a router that is broken on purpose (${BREAKS.join(', ')})`

const values = readArguments(
  {
    minutes: { type: 'string', default: '10' },
    only: { type: 'string' },
    seed: { type: 'string' },
    path: { type: 'string' },
    desk: { type: 'string' },
    weather: { type: 'string' },
    break: { type: 'string' },
    workers: { type: 'string' },
  },
  HELP
)

const minutes = Number(values.minutes)
if (values.minutes.trim() === '' || !(minutes > 0 && minutes <= 7 * 24 * 60))
  fail(`--minutes must be a number above 0, not ${JSON.stringify(values.minutes)}`)
const kinds: readonly Kind[] = values.only === undefined ? KINDS : [oneOf('only', values.only, KINDS)]
const seed = values.seed === undefined ? undefined : wholeNumber('seed', values.seed, 0)
if (seed !== undefined && seed >= 2 ** 31) fail('--seed must be below 2147483648')
const path = values.path === undefined ? undefined : String(wholeNumber('path', values.path, 0))
if (path !== undefined && (seed === undefined || values.only !== 'sequences'))
  fail('--path needs --only sequences and --seed')
const desks: string[] = values.desk === undefined ? [...providerNames] : [oneOf('desk', values.desk, providerNames)]
const weathers = values.weather === undefined ? SEARCHED : [oneOf('weather', values.weather, WEATHER_NAMES)]
const broken = values.break === undefined ? undefined : oneOf('break', values.break, BREAKS)
const workers = wholeNumber('workers', values.workers ?? String(availableParallelism()), 1)

/** The rounds of a kind, without their seeds. */
const _variants = (kind: Kind): Omit<Round, 'seed'>[] => {
  const [weather = 'rough'] = weathers
  const base = { kind, desks, weather }
  if (kind === 'sequences')
    return desks.map((desk) => ({ ...base, desks: [desk], ...(path === undefined ? {} : { path }) }))
  if (kind === 'chaos')
    return weathers.map((each) => ({ ...base, weather: each, ...(broken ? { break: broken } : {}) }))
  return [base]
}

const variants = kinds.map(_variants)
let rounds = 0
/** The kinds take turns, and so do the rounds of each kind. */
const next = (): Round | undefined => {
  const own = variants[rounds % variants.length] ?? []
  const variant = own[Math.floor(rounds / variants.length) % own.length]
  rounds += 1
  return variant && { ...variant, seed: randomInt(2 ** 31) }
}

const once = variants.flat()
const nextOnce = (): Round | undefined => {
  const variant = once.shift()
  return variant && { ...variant, seed: seed ?? 0 }
}

const EVERY_MS = 3_000

const _ran = ({ counts }: Found): string =>
  Object.entries(counts)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ') || 'nothing yet'

const _print = (lines: string[]): void => void process.stdout.write(`${lines.join('\n')}\n`)

const _describe = ({ title, report, again }: Failure): string[] => [`! ${title}`, report, `Reproduce: ${again}`, '']

const from = Date.now()
const until = from + minutes * 60_000
let found: Found = { counts: {}, failures: new Map() }
const printed = new Set<string>()
const onProgress = (now: Found): void => {
  found = now
  for (const [title, failure] of now.failures) {
    if (printed.has(title)) continue
    printed.add(title)
    _print(_describe(failure))
  }
}

const progress = (): void => {
  const left = Math.max(0, Math.round((until - Date.now()) / 1_000))
  const time = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')} left`
  const line = `${seed === undefined ? time : 'one round'}: ${_ran(found)}; ${found.failures.size} failures`
  process.stderr.write(process.stderr.isTTY ? `\r\u001B[K${line}` : `${line}\n`)
}
const ticking = setInterval(progress, EVERY_MS)

const over = new Promise<void>((resolve) => {
  if (seed === undefined) setTimeout(resolve, until - Date.now()).unref()
  process.once('SIGINT', () => resolve())
})
const all = await search({ workers, next: seed === undefined ? next : nextOnce, over, onProgress })
clearInterval(ticking)
if (process.stderr.isTTY) process.stderr.write('\n')
onProgress(all)
const failures = [...all.failures.values()]
_print([
  `${_ran(all)} in ${((Date.now() - from) / 1_000).toFixed(0)} s; ${failures.length} distinct failures`,
  ...failures.map(({ title, again }) => `! ${title}: ${again}`),
])
process.exit(failures.length === 0 ? 0 : 1)
