/** `npm run simulate`: tells from a configuration alone which desk takes a handoff, and why. */
import { SIMULATE } from './simulate/arguments'
import { simulateCommand } from './simulate/main'
import { runCommand } from './terminal/command'

await runCommand(SIMULATE, ({ values, output }) => simulateCommand(values, output))
