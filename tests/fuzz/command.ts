/** `npm run fuzz -- --runs 100000 --seed 1`: sends malformed, forged and nonsensical requests to every endpoint. */
import { providerNames } from '../../src/definition/registry'
import { readArguments, wholeNumber } from '../support/arguments'
import { fuzz } from './fuzz'

const HELP = `npm run fuzz -- [--runs 10000] [--seed 1]
Sends malformed, forged and nonsensical requests to every endpoint. Exits with 1 if an attack gets through.`

const values = readArguments(
  { runs: { type: 'string', default: '10000' }, seed: { type: 'string', default: '1' } },
  HELP
)
const runs = wholeNumber('runs', values.runs, 1)
const seed = wholeNumber('seed', values.seed, 0)

const write = process.stderr.write.bind(process.stderr)
const from = performance.now()
let printedTenth = 0
const result = await fuzz({
  runs,
  seed,
  desks: [...providerNames],
  onProgress: (done, about) => {
    const tenth = Math.floor((done / runs) * 10)
    if (tenth <= printedTenth) return
    printedTenth = tenth
    write(`${tenth * 10} % ${done} requests (${about})\n`)
  },
})
process.stdout.write(
  [
    `seed ${seed}: ${result.runs} requests in ${((performance.now() - from) / 1_000).toFixed(0)} s, ${result.failures.length} kinds of attack got through`,
    `slowest: ${result.slowestMs.toFixed(0)} ms`,
    ...result.failures.map(({ attack, report }) => `! ${attack}\n${report.slice(0, 6_000)}`),
    '',
  ].join('\n')
)
process.exitCode = result.failures.length === 0 ? 0 : 1
