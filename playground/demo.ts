/** `npm run demo`: a handoff through each desk and a round-robin of six, as a timeline. */
import { demoCommand } from './demo/main'
import { runCommand } from './terminal/command'
import { wantsColors } from './terminal/output'

await runCommand(
  {
    name: 'npm run demo',
    about:
      'Plays a handoff through each desk and a round-robin of six, and prints them as a timeline. Local Botpress, real ' +
      'HTTP, simulated time, no accounts.',
    options: {},
    examples: [
      ['', 'watch a handoff through each desk'],
      ['| less -R', 'page by page'],
    ],
    exits: {
      0: 'everything arrived once, in order, at the right desk',
      1: 'something was lost, duplicated or misrouted',
    },
  },
  ({ output }) => demoCommand(output, { colors: wantsColors(process.stdout, process.env) })
)
