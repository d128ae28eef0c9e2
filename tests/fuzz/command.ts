/** `npm run fuzz -- --runs 100000 --seed 1`: sends malformed, forged and nonsensical requests to every endpoint. */
import { runCommand, silenceConsole, wholeNumber } from '../../playground/terminal/command'
import { providerNames } from '../../src/definition/registry'
import { fuzz } from './fuzz'

const LONGEST_REPORT = 6_000

await runCommand(
  {
    name: 'npm run fuzz',
    about: 'Sends malformed, forged and nonsensical requests to every endpoint.',
    options: {
      runs: { type: 'string', value: 'N', default: '10000', help: 'how many requests' },
      seed: { type: 'string', value: 'N', default: '1', help: 'the same seed sends the same requests' },
      json: { type: 'boolean', default: false, help: 'print the result as JSON' },
    },
    examples: [
      ['--runs 1000', 'a quick look'],
      ['--runs 100000 --seed 7', 'other requests, and more of them'],
    ],
    exits: { 0: 'no attack gets through', 1: 'an attack gets through' },
  },
  async ({ values, output, progress, onInterrupt }) => {
    const runs = wholeNumber('runs', values.runs, 1)
    const seed = wholeNumber('seed', values.seed, 0)
    const from = performance.now()
    let done = 0
    const through = new Set<string>()
    silenceConsole()
    onInterrupt(() => `${done} of ${runs} requests; attacks that got through: ${[...through].join(', ') || 'none'}`)
    const result = await fuzz({
      runs,
      seed,
      desks: [...providerNames],
      onProgress: (count, about) => {
        done = count
        progress(`${Math.floor((count / runs) * 100)} % ${count} of ${runs} requests (${about})`)
      },
      onBreakthrough: (attack) => through.add(attack),
    })
    progress.end()
    const seconds = (performance.now() - from) / 1_000
    if (values.json) {
      output.out(`${JSON.stringify({ seed, seconds, ...result })}\n`)
    } else {
      const lines = [
        `seed ${seed}: ${result.runs} requests in ${seconds.toFixed(0)} s, ${result.failures.length} kinds of attack got through`,
        `slowest: ${result.slowestMs.toFixed(0)} ms`,
        ...result.failures.map(({ attack, report }) => `! ${attack}\n${report.slice(0, LONGEST_REPORT)}`),
      ]
      output.out(`${lines.join('\n')}\n`)
    }
    return result.failures.length === 0 ? 0 : 1
  }
)
