/** `npm start` as a process whose vendors are served at the addresses in RESOLVE, and whose tunnel ends at TUNNEL. */
import { START } from '../../playground/start/arguments'
import { startCommand } from '../../playground/start/main'
import { reachOverHttp } from '../../playground/doctor/address'
import { runCommand } from '../../playground/terminal/command'

const origins = JSON.parse(process.env['RESOLVE'] ?? '{}') as Record<string, string>
const tunnel = process.env['TUNNEL'] ?? ''

await runCommand(START, (run) =>
  startCommand(run, {
    environment: process.env,
    reach: (url) => reachOverHttp(`${tunnel}${new URL(url).pathname}`),
    resolveOrigin: (origin) => origins[origin],
  })
)
