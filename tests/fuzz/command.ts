/** `npm run fuzz -- --runs 100000 --seed 1`: sends malformed, forged and nonsensical requests to every endpoint. */
import { parseArgs } from 'node:util'
import { providerNames } from '../../src/definition/registry'
import { fuzz } from './fuzz'

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '10000' }, seed: { type: 'string', default: '1' } },
})
const runs = Number(values.runs)
const seed = Number(values.seed)
if (!Number.isInteger(runs) || runs < 1 || !Number.isInteger(seed))
  throw new Error('--runs and --seed must be whole numbers, --runs at least 1')

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
