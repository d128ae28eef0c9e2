/** `npm run rotation`: measures weighted round-robin across processes. */
import { parseArgs } from 'node:util'
import { providers } from '../../src/definition/registry'
import { measureRotation } from './measure'

const HELP = `npm run rotation -- [--handoffs 1000] [--processes 8] [--parallel 32] [--weights 5:3:2] [--kill]
Starts handoffs on several processes of the router against one local Botpress and counts the handoffs of each desk.
--kill kills one process halfway. Exits with 1 if a desk is off its share by more than 1, or if a handoff was lost or
opened two tickets.`

const fail = (text: string): never => {
  console.error(text)
  process.exit(2)
}

const wholeNumber = (name: string, value: string): number => {
  const number = Number(value)
  return Number.isInteger(number) && number > 0
    ? number
    : fail(`--${name} must be a whole number above 0, not ${value}`)
}

const { values } = parseArgs({
  options: {
    handoffs: { type: 'string', default: '1000' },
    processes: { type: 'string', default: '8' },
    parallel: { type: 'string', default: '32' },
    weights: { type: 'string', default: '1:1:1' },
    kill: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) {
  console.log(HELP)
  process.exit(0)
}

const desks = Object.keys(providers)
const weights = values.weights.split(':').map((weight) => wholeNumber('weights', weight))
if (weights.length > desks.length) fail(`--weights names ${weights.length} desks, but only ${desks.length} exist`)
const print = console.log
for (const level of ['log', 'info', 'debug', 'warn'] as const) console[level] = () => undefined

const handoffs = wholeNumber('handoffs', values.handoffs)
const result = await measureRotation({
  weights: Object.fromEntries(weights.map((weight, index) => [desks[index] ?? '', weight])),
  processes: wholeNumber('processes', values.processes),
  parallel: wholeNumber('parallel', values.parallel),
  handoffs,
  kill: values.kill,
  onProgress: (done) => {
    if (done % Math.ceil(handoffs / 10) === 0) process.stderr.write(`${done} of ${handoffs} handoffs\n`)
  },
})

for (const { desk, weight, got, expected } of result.shares) {
  print(
    `${desk.padEnd(12)} weight ${weight}  got ${got}  share ${expected.toFixed(1)}  off by ${Math.abs(got - expected).toFixed(1)}`
  )
}
print(
  `${handoffs} handoffs, ${result.tickets} tickets, ${result.failed} failed, ${result.failedOver} failed over, ${result.seconds.toFixed(0)} s`
)
const isExact = result.shares.every(({ got, expected }) => Math.abs(got - expected) <= 1)
process.exit(isExact && result.tickets === handoffs && result.failed === 0 ? 0 : 1)
