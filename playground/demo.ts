/**
 * `npm run demo`: a handoff through each desk and a round-robin of six, as a timeline. Exits with 1 if anything was
 * lost, duplicated or misrouted.
 */
import { processOutput } from './console'
import { demoCommand } from './demo/main'

const { NO_COLOR } = process.env
const colors = process.stdout.isTTY && (NO_COLOR === undefined || NO_COLOR === '')
process.exitCode = await demoCommand(processOutput(), { colors })
