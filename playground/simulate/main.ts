import { convertConfiguration } from '../../src/actions/older-shape'
import { readConfiguration } from '../configuration-file'
import { InputError, type Values } from '../terminal/arguments'
import type { Output } from '../terminal/output'
import { SIMULATE, simulateOptions } from './arguments'
import { printJson, printText } from './print'
import { simulate } from './run'

/** Runs the command. Throws a UsageError for what can't be used. */
export const simulateCommand = async (
  values: Values<(typeof SIMULATE)['options']>,
  output: Output,
  now = Date.now()
): Promise<number> => {
  const options = simulateOptions(values)
  const read = readConfiguration(options.config, { placeholders: true })
  if (read.problem !== undefined) throw new InputError(read.problem)
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
