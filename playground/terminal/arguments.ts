/** The arguments of a command: their description, their values, and what is wrong with them. */
import { parseArgs } from 'node:util'

export interface OptionInfo {
  type: 'string' | 'boolean'
  /** What to write for the value: `N`, `FILE`. */
  value?: string
  default?: string | boolean
  multiple?: boolean
  short?: string
  /** What it does, in a few words. */
  help: string
}

export type OptionInfos = Record<string, OptionInfo>

/** How a command is used. `--help` prints it. */
export interface CommandInfo<Options extends OptionInfos = OptionInfos> {
  /** As it is typed: `npm run chaos`. */
  name: string
  /** What it is for: a sentence or two. */
  about: string
  options: Options
  /** Arguments, and what they do. At least one. */
  examples: readonly (readonly [args: string, what: string])[]
  /** What its exit codes mean. 2 (bad input) and 130 (Ctrl-C) are the same for all commands. */
  exits: Readonly<Record<number, string>>
}

/** What people typed can't be used. One sentence that says what to write instead; the exit code is 2. */
export class UsageError extends Error {
  public override readonly name: string = 'UsageError'
}

/** The options are fine, but what they name can't be used: a file, an address. The exit code is 2. */
export class InputError extends UsageError {
  public override readonly name = 'InputError'
}

const _parse = <Options extends OptionInfos>(options: Options, args: string[]) => parseArgs({ args, options }).values

export type Values<Options extends OptionInfos> = ReturnType<typeof _parse<Options>>

const HELP = { type: 'boolean', short: 'h', help: 'print this help' } as const

/** Throws a UsageError. */
export const readArguments = <Options extends OptionInfos>(
  options: Options,
  args: string[]
): Values<Options> | 'help' => {
  // Asked for together with a mistake, help comes first.
  if (args.includes('--help') || args.includes('-h')) return 'help'
  try {
    return _parse({ ...options, help: HELP }, args) as Values<Options>
  } catch (error) {
    // The other sentences are about positional arguments, and the commands have none.
    const [sentence = ''] = (error instanceof Error ? error.message : String(error)).split(/\.\s/)
    throw new UsageError(sentence.replace(/\.$/, ''))
  }
}

export const wholeNumber = (name: string, value: string, least: number, most = Number.MAX_SAFE_INTEGER): number => {
  const number = Number(value)
  if (/^\s*\d+\s*$/.test(value) && Number.isSafeInteger(number) && number >= least && number <= most) return number
  const range = most === Number.MAX_SAFE_INTEGER ? `from ${least}` : `from ${least} to ${most}`
  throw new UsageError(`--${name} must be a whole number ${range}, not ${JSON.stringify(value)}`)
}

export const oneOf = <Name extends string>(name: string, value: string, names: readonly Name[]): Name => {
  const found = names.find((known) => known === value.trim().toLowerCase()) ?? names.find((known) => known === value)
  if (found !== undefined) return found
  throw new UsageError(`--${name} must be one of ${names.join(', ')}, not ${JSON.stringify(value)}`)
}

/** The text of `--help`. */
export const helpOf = ({ name, about, options, examples, exits }: CommandInfo): string => {
  const all: OptionInfos = { ...options, help: HELP }
  const flags = Object.entries(all).map(([option, info]) => [_flag(option, info), _described(info)] as const)
  const codes = { 0: exits[0] ?? 'done', ...exits, 2: exits[2] ?? 'bad arguments', 130: exits[130] ?? 'Ctrl-C' }
  return [
    ..._wrapped(about),
    '',
    `${name} -- [options]`,
    '',
    ..._columns(flags),
    '',
    'Examples',
    ..._columns(examples.map(([args, what]) => [args === '' ? name : `${name} -- ${args}`, what] as const)),
    '',
    'Exit codes',
    ..._columns(Object.entries(codes)),
    '',
  ].join('\n')
}

const WIDEST_LINE = 100

const _wrapped = (text: string): string[] =>
  text.split(' ').reduce<string[]>((lines, word) => {
    const last = lines.at(-1)
    if (last === undefined || last.length + word.length >= WIDEST_LINE) return [...lines, word]
    return [...lines.slice(0, -1), `${last} ${word}`]
  }, [])

const _flag = (option: string, { type, value, short }: OptionInfo): string =>
  `--${option}${type === 'string' ? ` ${value ?? 'TEXT'}` : ''}${short ? `, -${short}` : ''}`

const _described = ({ help, multiple, ...info }: OptionInfo): string =>
  help + (multiple ? '; may be repeated' : '') + (typeof info.default === 'string' ? ` (default: ${info.default})` : '')

const WIDEST_FIRST = 40

/** Two columns. A first column that is too wide stands on a line of its own. */
const _columns = (rows: readonly (readonly [string, string])[]): string[] => {
  const width = Math.max(...rows.map(([first]) => first.length).filter((length) => length <= WIDEST_FIRST), 0)
  return rows.flatMap(([first, second]) =>
    first.length > WIDEST_FIRST ? [`  ${first}`, `      ${second}`] : [`  ${first.padEnd(width)}  ${second}`]
  )
}
