/** The worker process of `search.ts`. Its console output is checked for secrets and customer texts, and dropped. */
import { captureConsole } from '../chaos/console-capture'
import { playRound, type Round, type RoundResult, type WorkerMessage } from './round'

const output = captureConsole()
const send = (message: WorkerMessage): void => void process.send?.(message)

const _perform = async (round: Round): Promise<RoundResult> => {
  const again = `npm run explore -- --only ${round.kind} --seed ${round.seed}`
  try {
    const result = await playRound(round, (noticed) => send({ noticed }))
    const [leak] = output.takeCanaries()
    output.lines()
    if (leak !== undefined)
      result.failures.push({ title: `${round.kind}: printed a secret or a customer text`, report: leak, again })
    return result
  } catch (error) {
    const report = error instanceof Error ? (error.stack ?? error.message) : String(error)
    return { counts: {}, failures: [{ title: `${round.kind}: crashed`, report, again }] }
  }
}

process.on('message', (round: Round) => {
  void _perform(round).then((result) => send({ result }))
})
// Ctrl-C reaches every process; the parent decides when this one ends.
process.on('SIGINT', () => {})
process.once('disconnect', () => process.exit(0))
