/** Tells how far a command is, once it takes longer than people wait without a sign. */

export interface Progress {
  /** What is being done now, or how much is done. Shown from `AFTER_MS` on, and not more often than is readable. */
  (text: string): void
  /** What was told last. */
  readonly latest: string | undefined
  /** Removes the line from a terminal. */
  end(): void
}

interface ProgressOptions {
  write(text: string): void
  /** On a terminal one line is rewritten in place; elsewhere a line is printed now and then. */
  isTerminal: boolean
  /** Milliseconds. */
  now(): number
}

/** Shorter work needs no sign. */
const AFTER_MS = 2_000
const TERMINAL_EVERY_MS = 200
const LINE_EVERY_MS = 5_000
const CLEAR = '\r\u001B[K'
const WIDEST = 110

export const createProgress = ({ write, isTerminal, now }: ProgressOptions): Progress & { tick(): void } => {
  const startedAt = now()
  let latest: string | undefined
  let shown: string | undefined
  let shownAt = Number.NEGATIVE_INFINITY
  let isOver = false

  const tick = (): void => {
    const at = now()
    const every = isTerminal ? TERMINAL_EVERY_MS : LINE_EVERY_MS
    if (isOver || latest === undefined || latest === shown || at - startedAt < AFTER_MS || at - shownAt < every) return
    shown = latest
    shownAt = at
    write(isTerminal ? `${CLEAR}${shown.slice(0, WIDEST)}` : `${shown}\n`)
  }

  return Object.defineProperty(
    Object.assign(
      (text: string): void => {
        latest = text
        tick()
      },
      {
        tick,
        end: () => {
          if (isTerminal && shown !== undefined && !isOver) write(CLEAR)
          isOver = true
        },
      }
    ),
    'latest',
    { get: () => latest }
  ) as Progress & { tick(): void }
}
