/** `npm run capacity`: measures across processes that a desk's most open sessions is never exceeded. */
import { runCommand, silenceConsole, wholeNumber } from '../../playground/terminal/command'
import { providerNames } from '../../src/definition/registry'
import { measureCapacity } from './measure'

await runCommand(
  {
    name: 'npm run capacity',
    about:
      'Starts and ends sessions on several processes of the router against one local Botpress, and counts the sessions ' +
      'that are open at a desk with a limit.',
    options: {
      sessions: { type: 'string', value: 'N', default: '1000', help: 'how many sessions' },
      processes: { type: 'string', value: 'N', default: '8', help: 'how many processes, at least 2' },
      parallel: { type: 'string', value: 'N', default: '64', help: 'sessions in flight at a time' },
      capacity: { type: 'string', value: 'N', default: '5', help: 'the desk’s most open sessions' },
      kill: {
        type: 'boolean',
        default: false,
        help: 'kill one process halfway: what it was starting holds its place for a minute',
      },
      json: { type: 'boolean', default: false, help: 'print the result as JSON' },
    },
    examples: [
      ['--sessions 200 --processes 4', 'a quick look'],
      ['--kill', 'a process dies halfway'],
    ],
    exits: { 0: 'the limit holds and every place is free again', 1: 'the limit was exceeded, or a place is lost' },
  },
  async ({ values, output, progress, onInterrupt }) => {
    const [limited = '', other = ''] = providerNames
    const sessions = wholeNumber('sessions', values.sessions, 1)
    const capacity = wholeNumber('capacity', values.capacity, 1)
    const processes = wholeNumber('processes', values.processes, 2)
    const parallel = wholeNumber('parallel', values.parallel, 1)
    silenceConsole()
    let done = 0
    onInterrupt(() => `${done} of ${sessions} sessions were played`)
    progress(`Starting ${processes} processes`)
    const result = await measureCapacity({
      desks: [limited, other],
      capacity,
      sessions,
      processes,
      parallel,
      kill: values.kill,
      onProgress: (count) => {
        done = count
        progress(`${count} of ${sessions} sessions`)
      },
    })
    progress.end()
    const failures = [...result.failures].map(([reason, count]) => `  ${count} starts or ends failed: ${reason}\n`)
    output.out(
      values.json
        ? `${JSON.stringify({ capacity, sessions, ...result, failures: Object.fromEntries(result.failures) })}\n`
        : `capacity ${capacity}: at most ${result.most} open at once, ${result.taken} of ${sessions} sessions taken, ` +
            `${result.free} of ${capacity} places free ${result.freeAfter.toFixed(0)} s after the last end, ` +
            `${result.seconds.toFixed(0)} s in all\n${failures.join('')}`
    )
    return result.most <= capacity && result.free === capacity ? 0 : 1
  }
)
