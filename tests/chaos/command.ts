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
import { oneOf, runCommand, UsageError, wholeNumber, type Run } from '../../playground/terminal/command'
import { providerNames } from '../../src/definition/registry'
import { BREAKS, KILLING, type Weather, WEATHERS, type WeatherName } from './kinds'
import { runProcesses } from './processes'
import { asJson, describeShortest, progressOf, summary } from './report'
import { againOf, emptyTotals, runAll, runOne, type RunOptions, type Totals } from './run'
import { shrink } from './shrink'
import { captureConsole } from './console-capture'
import type { Violation } from './judge'

const WEATHER_NAMES = Object.keys(WEATHERS) as WeatherName[]

const OPTIONS = {
  seed: { type: 'string', value: 'TEXT', default: '1', help: 'the same seed plays the same handoffs' },
  handoffs: { type: 'string', value: 'N', help: 'how many handoffs (default: 1000)' },
  desk: { type: 'string', value: 'NAME', help: `one of ${providerNames.join(', ')} (default: all)` },
  weather: { type: 'string', value: 'NAME', default: 'rough', help: `one of ${WEATHER_NAMES.join(', ')}` },
  workers: { type: 'string', value: 'N', help: 'processes that share the work (default: one for each core)' },
  only: { type: 'string', value: 'N', help: 'play the batch of this handoff and print its trace' },
  break: { type: 'string', value: 'NAME', help: `break the router on purpose: ${BREAKS.join(', ')}` },
  processes: { type: 'string', value: 'N', help: 'run this many real processes in real time and kill them one by one' },
  json: { type: 'boolean', default: false, help: 'print the result as JSON' },
  'no-shrink': { type: 'boolean', default: false, help: 'don’t look for the shortest script that still fails' },
} as const
type Values = Run<typeof OPTIONS>['values']

const DEFAULT_HANDOFFS = 1_000

const _optionsOf = (values: Values, only: number | undefined): RunOptions => {
  const handoffs = values.handoffs === undefined ? undefined : wholeNumber('handoffs', values.handoffs, 1)
  const broken = values.break === undefined ? undefined : oneOf('break', values.break, BREAKS)
  return {
    seed: values.seed,
    // Without a number of handoffs, the batch of the single handoff is a full one.
    handoffs: handoffs ?? (only === undefined ? DEFAULT_HANDOFFS : Number.MAX_SAFE_INTEGER),
    desks: values.desk === undefined ? [...providerNames] : [oneOf('desk', values.desk, providerNames)],
    workers: wholeNumber('workers', values.workers ?? String(availableParallelism()), 1),
    weather: oneOf('weather', values.weather, WEATHER_NAMES),
    ...(broken ? { break: broken } : {}),
  }
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

const _timed = async <T>(work: () => Promise<T>): Promise<[T, number]> => {
  const from = performance.now()
  const result = await work()
  return [result, (performance.now() - from) / 1_000]
}

const _chaos = async ({ values, output, progress, onInterrupt }: Run<typeof OPTIONS>): Promise<boolean> => {
  const only = values.only === undefined ? undefined : wholeNumber('only', values.only, 0)
  const options = _optionsOf(values, only)
  const print = (lines: string[]): void => output.out(`${lines.join('\n')}\n`)

  const explain = async (violations: Violation[]): Promise<void> => {
    const [first] = violations
    if (!first || values['no-shrink']) return
    progress('Looking for the shortest script that still fails')
    const shortest = await _quietly(() => shrink(options, first.handoff, first.kind))
    progress.end()
    if (shortest) print(describeShortest(shortest))
    print([`Reproduce: ${againOf(options, first.handoff)}`])
  }

  /** Prints the result of the run. Returns whether it is free of violations and canaries. */
  const report = (totals: Totals, weather: Weather, seconds: number): boolean => {
    const { seed } = options
    print(
      values.json ? [JSON.stringify(asJson(totals, weather, seed, seconds))] : summary(totals, weather, seed, seconds)
    )
    return totals.violations.length === 0 && totals.leaks.length === 0
  }

  const playOne = async (handoff: number): Promise<boolean> => {
    progress(`Playing the batch of handoff ${handoff}`)
    const capture = captureConsole()
    const result = await runOne(options, handoff).finally(capture.stop)
    const complaints = capture.lines().filter((line) => /could not|failed|refused/i.test(line))
    const violations = result.violations.filter((violation) => violation.handoff === handoff)
    print([
      ...result.trace,
      ...complaints.map((line) => `log: ${line.slice(0, 400)}`),
      ...violations.map(({ kind, what }) => `! ${kind}: ${what}`),
    ])
    await explain(violations)
    return violations.length === 0
  }

  const playAll = async (): Promise<boolean> => {
    const from = performance.now()
    let known = emptyTotals()
    const weather = WEATHERS[options.weather]
    // What was played so far is judged, too.
    onInterrupt(() => {
      report(known, weather, (performance.now() - from) / 1_000)
      return `${known.handoffs} of ${options.handoffs} handoffs`
    })
    progress(`0 of ${options.handoffs} handoffs`)
    const [totals, seconds] = await _timed(() =>
      runAll(options, (now) => {
        known = now
        progress(progressOf(now, options.handoffs))
      })
    )
    progress.end()
    const isGood = report(totals, weather, seconds)
    if (!values.json) await explain(totals.violations)
    return isGood
  }

  const playProcesses = async (processes: number): Promise<boolean> => {
    for (const name of ['only', 'break', 'workers'] as const)
      if (values[name] !== undefined) throw new UsageError(`--${name} can't be combined with --processes`)
    const { seed, handoffs, desks } = options
    progress(`${handoffs} handoffs with ${processes} processes, in real time`)
    const capture = captureConsole()
    const [totals, seconds] = await _timed(() =>
      runProcesses({ seed, handoffs, desks, processes, onOutput: capture.record })
    ).finally(capture.stop)
    progress.end()
    return report({ ...totals, leaks: capture.takeCanaries() }, KILLING, seconds)
  }

  if (values.processes !== undefined) return playProcesses(wholeNumber('processes', values.processes, 2))
  return only === undefined ? playAll() : playOne(only)
}

await runCommand(
  {
    name: 'npm run chaos',
    about: 'Plays handoffs while calls fail, webhooks are lost and instances crash, and judges the outcome.',
    options: OPTIONS,
    examples: [
      ['--handoffs 200', 'a quick look'],
      ['--handoffs 10000 --seed 7', 'enough to prove something'],
      ['--weather clocks --desk slack', 'clocks that run apart, at one desk'],
      ['--seed 5 --only 49', 'one handoff again, with its trace'],
      ['--processes 3 --handoffs 60', 'real processes that are killed'],
    ],
    exits: { 0: 'no violation', 1: 'a violation, or a secret or a customer’s text was printed' },
  },
  async (run) => ((await _chaos(run)) ? 0 : 1)
)
