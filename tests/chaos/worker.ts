/** A child process that runs batches for `run.ts`. It searches its output for canaries and prints nothing. */
import { captureConsole } from './console-capture'
import { runBatch } from './batch'
import { batchOptions, type Done, type Job } from './run'

const capture = captureConsole()

const _perform = async ({ first, options }: Job): Promise<Done> => {
  try {
    const { injected: _injected, trace: _trace, ...result } = await runBatch(batchOptions(options, first))
    return { result: { ...result, leaks: capture.takeCanaries() } }
  } catch (error) {
    return { error: `batch of handoff ${first}: ${error instanceof Error ? error.stack : String(error)}` }
  }
}

process.on('message', (job: Job) => {
  void _perform(job).then((done) => process.send?.(done))
})
// Ctrl-C reaches every process; the parent decides when this one ends.
process.on('SIGINT', () => {})
process.once('disconnect', () => process.exit(0))
