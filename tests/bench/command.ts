/** `npm run bench`: what each operation of the router costs, and how that grows. Calls are exact, times are not. */
import { bundleRouter, sizesOf } from '../../playground/build/bundle'
import { runCommand, silenceConsole, wholeNumber, type Run } from '../../playground/terminal/command'
import { providerNames } from '../../src/definition/registry'
import { budgetOf, BUNDLE_BUDGET_KIB, isWithin } from './budgets'
import { measureCpu, measureLoad } from './cpu'
import { growthOfMessages, growthOfSessions, type Growth } from './growth'
import { INSTANCES, measureDesk, measureOthers, type Measured } from './operations'

const OPTIONS = {
  quick: { type: 'boolean', default: false, help: 'leave out 5,000 messages and 100,000 sessions' },
  webhooks: { type: 'string', value: 'N', default: '1000', help: 'webhooks for the CPU measurement' },
  json: { type: 'boolean', default: false, help: 'print the measurements as JSON' },
} as const

const _bench = async ({ values, output, progress: tell, onInterrupt }: Run<typeof OPTIONS>): Promise<number> => {
  const webhooks = wholeNumber('webhooks', values.webhooks, 1)
  const print = (text: string): void => output.out(`${text}\n`)
  silenceConsole()
  const operations: Measured[] = []
  const growth: Growth[] = []
  onInterrupt(() => `${operations.length} operations and ${growth.length} growths measured; nothing is compared yet`)

  tell('Operations')
  operations.push(...(await measureOthers()))
  for (const desk of providerNames) {
    for (const where of INSTANCES) {
      tell(`Operations: ${desk}, ${where} instance`)
      operations.push(...(await measureDesk(desk, where)))
    }
  }

  for (const desk of providerNames) {
    for (const size of values.quick ? [10, 200] : [10, 500, 5_000]) {
      for (const count of [1, 2, 8]) {
        tell(`Growth: ${desk}, ${size} messages, ${count} instances in turns`)
        const onProgress = (done: number): void => {
          if (done % 1_000 === 0) tell(`  ${done} messages`)
        }
        growth.push(...(await growthOfMessages(desk, size, count, onProgress)))
      }
    }
  }
  for (const size of values.quick ? [10, 1_000] : [10, 1_000, 100_000]) {
    tell(`Growth: ${size} open sessions`)
    growth.push(await growthOfSessions(size))
  }

  tell('Bundle and load')
  const bundle = await bundleRouter()
  const sizes = sizesOf(bundle)
  const load = await measureLoad(15)
  const cpu = await measureCpu([...providerNames], webhooks, tell)

  tell.end()
  const isExceeded = operations.filter((measured) => !isWithin(measured))
  const bundleKiB = bundle.code.length / 1_024
  if (values.json) {
    print(JSON.stringify({ operations, growth, bundle: { kib: bundleKiB, sizes }, load, cpu }, null, 2))
  } else {
    print('calls to Botpress / calls to the vendor / longest chain · ms (budget)\n')
    for (const { operation, desk, instance, cost } of operations) {
      const budget = budgetOf({ operation, desk, instance })
      const limits = budget ? `(${budget.calls} calls, chain ${budget.chain})` : ''
      print(
        `${operation.padEnd(36)}${desk.padEnd(10)}${instance.padEnd(7)}` +
          `${`${cost.api}/${cost.desk}/${cost.chain} · ${cost.ms}`.padEnd(18)}${limits}`
      )
    }
    print('\ngrowth')
    for (const { operation, desk, size, instances, cost } of growth) {
      const what = `${size} ${operation === 'startHitl' ? 'open sessions' : 'messages'}, ${instances} in turns`
      print(
        `${operation.padEnd(36)}${desk.padEnd(10)}${what.padEnd(30)}${cost.api}/${cost.desk}/${cost.chain} · ${cost.ms}`
      )
    }
    print(`\nbundle ${bundleKiB.toFixed(0)} KiB (${BUNDLE_BUDGET_KIB})`)
    for (const { name, bytes } of sizes.slice(0, 15)) print(`  ${(bytes / 1_024).toFixed(0).padStart(6)}  ${name}`)
    print(
      `load ${(load.router / load.sdk).toFixed(2)} × the bare SDK (${load.router.toFixed(0)} and ${load.sdk.toFixed(0)} ms)`
    )
    for (const { name, cpuMs, memoryMiB } of cpu) {
      const floor = cpu.find((one) => one.name === 'one call')?.cpuMs ?? cpuMs
      print(
        `CPU ${name.padEnd(10)} ${(cpuMs / floor).toFixed(2)} × one call, ${cpuMs.toFixed(2)} ms, ` +
          `${memoryMiB.toFixed(0)} MiB after ${webhooks} webhooks`
      )
    }
  }
  for (const { operation, desk, instance, cost } of isExceeded)
    output.error(
      `\nOver its budget: ${operation} ${desk} (${instance})\n${cost.list.map((line) => `  ${line}\n`).join('')}`
    )
  return isExceeded.length > 0 || bundleKiB > BUNDLE_BUDGET_KIB ? 1 : 0
}

await runCommand(
  {
    name: 'npm run bench',
    about:
      'Measures calls, the longest chain of calls, and time for each operation, desk and kind of instance, with 30 ms a ' +
      'call to Botpress and 80 ms a call to a vendor; growth over messages, open sessions and instances; CPU, memory, ' +
      'bundle and load time.',
    options: OPTIONS,
    examples: [
      ['--quick', 'without the longest measurements'],
      ['--json > bench.json', 'for comparing two versions'],
    ],
    exits: { 0: 'within every budget (tests/bench/budgets.ts)', 1: 'a budget is exceeded' },
  },
  _bench
)
