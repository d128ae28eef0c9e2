/**
 * Whole handoffs in bad weather, and what became of them:
 *
 *     npm run chaos -- --seed 1 --handoffs 10000 [--desk zendesk] [--weather rough] [--json] [--workers 2] [--only 42] [--break dedupe]
 *
 * In simulated time, so that the same seed has the same outcome. With processes of the router that are really killed, on the machine's time:
 *
 *     npm run chaos -- --processes 3 --handoffs 60 --seed 1 [--desk zendesk] [--json]
 */
import { availableParallelism } from 'node:os'
import { providerNames } from '../../src/definition/registry'
import { BREAKS, KILLING, type Weather, WEATHERS, type WeatherName } from './kinds'
import { runProcesses } from './processes'
import { asJson, createProgress, describeShortest, summary } from './report'
import { againOf, runAll, runOne, type RunOptions, type Totals } from './run'
import { fail, oneOf, readArguments, wholeNumber } from '../support/arguments'
import { shrink } from './shrink'
import { listen } from './silence'
import type { Violation } from './judge'

const HELP = `npm run chaos -- [--seed 1] [--handoffs 1000] [--desk NAME] [--weather rough] [--workers N] [--only N] [--break NAME] [--json] [--no-shrink]
npm run chaos -- --processes 3 [--handoffs 60] [--seed 1] [--desk NAME] [--json]
Plays handoffs while calls fail, webhooks are lost and instances crash, and checks what became of each. Exits with 1 when a promise was broken.
  --desk       one of ${providerNames.join(', ')}; all unless given
  --weather    one of ${Object.keys(WEATHERS).join(', ')}
  --only       the handoff of this number alone, with a trace
  --break      a router that is broken on purpose: ${BREAKS.join(', ')}
  --processes  real processes of the router that are killed, on the machine's time`

const values = readArguments(
  {
    seed: { type: 'string', default: '1' },
    handoffs: { type: 'string' },
    desk: { type: 'string' },
    workers: { type: 'string' },
    processes: { type: 'string' },
    only: { type: 'string' },
    break: { type: 'string' },
    weather: { type: 'string', default: 'rough' },
    json: { type: 'boolean', default: false },
    'no-shrink': { type: 'boolean', default: false },
  },
  HELP
)

const DEFAULT_HANDOFFS = 1_000
const only = values.only === undefined ? undefined : wholeNumber('only', values.only, 0)
const handoffs = values.handoffs === undefined ? undefined : wholeNumber('handoffs', values.handoffs, 1)
const broken = values.break === undefined ? undefined : oneOf('break', values.break, BREAKS)
const options: RunOptions = {
  seed: values.seed,
  // One handoff is played as in a run that has room for it.
  handoffs: handoffs ?? (only === undefined ? DEFAULT_HANDOFFS : Number.MAX_SAFE_INTEGER),
  desks: values.desk === undefined ? [...providerNames] : [oneOf('desk', values.desk, providerNames)],
  workers: wholeNumber('workers', values.workers ?? String(availableParallelism()), 1),
  weather: oneOf('weather', values.weather, Object.keys(WEATHERS) as WeatherName[]),
  ...(broken ? { break: broken } : {}),
}

const _print = (lines: string[]): void => {
  process.stdout.write(`${lines.join('\n')}\n`)
}

/** Nothing of what the router logs is for the reader of the report. */
const _quietly = async <T>(work: () => Promise<T>): Promise<T> => {
  const ear = listen()
  try {
    return await work()
  } finally {
    ear.stop()
  }
}

const _explain = async (violations: Violation[]): Promise<void> => {
  const [first] = violations
  if (!first || values['no-shrink']) return
  const shortest = await _quietly(() => shrink(options, first.handoff, first.kind))
  if (shortest) _print(describeShortest(shortest))
  _print([`Again: ${againOf(options, first.handoff)}`])
}

const _one = async (handoff: number): Promise<boolean> => {
  const ear = listen()
  const result = await runOne(options, handoff).finally(ear.stop)
  const complaints = ear.lines().filter((line) => /could not|failed|refused/i.test(line))
  const violations = result.violations.filter((violation) => violation.handoff === handoff)
  _print([
    ...result.trace,
    ...complaints.map((line) => `log: ${line.slice(0, 400)}`),
    ...violations.map(({ kind, what }) => `! ${kind}: ${what}`),
  ])
  await _explain(violations)
  return violations.length === 0
}

/** What the run came to, and whether that is good. */
const _tell = (totals: Totals, weather: Weather, seconds: number): boolean => {
  const { seed } = options
  _print(
    values.json ? [JSON.stringify(asJson(totals, weather, seed, seconds))] : summary(totals, weather, seed, seconds)
  )
  return totals.violations.length === 0 && totals.leaks.length === 0
}

const _timed = async <T>(work: () => Promise<T>): Promise<[T, number]> => {
  const from = performance.now()
  const result = await work()
  return [result, (performance.now() - from) / 1_000]
}

const _all = async (): Promise<boolean> => {
  const progress = createProgress(process.stderr, options.handoffs)
  const [totals, seconds] = await _timed(() =>
    runAll(options, ({ handoffs, violations }) => progress(Math.min(handoffs, options.handoffs), violations.length))
  )
  const isGood = _tell(totals, WEATHERS[options.weather], seconds)
  if (!values.json) await _explain(totals.violations)
  return isGood
}

const _processes = async (processes: number): Promise<boolean> => {
  for (const name of ['only', 'break', 'workers'] as const)
    if (values[name] !== undefined) fail(`--${name} is for simulated time, not for --processes`)
  const { seed, handoffs, desks } = options
  const ear = listen()
  const [totals, seconds] = await _timed(() =>
    runProcesses({ seed, handoffs, desks, processes, hear: ear.hear })
  ).finally(ear.stop)
  return _tell({ ...totals, leaks: ear.take() }, KILLING, seconds)
}

const _play = (): Promise<boolean> => {
  if (values.processes !== undefined) return _processes(wholeNumber('processes', values.processes, 2))
  if (only !== undefined) return _one(only)
  return _all()
}

process.exitCode = (await _play()) ? 0 : 1
