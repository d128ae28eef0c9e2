/** `npm run doctor`: says what is right and what is not about every desk of a configuration. Changes nothing. */
import { reachOverHttp } from './doctor/address'
import { DOCTOR, doctorCommand } from './doctor/main'
import { runCommand } from './terminal/command'

const TIMEOUT_MS = 10_000

await runCommand(DOCTOR, (run) =>
  doctorCommand(run, { now: () => Date.now(), reach: reachOverHttp, timeoutMs: TIMEOUT_MS })
)
