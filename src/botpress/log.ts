import { escapedLine } from '../../providers/kit/text'
import type { Log, LogFields } from '../../providers/kit/tools'
import type { Logger } from './bp'

/** Names of fields that hold secrets, in lower case. */
const SECRETS = new Set([
  'authorization',
  'token',
  'secret',
  'password',
  'apitoken',
  'accesstoken',
  'bottoken',
  'clientsecret',
  'signingsecret',
])

const LONGEST_FIELD = 500
const LONGEST_MESSAGE = 10_000

/**
 * The only way to write a log line. Messages never contain what people wrote. Fields are ids, counts and codes. As a
 * second safety net, fields are redacted by name, and a field's value can't begin a line or carry an escape sequence.
 * The lines appear in the log that bot builders see in Studio.
 */
export const createLog = (logger: Logger, bindings: LogFields = {}): Log => {
  const bot = logger.forBot()
  const at =
    (level: keyof Log) =>
    (message: string, fields?: LogFields): void => {
      const details = Object.entries({ ...bindings, ...fields })
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => `${name}=${_shown(name, value)}`)
        .join(' ')
      const line = _escapedLines(message)
      bot[level](details ? `${line} (${details})` : line)
    }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

const _shown = (name: string, value: LogFields[string]): string =>
  SECRETS.has(name.toLowerCase()) ? '[redacted]' : escapedLine(String(value), LONGEST_FIELD)

/** Only the router's own messages have several lines. */
const _escapedLines = (message: string): string =>
  message
    .split('\n')
    .map((line) => escapedLine(line, LONGEST_MESSAGE))
    .join('\n')
