import pino from 'pino'
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

/** Where the line that is being written goes: a line is written before the next one is begun. */
let _write: (line: string) => void = () => {}

/** Made once: making it is dearer than anything that it writes. */
const _sink = pino(
  {
    level: 'debug',
    base: null,
    timestamp: false,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: REDACTED, censor: '[redacted]' },
  },
  { write: (line: string) => _write(line) }
)

/**
 * The one way to write a log line: a message without anybody's words and fields that are ids, counts and codes. Written by pino (which redacts by field name,
 * as a second net) into the log that the bot builder sees in Studio.
 */
export const createLog = (logger: Logger, bindings: LogFields = {}): Log => {
  const bot = logger.forBot()
  const write = (line: string): void => {
    const { level, msg, ...fields } = JSON.parse(line) as { level: string; msg: string } & LogFields
    const details = Object.entries(fields)
      .map(([name, value]) => `${name}=${String(value)}`)
      .join(' ')
    const text = details ? `${msg} (${details})` : msg
    if (level === 'error') bot.error(text)
    else if (level === 'warn') bot.warn(text)
    else if (level === 'info') bot.info(text)
    else bot.debug(text)
  }
  const at =
    (level: keyof Log) =>
    (message: string, fields?: LogFields): void => {
      _write = write
      _sink[level](_defined({ ...bindings, ...fields }), message)
    }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

const _defined = (fields: LogFields = {}): LogFields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
