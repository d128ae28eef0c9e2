import pino from 'pino'
import type { Log, LogFields } from '../providers/kit/tools'
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

/**
 * The one way to write a log line: a message without anybody's words and fields that are ids, counts and codes. Written by pino (which redacts by field name,
 * as a second net) into the log that the bot builder sees in Studio.
 */
export const createLog = (logger: Logger, bindings: LogFields = {}): Log => {
  const bot = logger.forBot()
  const target = {
    write: (line: string) => {
      const { level, msg, ...fields } = JSON.parse(line) as { level: string; msg: string } & LogFields
      const details = Object.entries(fields)
        .map(([name, value]) => `${name}=${String(value)}`)
        .join(' ')
      const text = details ? `${msg} (${details})` : msg
      if (level === 'error') bot.error(text)
      else if (level === 'warn') bot.warn(text)
      else if (level === 'info') bot.info(text)
      else bot.debug(text)
    },
  }
  const sink = pino(
    {
      level: 'debug',
      base: null,
      timestamp: false,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: REDACTED, censor: '[redacted]' },
    },
    target
  ).child(_defined(bindings))
  return {
    debug: (message, fields) => sink.debug(_defined(fields), message),
    info: (message, fields) => sink.info(_defined(fields), message),
    warn: (message, fields) => sink.warn(_defined(fields), message),
    error: (message, fields) => sink.error(_defined(fields), message),
  }
}

const _defined = (fields: LogFields = {}): LogFields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
