/** `npm run simulate`: which desk takes a handoff, and why, from a configuration alone. */
import { processOutput } from './console'
import { simulateCommand } from './simulate/main'

process.exitCode = await simulateCommand(process.argv.slice(2), processOutput())
