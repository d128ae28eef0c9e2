/** The simulator's command-line options. */
import { parseArgs } from 'node:util'
import { languageTagProblem } from '../../src/routing/language'
import { MOMENT_ADVICE, parseMoment } from '../../src/routing/moment'
import type { Priority } from '../../src/routing/routing'
import { providerNames } from '../../src/definition/registry'

export interface SimulateOptions {
  /** Path of a file with the whole configuration. */
  config: string
  /** ISO 8601, without an offset in the time zone of Routing. Default: now. */
  at?: string
  language?: string
  text?: string
  priority?: Priority
  tags?: string[]
  provider?: string
  strict: boolean
  count: number
  /** Registry keys. */
  down: string[]
  /** Registry key of the desk of the customer's last session, which ended just now. */
  lastDesk?: string
  /** Print the configuration in the form of this version, and nothing else. */
  convert: boolean
  json: boolean
}

export type ParsedArguments =
  | { kind: 'options'; options: SimulateOptions }
  | { kind: 'help' }
  | { kind: 'problems'; problems: string[] }

export const USAGE = `Which desk takes a handoff, and why.

npm run simulate -- --config FILE [options]

  --config FILE       the whole configuration as JSON, as exported from Studio; credentials may be placeholders
  --at TIME           time of the handoff in the time zone of Routing, such as 2026-12-24T09:00 (default: now)
  --language TAG      the customer's language as the session states it, such as fr
  --text "…"          instead of --language: a text of the customer, to detect the language from
  --priority LEVEL    low, normal, high or urgent
  --tags A,B          tags of the session
  --provider DESK     the desk that the session requests: ${providerNames.join(', ')}
  --strict            only the requested desk
  --count N           simulate N handoffs in a row that stay open, and show how many each desk gets
  --down DESK         a desk that is down; may be repeated
  --last-desk DESK    the desk of the customer's last session, for Sticky days
  --convert           print a configuration of an older version in the form of this one
  --json              print JSON
  --help              print this help
`

const PRIORITIES = ['low', 'normal', 'high', 'urgent'] as const satisfies readonly Priority[]
const MAX_HANDOFFS = 100_000

export const parseArguments = (args: string[]): ParsedArguments => {
  let values: ReturnType<typeof _parse>
  try {
    values = _parse(args)
  } catch (error) {
    return { kind: 'problems', problems: [_firstSentence(error)] }
  }
  if (values.help) return { kind: 'help' }
  const problems: string[] = []
  const refuse = (problem: string | undefined) => {
    if (problem !== undefined) problems.push(problem)
  }
  if (!values.config) refuse('--config is missing; give the path of the configuration file')
  if (values.at !== undefined && parseMoment(values.at) === undefined) {
    refuse(`--at: "${values.at}" isn't a valid time; ${MOMENT_ADVICE}`)
  }
  const language = values.language?.trim()
  if (language !== undefined && values.text !== undefined) {
    refuse(
      '--language and --text exclude each other: the router reads the text only when the session states no language'
    )
  } else if (language !== undefined) {
    const problem = languageTagProblem(language)
    refuse(problem && `--language: ${problem}`)
  }
  const priority = PRIORITIES.find((level) => level === values.priority)
  if (values.priority !== undefined && !priority) {
    refuse(`--priority: "${values.priority}" isn't a priority; write one of ${PRIORITIES.join(', ')}`)
  }
  const provider = values.provider?.trim().toLowerCase()
  if (provider !== undefined) refuse(_deskProblem('--provider', provider))
  if (values.strict && provider === undefined) refuse('--strict needs --provider')
  const down = _list(values.down).map((desk) => desk.toLowerCase())
  for (const desk of down) refuse(_deskProblem('--down', desk))
  const lastDesk = values['last-desk']?.trim().toLowerCase()
  if (lastDesk !== undefined) refuse(_deskProblem('--last-desk', lastDesk))
  const count = values.count === undefined ? 1 : Number(/^\d+$/.test(values.count) ? values.count : Number.NaN)
  if (!(count >= 1 && count <= MAX_HANDOFFS)) {
    refuse(`--count: "${values.count}" isn't a valid count; write a whole number from 1 to ${MAX_HANDOFFS}`)
  }
  if (problems.length > 0) return { kind: 'problems', problems }
  const tags = _list(values.tags)
  return {
    kind: 'options',
    options: {
      config: values.config ?? '',
      ...(values.at === undefined ? {} : { at: values.at }),
      ...(language === undefined ? {} : { language }),
      ...(values.text === undefined ? {} : { text: values.text }),
      ...(priority === undefined ? {} : { priority }),
      ...(tags.length === 0 ? {} : { tags }),
      ...(provider === undefined ? {} : { provider }),
      strict: values.strict ?? false,
      count,
      down,
      ...(lastDesk === undefined ? {} : { lastDesk }),
      convert: values.convert ?? false,
      json: values.json ?? false,
    },
  }
}

const _parse = (args: string[]) =>
  parseArgs({
    args,
    options: {
      config: { type: 'string' },
      at: { type: 'string' },
      language: { type: 'string' },
      text: { type: 'string' },
      priority: { type: 'string' },
      tags: { type: 'string', multiple: true },
      provider: { type: 'string' },
      strict: { type: 'boolean' },
      count: { type: 'string' },
      down: { type: 'string', multiple: true },
      'last-desk': { type: 'string' },
      convert: { type: 'boolean' },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  }).values

/** Cuts off Node's advice about positional arguments, which this command doesn't take. */
const _firstSentence = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split(/\.\s/)[0]?.replace(/\.$/, '') ?? ''

const _deskProblem = (option: string, desk: string): string | undefined =>
  providerNames.some((name) => name === desk)
    ? undefined
    : `${option}: "${desk}" isn't a desk; write one of ${providerNames.join(', ')}`

const _list = (values: string[] | undefined): string[] =>
  (values ?? [])
    .flatMap((value) => value.split(','))
    .map((value) => value.trim())
    .filter((value) => value !== '')
