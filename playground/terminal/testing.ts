/** Runs a command in a test: with its own streams, clock and Ctrl-C. */
import { perform, type CommandInfo, type OptionInfos, type Run, type Surroundings } from './command'

export interface Performed {
  code: number
  out: string
  error: string
}

interface PerformingOptions {
  environment?: Record<string, string>
  isTerminal?: boolean
  /** Milliseconds. Default: time stands still. */
  now?: () => number
  /** Receives a function that presses Ctrl-C. */
  onStart?(pressCtrlC: () => void): void
}

/** Resolves when the command has returned, or has ended its process. */
export const performed = <Options extends OptionInfos>(
  info: CommandInfo<Options>,
  work: (run: Run<Options>) => Promise<number | void>,
  args: string[],
  { environment = {}, isTerminal = false, now = () => 0, onStart }: PerformingOptions = {}
): Promise<Performed> =>
  new Promise((resolve, reject) => {
    const written = { out: '', error: '' }
    const signals = new Set<() => void>()
    const surroundings: Surroundings = {
      args,
      environment,
      stdout: { isTTY: isTerminal },
      stderr: { isTTY: isTerminal },
      now,
      output: {
        out: (text) => {
          written.out += text
        },
        error: (text) => {
          written.error += text
        },
      },
      onSignal: (callback) => {
        signals.add(callback)
        return () => signals.delete(callback)
      },
      exit: (code) => resolve({ code, ...written }),
    }
    perform(info, work, surroundings).then((code) => resolve({ code, ...written }), reject)
    onStart?.(() => {
      for (const signal of signals) signal()
    })
  })
