/** `npm run capacity`: measures across processes that a desk's most open sessions is never exceeded. */
import { providerNames } from '../../src/definition/registry'
import { readArguments, wholeNumber } from '../support/arguments'
import { measureCapacity } from './measure'

const HELP = `npm run capacity -- [--sessions 1000] [--processes 8] [--parallel 64] [--capacity 5] [--kill]
Starts and ends sessions on several processes of the router against one local Botpress, and counts the sessions that are
open at a desk with a limit. --kill kills one process halfway: what it was starting holds its place for a minute. Exits
with 1 if the limit is exceeded, or if not all places are free in the end.`

const values = readArguments(
  {
    sessions: { type: 'string', default: '1000' },
    processes: { type: 'string', default: '8' },
    parallel: { type: 'string', default: '64' },
    capacity: { type: 'string', default: '5' },
    kill: { type: 'boolean', default: false },
  },
  HELP
)
const print = console.log
for (const level of ['log', 'info', 'debug', 'warn'] as const) console[level] = () => undefined

const [limited = '', other = ''] = providerNames
const sessions = wholeNumber('sessions', values.sessions, 1)
const capacity = wholeNumber('capacity', values.capacity, 1)
const result = await measureCapacity({
  desks: [limited, other],
  capacity,
  sessions,
  processes: wholeNumber('processes', values.processes, 2),
  parallel: wholeNumber('parallel', values.parallel, 1),
  kill: values.kill,
  onProgress: (done) => {
    if (done % Math.ceil(sessions / 10) === 0) process.stderr.write(`${done} of ${sessions} sessions\n`)
  },
})
print(
  `capacity ${capacity}: at most ${result.most} open at once, ${result.taken} of ${sessions} sessions taken, ` +
    `${result.free} of ${capacity} places free ${result.freeAfter.toFixed(0)} s after the last end, ` +
    `${result.seconds.toFixed(0)} s in all`
)
for (const [reason, count] of result.failures) print(`  ${count} starts or ends failed: ${reason}`)
process.exit(result.most <= capacity && result.free === capacity ? 0 : 1)
