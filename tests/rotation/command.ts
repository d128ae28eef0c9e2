/** `npm run rotation`: measures weighted round-robin across processes. */
import { runCommand, silenceConsole, UsageError, wholeNumber } from '../../playground/terminal/command'
import { providers } from '../../src/definition/registry'
import { measureRotation } from './measure'

await runCommand(
  {
    name: 'npm run rotation',
    about:
      'Starts handoffs on several processes of the router against one local Botpress, and counts the handoffs of each ' +
      'desk.',
    options: {
      handoffs: { type: 'string', value: 'N', default: '1000', help: 'how many handoffs' },
      processes: { type: 'string', value: 'N', default: '8', help: 'how many processes' },
      parallel: { type: 'string', value: 'N', default: '32', help: 'handoffs in flight at a time' },
      weights: { type: 'string', value: 'A:B:C', default: '1:1:1', help: 'the desks’ weights' },
      kill: { type: 'boolean', default: false, help: 'kill one process halfway' },
      json: { type: 'boolean', default: false, help: 'print the result as JSON' },
    },
    examples: [
      ['--weights 5:3:2', 'half, three in ten and a fifth'],
      ['--handoffs 200 --processes 4 --kill', 'a process dies halfway'],
    ],
    exits: {
      0: 'every desk has its share, and every handoff one ticket',
      1: 'a desk is off its share by more than 1, or a handoff was lost or opened two tickets',
    },
  },
  async ({ values, output, progress, onInterrupt }) => {
    const desks = Object.keys(providers)
    const weights = values.weights.split(':').map((weight) => wholeNumber('weights', weight, 1))
    if (weights.length > desks.length)
      throw new UsageError(`--weights names ${weights.length} desks, but only ${desks.length} exist`)
    const handoffs = wholeNumber('handoffs', values.handoffs, 1)
    const processes = wholeNumber('processes', values.processes, 1)
    const parallel = wholeNumber('parallel', values.parallel, 1)
    silenceConsole()
    let done = 0
    onInterrupt(() => `${done} of ${handoffs} handoffs were started`)
    progress(`Starting ${processes} processes`)
    const result = await measureRotation({
      weights: Object.fromEntries(weights.map((weight, index) => [desks[index] ?? '', weight])),
      processes,
      parallel,
      handoffs,
      kill: values.kill,
      onProgress: (count) => {
        done = count
        progress(`${count} of ${handoffs} handoffs`)
      },
    })
    progress.end()
    if (values.json) output.out(`${JSON.stringify({ handoffs, ...result })}\n`)
    else {
      const lines = result.shares.map(
        ({ desk, weight, got, expected }) =>
          `${desk.padEnd(12)} weight ${weight}  got ${got}  share ${expected.toFixed(1)}  ` +
          `off by ${Math.abs(got - expected).toFixed(1)}`
      )
      const { tickets, failed, failedOver, seconds } = result
      lines.push(
        `${handoffs} handoffs, ${tickets} tickets, ${failed} failed, ${failedOver} failed over, ${seconds.toFixed(0)} s`
      )
      output.out(`${lines.join('\n')}\n`)
    }
    const isExact = result.shares.every(({ got, expected }) => Math.abs(got - expected) <= 1)
    return isExact && result.tickets === handoffs && result.failed === 0 ? 0 : 1
  }
)
