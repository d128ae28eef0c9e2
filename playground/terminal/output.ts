/** Where a command writes. */

/** The streams of the process, or a test's own functions. */
export interface Output {
  out(text: string): void
  error(text: string): void
}

/**
 * Writes to the process streams, since the console may be captured. A closed pipe (`| head`) isn't an error: whoever
 * reads has read enough, so the process ends without a word.
 */
export const processOutput = (): Output => {
  for (const stream of [process.stdout, process.stderr]) {
    if (stream.listeners('error').some((listener) => listener === _onError)) continue
    stream.on('error', _onError)
  }
  // As they are now: a command may capture later what the router prints.
  const out = process.stdout.write.bind(process.stdout)
  const error = process.stderr.write.bind(process.stderr)
  return { out: (text) => void out(text), error: (text) => void error(text) }
}

const _onError = ({ code }: { code?: string }): never => process.exit(code === 'EPIPE' ? undefined : 1)

/** Colours are for people at a terminal who haven't declined them. https://no-color.org */
export const wantsColors = (
  stream: { isTTY?: boolean },
  { NO_COLOR, TERM }: Record<string, string | undefined>
): boolean => stream.isTTY === true && (NO_COLOR === undefined || NO_COLOR === '') && TERM !== 'dumb'

const CODES = { dim: 2, bold: 1, green: 32, red: 31, yellow: 33, cyan: 36 } as const
export type Style = keyof typeof CODES

/** Paints a text, or returns it as it is. */
export type Paint = (text: string, ...styles: Style[]) => string

export const painter =
  (colors: boolean): Paint =>
  (text, ...styles) =>
    colors ? styles.reduce((painted, style) => `\u001B[${CODES[style]}m${painted}\u001B[0m`, text) : text
