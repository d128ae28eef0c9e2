/**
 * Plays whole handoffs while faults happen and judges the outcome:
 *
 *     npm run chaos -- --seed 1 --handoffs 10000 [--desk zendesk] [--weather rough] [--json] [--workers 2]
 *       [--only 42] [--break dedupe]
 *
 * Time is simulated, so the same seed has the same outcome. With `--processes` the router runs in real processes, which
 * are killed, in real time:
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
import { captureConsole } from './console-capture'
import type { Violation } from './judge'

const HELP = `npm run chaos -- [--seed 1] [--handoffs 1000] [--desk NAME] [--weather rough] [--workers N] [--only N]
                 [--break NAME] [--json] [--no-shrink]
npm run chaos -- --processes 3 [--handoffs 60] [--seed 1] [--desk NAME] [--json]
Plays handoffs while calls fail, webhooks are lost and instances crash, and judges the outcome.
Exits with 1 if there is a violation or a canary was printed.
  --desk       one of ${providerNames.join(', ')}; default: all
  --weather    one of ${Object.keys(WEATHERS).join(', ')}
  --only       play the batch of this handoff and print its trace
  --break      break the router on purpose: ${BREAKS.join(', ')}
  --processes  run this many real processes in real time and kill them one by one`

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
  // Without a number of handoffs, the batch of the single handoff is a full one.
  handoffs: handoffs ?? (only === undefined ? DEFAULT_HANDOFFS : Number.MAX_SAFE_INTEGER),
  desks: values.desk === undefined ? [...providerNames] : [oneOf('desk', values.desk, providerNames)],
  workers: wholeNumber('workers', values.workers ?? String(availableParallelism()), 1),
  weather: oneOf('weather', values.weather, Object.keys(WEATHERS) as WeatherName[]),
  ...(broken ? { break: broken } : {}),
}

const _print = (lines: string[]): void => {
  process.stdout.write(`${lines.join('\n')}\n`)
}

/** Hides the router's log lines from the report. */
const _quietly = async <T>(work: () => Promise<T>): Promise<T> => {
  const capture = captureConsole()
  try {
    return await work()
  } finally {
    capture.stop()
  }
}

const _explain = async (violations: Violation[]): Promise<void> => {
  const [first] = violations
  if (!first || values['no-shrink']) return
  const shortest = await _quietly(() => shrink(options, first.handoff, first.kind))
  if (shortest) _print(describeShortest(shortest))
  _print([`Reproduce: ${againOf(options, first.handoff)}`])
}

const _one = async (handoff: number): Promise<boolean> => {
  const capture = captureConsole()
  const result = await runOne(options, handoff).finally(capture.stop)
  const complaints = capture.lines().filter((line) => /could not|failed|refused/i.test(line))
  const violations = result.violations.filter((violation) => violation.handoff === handoff)
  _print([
    ...result.trace,
    ...complaints.map((line) => `log: ${line.slice(0, 400)}`),
    ...violations.map(({ kind, what }) => `! ${kind}: ${what}`),
  ])
  await _explain(violations)
  return violations.length === 0
}

/** Prints the result of the run. Returns whether it is free of violations and canaries. */
const _report = (totals: Totals, weather: Weather, seconds: number): boolean => {
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
  const isGood = _report(totals, WEATHERS[options.weather], seconds)
  if (!values.json) await _explain(totals.violations)
  return isGood
}

const _processes = async (processes: number): Promise<boolean> => {
  for (const name of ['only', 'break', 'workers'] as const)
    if (values[name] !== undefined) fail(`--${name} can't be combined with --processes`)
  const { seed, handoffs, desks } = options
  const capture = captureConsole()
  const [totals, seconds] = await _timed(() =>
    runProcesses({ seed, handoffs, desks, processes, onOutput: capture.record })
  ).finally(capture.stop)
  return _report({ ...totals, leaks: capture.takeCanaries() }, KILLING, seconds)
}

const _play = (): Promise<boolean> => {
  if (values.processes !== undefined) return _processes(wholeNumber('processes', values.processes, 2))
  if (only !== undefined) return _one(only)
  return _all()
}

process.exitCode = (await _play()) ? 0 : 1
