import type { Logger as Pino } from 'pino'
import libraries from '../../providers/kit/libraries.cjs'
import { escapedLine } from '../../providers/kit/text'
import type { Log, LogFields } from '../../providers/kit/tools'
import type { Logger } from './bp'

const REDACTED = [
  '*.authorization',
  'authorization',
  'token',
  'secret',
  'password',
  'apiToken',
  'accessToken',
  'botToken',
  'clientSecret',
  'signingSecret',
]

const LONGEST_FIELD = 500
const LONGEST_MESSAGE = 10_000

/** Receives the current line. Writing is synchronous, so lines of different logs don't mix. */
let _write: (line: string) => void = () => {}

let _created: Pino | undefined

/** Created once and with the first line, since it takes milliseconds. */
const _sink = (): Pino =>
  (_created ??= libraries.pino()(
    {
      level: 'debug',
      base: null,
      timestamp: false,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: REDACTED, censor: '[redacted]' },
    },
    { write: (line: string) => _write(line) }
  ))

/**
 * The only way to write a log line. Messages never contain what people wrote. Fields are ids, counts and codes. As a
 * second safety net, pino redacts secrets by field name, and a field's value can't begin a line or carry an escape
 * sequence. The lines appear in the log that bot builders see in Studio.
 */
export const createLog = (logger: Logger, bindings: LogFields = {}): Log => {
  const bot = logger.forBot()
  const write = (line: string): void => {
    const { level, msg, ...fields } = JSON.parse(line) as { level: keyof Log; msg: string } & LogFields
    const details = Object.entries(fields)
      .map(([name, value]) => `${name}=${escapedLine(String(value), LONGEST_FIELD)}`)
      .join(' ')
    const message = _escapedLines(msg)
    bot[level](details ? `${message} (${details})` : message)
  }
  const at =
    (level: keyof Log) =>
    (message: string, fields?: LogFields): void => {
      _write = write
      _sink()[level](_defined({ ...bindings, ...fields }), message)
    }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

/** Only the router's own messages have several lines. */
const _escapedLines = (message: string): string =>
  message
    .split('\n')
    .map((line) => escapedLine(line, LONGEST_MESSAGE))
    .join('\n')

const _defined = (fields: LogFields): LogFields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
