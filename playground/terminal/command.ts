/**
 * What all commands have in common: help, arguments, progress, Ctrl-C, closed pipes, colours and exit codes. A command
 * describes itself (`CommandInfo`) and works.
 */
import {
  helpOf,
  InputError,
  readArguments,
  UsageError,
  type CommandInfo,
  type OptionInfos,
  type Values,
} from './arguments'
import { painter, processOutput, wantsColors, type Output, type Paint } from './output'
import { createProgress, type Progress } from './progress'

export * from './arguments'
export { painter, type Output, type Paint } from './output'
export type { Progress } from './progress'

export const FAILED = 1
export const BAD_INPUT = 2
export const INTERRUPTED = 130

/** A running command. */
export interface Run<Options extends OptionInfos> {
  values: Values<Options>
  output: Output
  progress: Progress
  paint: Paint
  /**
   * What happens at Ctrl-C. `work` returns or prints what is known so far, and what it started is stopped; then the
   * process ends with 130, or with the code that `work` returns. A second Ctrl-C ends the process at once.
   */
  onInterrupt(work: () => Promise<number | string | void> | number | string | void): void
}

/** What a command gets from its process. Tests give their own. */
export interface Surroundings {
  args: string[]
  output: Output
  environment: Record<string, string | undefined>
  stdout: { isTTY?: boolean }
  stderr: { isTTY?: boolean }
  /** Calls back at each Ctrl-C (SIGINT) and each SIGTERM. Returns a function that stops it. */
  onSignal(callback: () => void): () => void
  /** Ends the process. */
  exit(code: number): void
  /** Milliseconds. */
  now(): number
}

const _process = (): Surroundings => ({
  args: process.argv.slice(2),
  output: processOutput(),
  environment: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
  onSignal: (callback) => {
    process.on('SIGINT', callback)
    process.on('SIGTERM', callback)
    return () => {
      process.off('SIGINT', callback)
      process.off('SIGTERM', callback)
    }
  },
  exit: (code) => process.exit(code),
  now: () => performance.now(),
})

const TICK_MS = 200

/** Runs a command to its end. Resolves to its exit code. */
export const perform = async <Options extends OptionInfos>(
  info: CommandInfo<Options>,
  work: (run: Run<Options>) => Promise<number | void>,
  surroundings: Surroundings
): Promise<number> => {
  const { args, output, environment, stdout, stderr, now } = surroundings
  const startedAt = now()
  const write = (text: string): void => output.error(text)
  const progress = createProgress({ write, isTerminal: stderr.isTTY === true, now })
  const ticking = setInterval(progress.tick, TICK_MS)
  ticking.unref()
  let interruptions = 0
  let onInterrupt: Parameters<Run<Options>['onInterrupt']>[0] | undefined
  let stopped: Promise<never> | undefined

  const interrupt = async (): Promise<void> => {
    progress.end()
    const seconds = ((now() - startedAt) / 1_000).toFixed(0)
    const known = await onInterrupt?.()
    if (onInterrupt === undefined || typeof known === 'string') {
      const sofar = known ?? progress.latest
      output.error(`\nStopped after ${seconds} s${sofar === undefined ? '' : `: ${sofar}`}\n`)
    }
    surroundings.exit(typeof known === 'number' ? known : INTERRUPTED)
  }
  const release = surroundings.onSignal(() => {
    interruptions += 1
    if (interruptions > 1) return surroundings.exit(INTERRUPTED)
    // What fails because it was stopped is no news: the process ends in `interrupt`.
    stopped = new Promise(() => {})
    void interrupt().catch((error: unknown) => {
      output.error(`${_sentence(error)}\n`)
      surroundings.exit(FAILED)
    })
  })

  try {
    const values = readArguments(info.options, args)
    if (values === 'help') {
      output.out(helpOf(info))
      return 0
    }
    const paint = painter(wantsColors(stdout, environment))
    const code = await work({
      values,
      output,
      progress,
      paint,
      onInterrupt: (handler) => {
        onInterrupt = handler
      },
    })
    return (await stopped) ?? code ?? 0
  } catch (error) {
    await stopped
    progress.end()
    const isUsage = error instanceof UsageError
    const hint = isUsage && !(error instanceof InputError) ? ' (--help lists the options)' : ''
    output.error(`${_sentence(error)}${hint}\n`)
    if (!isUsage && environment['DEBUG'] && error instanceof Error) output.error(`${error.stack ?? ''}\n`)
    return isUsage ? BAD_INPUT : FAILED
  } finally {
    clearInterval(ticking)
    progress.end()
    release()
  }
}

/** Runs a command as this process, and ends the process with its exit code. */
export const runCommand = async <Options extends OptionInfos>(
  info: CommandInfo<Options>,
  work: (run: Run<Options>) => Promise<number | void>
): Promise<void> => {
  const code = await perform(info, work, _process())
  process.exit(code)
}

const _sentence = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** Keeps the router's log, which goes to the console, out of a command's output. */
export const silenceConsole = (): void => {
  for (const level of ['log', 'info', 'debug', 'warn', 'error'] as const) console[level] = () => undefined
}
