/** `npm run bench`: what each operation of the router costs, and how that grows. Calls are exact, times are not. */
import { bundleRouter, bundleSdk, sizesOf } from '../../playground/build/bundle'
import { runCommand, silenceConsole, wholeNumber, type Run } from '../../playground/terminal/command'
import { providerNames } from '../../src/definition/registry'
import { BUNDLE_BUDGET_KIB, exceededPackages, isWithin, packagesOf } from './budgets'
import { measureCpu, measureLoad } from './cpu'
import { growthOfMessages, growthOfSessions, type Growth } from './growth'
import { loadLine, measureUnderLoad, type Load } from './load'
import { INSTANCES, measureDesk, measureOthers, type Measured } from './operations'
import { printed } from './print'

const CPU_WEBHOOKS = 1_000
/** Messages of each side, and instances that take turns. The longest only where instances matter most. */
const MESSAGES = [10, 500].flatMap((size) => [1, 2, 8].map((count) => [size, count] as const))

const OPTIONS = {
  quick: { type: 'boolean', default: false, help: 'leave out 5,000 messages, 100,000 sessions and most webhooks' },
  json: { type: 'boolean', default: false, help: 'print the measurements as JSON' },
  markdown: { type: 'boolean', default: false, help: 'print the tables of docs/PERFORMANCE.md' },
  load: { type: 'boolean', default: false, help: 'only start handoffs at a rate, under the published rate limits' },
  rate: { type: 'string', value: 'N', default: '100', help: 'with --load: handoffs a second' },
  seconds: { type: 'string', value: 'N', default: '20', help: 'with --load: for how long, in simulated time' },
  webhooks: { type: 'string', value: 'N', default: '20000', help: 'webhooks for the measurement of memory' },
} as const

type Tell = (what: string) => void

/** Each desk alone, then all of them in registry order. */
const _underLoad = async (rate: number, seconds: number, tell: Tell): Promise<Load[]> => {
  const loads: Load[] = []
  for (const desks of [...providerNames.map((desk) => [desk]), [...providerNames]]) {
    tell(`Load: ${desks.join(', ')}`)
    loads.push(await measureUnderLoad(desks, rate, seconds, (done, of) => tell(`  ${done} of ${of} handoffs`)))
  }
  return loads
}

const _operations = async (measured: Measured[], tell: Tell): Promise<void> => {
  tell('Operations')
  measured.push(...(await measureOthers()))
  for (const desk of providerNames) {
    for (const where of INSTANCES) {
      tell(`Operations: ${desk}, ${where} instance`)
      measured.push(...(await measureDesk(desk, where)))
    }
  }
}

const _growth = async (growth: Growth[], isQuick: boolean, tell: Tell): Promise<void> => {
  const sizes = isQuick
    ? ([
        [10, 1],
        [200, 8],
      ] as const)
    : ([...MESSAGES, [5_000, 8]] as const)
  for (const desk of providerNames) {
    for (const [size, count] of sizes) {
      tell(`Growth: ${desk}, ${size} messages, ${count} instances in turns`)
      const onProgress = (done: number): void => {
        if (done % 1_000 === 0) tell(`  ${done} messages`)
      }
      growth.push(...(await growthOfMessages(desk, size, count, onProgress)))
    }
  }
  for (const size of isQuick ? [10, 1_000] : [10, 1_000, 100_000]) {
    tell(`Growth: ${size} open sessions`)
    growth.push(await growthOfSessions(size))
  }
}

const _bench = async ({ values, output, progress: tell, onInterrupt }: Run<typeof OPTIONS>): Promise<number> => {
  const webhooks = wholeNumber('webhooks', values.webhooks, 1)
  const rate = wholeNumber('rate', values.rate, 1)
  const seconds = wholeNumber('seconds', values.seconds, 1)
  const print = (text: string): void => output.out(`${text}\n`)
  silenceConsole()
  if (values.load) {
    const loads = await _underLoad(rate, seconds, tell)
    tell.end()
    print(values.json ? JSON.stringify(loads, null, 2) : loads.map(loadLine).join('\n'))
    return 0
  }
  const operations: Measured[] = []
  const growth: Growth[] = []
  onInterrupt(() => `${operations.length} operations and ${growth.length} growths measured; nothing is compared yet`)
  tell('Bundle and load')
  const [router, sdk] = [await bundleRouter(), await bundleSdk()]
  const packages = packagesOf(sizesOf(router), sizesOf(sdk))
  const bundle = { kib: router.code.length / 1_024, sdkKib: sdk.code.length / 1_024, packages }
  const load = await measureLoad(15)
  const cpu = await measureCpu([...providerNames], {
    count: CPU_WEBHOOKS,
    webhooks: values.quick ? CPU_WEBHOOKS : webhooks,
    onProgress: tell,
  })
  await _operations(operations, tell)
  await _growth(growth, values.quick, tell)
  const underLoad = values.markdown ? await _underLoad(rate, seconds, tell) : []
  tell.end()
  const results = { bundle, load, cpu, operations, growth, underLoad }
  print(values.json ? JSON.stringify(results, null, 2) : printed(results, values.markdown))
  const isExceeded = operations.filter((measured) => !isWithin(measured))
  for (const { operation, desk, instance, cost } of isExceeded) {
    output.error(
      `\nOver its budget: ${operation} ${desk} (${instance})\n${cost.list.map((line) => `  ${line}\n`).join('')}`
    )
  }
  for (const line of exceededPackages(packages)) output.error(`Over its budget: ${line}\n`)
  return isExceeded.length > 0 || exceededPackages(packages).length > 0 || bundle.kib > BUNDLE_BUDGET_KIB ? 1 : 0
}

await runCommand(
  {
    name: 'npm run bench',
    about:
      'Measures bundle and load time; CPU and memory; calls, the longest chain of calls, and time for each operation, ' +
      'desk and kind of instance, with 30 ms a call to Botpress and 80 ms a call to a vendor; growth over messages, ' +
      'open sessions and instances.',
    options: OPTIONS,
    examples: [
      ['--quick', 'the table in a few minutes'],
      ['--load', 'a hundred handoffs a second against the published rate limits'],
    ],
    exits: { 0: 'everything is within its budget', 1: 'a budget (tests/bench/budgets.ts) is exceeded' },
  },
  _bench
)
