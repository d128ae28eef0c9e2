import { convertConfiguration } from '../../src/actions/older-shape'
import type { Output } from '../console'
import { parseArguments, USAGE } from './arguments'
import { readConfiguration } from './configuration-file'
import { printJson, printText } from './print'
import { simulate } from './run'

const INVALID_INPUT = 2

/** Runs the command. Resolves to its exit code. */
export const simulateCommand = async (args: string[], output: Output, now = Date.now()): Promise<number> => {
  const parsed = parseArguments(args)
  if (parsed.kind === 'help') {
    output.out(USAGE)
    return 0
  }
  if (parsed.kind === 'problems') {
    output.error(`${parsed.problems.join('\n')}\nnpm run simulate -- --help lists the options.\n`)
    return INVALID_INPUT
  }
  const { options } = parsed
  const read = readConfiguration(options.config)
  if (read.problem !== undefined) {
    output.error(`${read.problem}\n`)
    return INVALID_INPUT
  }
  const { configuration, remarks } = read
  for (const remark of remarks) output.error(`${remark}\n`)
  if (options.convert) {
    output.out(`${JSON.stringify(convertConfiguration(configuration as Record<string, unknown>), undefined, 2)}\n`)
    return 0
  }
  const simulation = await simulate(configuration, options, now)
  output.out(options.json ? printJson(simulation) : printText(simulation))
  return 0
}
