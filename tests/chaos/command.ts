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
import { parseArgs } from 'node:util'
import { providerNames } from '../../src/definition/registry'
import { BREAKS, type Break, KILLING, type Weather, WEATHERS, type WeatherName } from './kinds'
import { runProcesses } from './processes'
import { asJson, createProgress, describeShortest, summary } from './report'
import { runAll, runOne, type RunOptions, type Totals } from './run'
import { shrink } from './shrink'
import { captureConsole } from './console-capture'
import type { Violation } from './judge'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    handoffs: { type: 'string', default: '1000' },
    desk: { type: 'string' },
    workers: { type: 'string' },
    processes: { type: 'string' },
    only: { type: 'string' },
    break: { type: 'string' },
    weather: { type: 'string', default: 'rough' },
    json: { type: 'boolean', default: false },
    'no-shrink': { type: 'boolean', default: false },
  },
})

const _whole = (name: string, value: string | undefined, least: number): number => {
  const number = Number(value)
  if (!Number.isInteger(number) || number < least)
    throw new Error(`--${name} must be a whole number, at least ${least}`)
  return number
}

const _desks = (): string[] => {
  if (values.desk === undefined) return [...providerNames]
  if (!(providerNames as string[]).includes(values.desk))
    throw new Error(`--desk must be one of ${providerNames.join(', ')}`)
  return [values.desk]
}

const _break = (): Break | undefined => {
  if (values.break === undefined) return undefined
  const known = BREAKS.find((name) => name === values.break)
  if (!known) throw new Error(`--break must be one of ${BREAKS.join(', ')}`)
  return known
}

const _weather = (): WeatherName => {
  const known = (Object.keys(WEATHERS) as WeatherName[]).find((name) => name === values.weather)
  if (!known) throw new Error(`--weather must be one of ${Object.keys(WEATHERS).join(', ')}`)
  return known
}

const broken = _break()
const options: RunOptions = {
  seed: values.seed,
  handoffs: _whole('handoffs', values.handoffs, 1),
  desks: _desks(),
  workers: _whole('workers', values.workers ?? String(availableParallelism()), 1),
  weather: _weather(),
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
  const desk = values.desk ? ` --desk ${values.desk}` : ''
  const weather = options.weather === 'rough' ? '' : ` --weather ${options.weather}`
  const breakOption = broken ? ` --break ${broken}` : ''
  _print([`Reproduce: npm run chaos -- --seed ${options.seed}${desk}${weather}${breakOption} --only ${first.handoff}`])
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
    if (values[name] !== undefined) throw new Error(`--${name} can't be combined with --processes`)
  const { seed, handoffs, desks } = options
  const capture = captureConsole()
  const [totals, seconds] = await _timed(() =>
    runProcesses({ seed, handoffs, desks, processes, onOutput: capture.record })
  ).finally(capture.stop)
  return _report({ ...totals, leaks: capture.takeCanaries() }, KILLING, seconds)
}

const _play = (): Promise<boolean> => {
  if (values.processes !== undefined) return _processes(_whole('processes', values.processes, 2))
  if (values.only !== undefined) return _one(_whole('only', values.only, 0))
  return _all()
}

process.exitCode = (await _play()) ? 0 : 1
