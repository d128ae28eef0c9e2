/** `npm start`: the router with a local Botpress, a sandbox for each desk or the real ones, and a page to try it in. */
import { reachOverHttp } from './doctor/address'
import { START } from './start/arguments'
import { startCommand } from './start/main'
import { runCommand } from './terminal/command'

await runCommand(START, (run) => startCommand(run, { environment: process.env, reach: reachOverHttp }))
