/** Prints the router's log lines, and collects the lines that one operation causes. */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { ConsoleLevel } from '../console'

export interface RouterLog {
  /** Records a line of the router's log. */
  record(text: string, level: ConsoleLevel): void
  /** Runs `work` and appends the log lines that it causes to `lines`. */
  collect<T>(lines: string[], work: () => Promise<T>): Promise<T>
}

export const createRouterLog = (print: (text: string, level: ConsoleLevel) => void): RouterLog => {
  const storage = new AsyncLocalStorage<string[]>()
  return {
    record: (text, level) => {
      if (level !== 'debug') storage.getStore()?.push(_withoutIds(text))
      print(text, level)
    },
    collect: (lines, work) => storage.run(lines, work),
  }
}

/** Removes the session's id, which is the same in all lines: `Goes to … (conversationId=conv_1)`. */
const _withoutIds = (text: string): string => text.replace(/conversationId=[\w-]+ ?/, '').replace(/ \(\)$/, '')
