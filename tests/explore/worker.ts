/** A process that plays rounds for `search.ts`. What is printed meanwhile is searched for words and secrets that must not be printed, and otherwise dropped. */
import { captureConsole } from '../chaos/console-capture'
import { playRound, type Round, type RoundResult, type Told } from './round'

const ear = captureConsole()
const tell = (told: Told): void => void process.send?.(told)

const _perform = async (round: Round): Promise<RoundResult> => {
  const again = `npm run explore -- --only ${round.kind} --seed ${round.seed}`
  try {
    const result = await playRound(round, (noticed) => tell({ noticed }))
    const [leak] = ear.takeCanaries()
    ear.lines()
    if (leak !== undefined) result.failures.push({ title: `${round.kind}: printed`, report: leak, again })
    return result
  } catch (error) {
    const report = error instanceof Error ? (error.stack ?? error.message) : String(error)
    return { counts: {}, failures: [{ title: `${round.kind}: crashed`, report, again }] }
  }
}

process.on('message', (round: Round) => {
  void _perform(round).then((result) => tell({ result }))
})
// Ctrl-C reaches every process; the parent decides when this one ends.
process.on('SIGINT', () => {})
process.once('disconnect', () => process.exit(0))
