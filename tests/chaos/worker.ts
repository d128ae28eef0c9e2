/** A process that runs batches for `run.ts`. What is printed meanwhile is searched for words that nobody may print, and otherwise dropped. */
import { listen } from './silence'
import { runBatch } from './batch'
import { batchOptions, type Done, type Job } from './run'

const ear = listen()

const _perform = async ({ id, first, options }: Job): Promise<Done> => {
  try {
    const { injected: _injected, trace: _trace, ...result } = await runBatch(batchOptions(options, first))
    return { id, result: { ...result, leaks: ear.take() } }
  } catch (error) {
    return { id, error: `batch of handoff ${first}: ${error instanceof Error ? error.stack : String(error)}` }
  }
}

process.on('message', (job: Job) => {
  void _perform(job).then((done) => process.send?.(done))
})
