/** The router's log lines: shown when wanted, and told apart by what caused them. */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { ConsoleLevel } from '../console'

export interface RouterLog {
  /** Takes a line as the router writes it. */
  record(text: string, level: ConsoleLevel): void
  /** Does the work and keeps what the router writes because of it. */
  during<T>(lines: string[], work: () => Promise<T>): Promise<T>
}

export const createRouterLog = (print: (text: string, level: ConsoleLevel) => void): RouterLog => {
  const cause = new AsyncLocalStorage<string[]>()
  return {
    record: (text, level) => {
      if (level !== 'debug') cause.getStore()?.push(_withoutIds(text))
      print(text, level)
    },
    during: (lines, work) => cause.run(lines, work),
  }
}

/** All lines are of one session: `Goes to … (conversationId=conv_1)` says nothing more with its id. */
const _withoutIds = (text: string): string => text.replace(/conversationId=[\w-]+ ?/, '').replace(/ \(\)$/, '')
