/** `npm run simulate`: tells from a configuration alone which desk takes a handoff, and why. */
import { processOutput } from './console'
import { simulateCommand } from './simulate/main'

process.exitCode = await simulateCommand(process.argv.slice(2), processOutput())
