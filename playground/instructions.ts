/** `npm run instructions`: what has to be set up by hand at a vendor, with the installation's own address. */
import { INSTRUCTIONS, instructionsCommand } from './instructions/main'
import { runCommand } from './terminal/command'

await runCommand(INSTRUCTIONS, (run) => Promise.resolve(instructionsCommand(run)))
