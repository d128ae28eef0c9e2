/** `npm run bench`: what each operation of the router costs, and how that grows. Calls are exact, times are not. */
import { bundleRouter, bundleSdk, sizesOf } from '../../playground/build/bundle'
import { providerNames } from '../../src/definition/registry'
import { readArguments, wholeNumber } from '../support/arguments'
import { BUNDLE_BUDGET_KIB, exceededPackages, isWithin, packagesOf } from './budgets'
import { measureCpu, measureLoad } from './cpu'
import { growthOfMessages, growthOfSessions, type Growth } from './growth'
import { loadLine, measureUnderLoad, type Load } from './load'
import { INSTANCES, measureDesk, measureOthers, type Measured } from './operations'
import { printed } from './print'

const HELP = `npm run bench -- [--quick] [--json | --markdown] [--webhooks 20000]
npm run bench -- --load [--rate 100] [--seconds 20] [--json]
Measures bundle and load time; CPU and memory; calls, the longest chain of calls, and time for each operation, desk and
kind of instance, with 30 ms a call to Botpress and 80 ms a call to a vendor; growth over messages, open sessions and
instances. --quick leaves out 5,000 messages, 100,000 sessions and most webhooks. --markdown prints the tables of
docs/PERFORMANCE.md. --load starts handoffs at a rate, in simulated time and with the published rate limits of Botpress
and the vendors on. Exits with 1 if a budget (tests/bench/budgets.ts) is exceeded.`

const CPU_WEBHOOKS = 1_000
/** Messages of each side, and instances that take turns. The longest only where instances matter most. */
const MESSAGES = [10, 500].flatMap((size) => [1, 2, 8].map((count) => [size, count] as const))

const values = readArguments(
  {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    markdown: { type: 'boolean', default: false },
    load: { type: 'boolean', default: false },
    rate: { type: 'string', default: '100' },
    seconds: { type: 'string', default: '20' },
    webhooks: { type: 'string', default: '20000' },
  },
  HELP
)
const print = console.log
for (const level of ['log', 'info', 'debug', 'warn', 'error'] as const) console[level] = () => undefined
const tell = (what: string): void => {
  process.stderr.write(`${what}\n`)
}

/** Each desk alone, then all of them in registry order. */
const underLoad = async (): Promise<Load[]> => {
  const loads: Load[] = []
  for (const desks of [...providerNames.map((desk) => [desk]), [...providerNames]]) {
    tell(`Load: ${desks.join(', ')}`)
    loads.push(
      await measureUnderLoad(
        desks,
        wholeNumber('rate', values.rate, 1),
        wholeNumber('seconds', values.seconds, 1),
        (done, of) => tell(`  ${done} of ${of} handoffs`)
      )
    )
  }
  return loads
}

const operationsOf = async (): Promise<Measured[]> => {
  tell('Operations')
  const operations = await measureOthers()
  for (const desk of providerNames) {
    for (const where of INSTANCES) {
      tell(`Operations: ${desk}, ${where} instance`)
      operations.push(...(await measureDesk(desk, where)))
    }
  }
  return operations
}

const growthOf = async (): Promise<Growth[]> => {
  const growth: Growth[] = []
  for (const desk of providerNames) {
    for (const [size, count] of values.quick
      ? [[10, 1] as const, [200, 8] as const]
      : [...MESSAGES, [5_000, 8] as const]) {
      tell(`Growth: ${desk}, ${size} messages, ${count} instances in turns`)
      const onProgress = (done: number): void => {
        if (done % 1_000 === 0) tell(`  ${done} messages`)
      }
      growth.push(...(await growthOfMessages(desk, size, count, onProgress)))
    }
  }
  for (const size of values.quick ? [10, 1_000] : [10, 1_000, 100_000]) {
    tell(`Growth: ${size} open sessions`)
    growth.push(await growthOfSessions(size))
  }
  return growth
}

if (values.load) {
  const loads = await underLoad()
  print(values.json ? JSON.stringify(loads, null, 2) : loads.map(loadLine).join('\n'))
  process.exit(0)
}

tell('Bundle and load')
const [router, sdk] = [await bundleRouter(), await bundleSdk()]
const packages = packagesOf(sizesOf(router), sizesOf(sdk))
const bundle = { kib: router.code.length / 1_024, sdkKib: sdk.code.length / 1_024, packages }
const load = await measureLoad(15)
const cpu = await measureCpu([...providerNames], {
  count: CPU_WEBHOOKS,
  webhooks: values.quick ? CPU_WEBHOOKS : wholeNumber('webhooks', values.webhooks, 1),
  onProgress: tell,
})
const operations = await operationsOf()
const growth = await growthOf()
const results = { bundle, load, cpu, operations, growth, underLoad: values.markdown ? await underLoad() : [] }
print(values.json ? JSON.stringify(results, null, 2) : printed(results, values.markdown))

const isExceeded = operations.filter((measured) => !isWithin(measured))
for (const { operation, desk, instance, cost } of isExceeded) {
  tell(`\nOver its budget: ${operation} ${desk} (${instance})`)
  for (const line of cost.list) tell(`  ${line}`)
}
for (const line of exceededPackages(packages)) tell(`Over its budget: ${line}`)
process.exit(isExceeded.length > 0 || exceededPackages(packages).length > 0 || bundle.kib > BUNDLE_BUDGET_KIB ? 1 : 0)
