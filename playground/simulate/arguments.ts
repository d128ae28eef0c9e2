/** The simulator's command-line options. */
import { languageTagProblem } from '../../src/routing/language'
import { MOMENT_ADVICE, parseMoment } from '../../src/routing/moment'
import type { Priority } from '../../src/routing/routing'
import { providerNames } from '../../src/definition/registry'
import { UsageError, type CommandInfo, type Values } from '../terminal/arguments'

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

const OPTIONS = {
  config: {
    type: 'string',
    value: 'FILE',
    help: 'the whole configuration as JSON, as exported from Studio; credentials may be placeholders',
  },
  at: {
    type: 'string',
    value: 'TIME',
    help: 'time of the handoff in the time zone of Routing, such as 2026-12-24T09:00, or with an offset (default: now)',
  },
  language: { type: 'string', value: 'TAG', help: 'the customer’s language as the session states it, such as fr' },
  text: {
    type: 'string',
    value: '"…"',
    help: 'instead of --language: a text of the customer, to detect the language from',
  },
  priority: { type: 'string', value: 'LEVEL', help: 'low, normal, high or urgent' },
  tags: { type: 'string', value: 'A,B', multiple: true, help: 'tags of the session' },
  provider: { type: 'string', value: 'DESK', help: `the desk that the session requests: ${providerNames.join(', ')}` },
  strict: { type: 'boolean', help: 'only the requested desk' },
  count: {
    type: 'string',
    value: 'N',
    help: 'simulate N handoffs in a row that stay open, and show how many each desk gets',
  },
  down: { type: 'string', value: 'DESK', multiple: true, help: 'a desk that is down' },
  'last-desk': { type: 'string', value: 'DESK', help: 'the desk of the customer’s last session, for Sticky days' },
  convert: { type: 'boolean', help: 'print a configuration of an older version in the form of this one' },
  json: { type: 'boolean', help: 'print JSON' },
} as const

export const SIMULATE: CommandInfo<typeof OPTIONS> = {
  name: 'npm run simulate',
  about: 'Tells from a configuration alone which desk takes a handoff, and why. Makes no call.',
  options: OPTIONS,
  examples: [
    ['--config playground/examples/configuration.json', 'a handoff now'],
    ['--config FILE --at 2026-12-24T18:01 --language fr', 'a minute after closing on Christmas Eve'],
    ['--config FILE --count 100 --json', 'how a hundred handoffs are shared out'],
    ['--config FILE --convert > new.json', 'a configuration of an older version in today’s form'],
  ],
  exits: {
    0: 'answered, also when the answer is a refusal',
    2: 'bad arguments, or a configuration that can’t be used',
  },
}

const PRIORITIES = ['low', 'normal', 'high', 'urgent'] as const satisfies readonly Priority[]
const MAX_HANDOFFS = 100_000

/** Throws a UsageError that names every problem, one per line. */
export const simulateOptions = (values: Values<typeof OPTIONS>): SimulateOptions => {
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
  if (problems.length > 0) throw new UsageError(problems.join('\n'))
  const tags = _list(values.tags)
  return {
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
  }
}

const _deskProblem = (option: string, desk: string): string | undefined =>
  providerNames.some((name) => name === desk)
    ? undefined
    : `${option}: "${desk}" isn't a desk; write one of ${providerNames.join(', ')}`

const _list = (values: string[] | undefined): string[] =>
  (values ?? [])
    .flatMap((value) => value.split(','))
    .map((value) => value.trim())
    .filter((value) => value !== '')
