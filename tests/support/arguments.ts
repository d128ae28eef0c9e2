/** Arguments of the commands under tests/. A mistake is one sentence on stderr and exit code 2. */
import { parseArgs, type ParseArgsConfig } from 'node:util'

type Options = NonNullable<ParseArgsConfig['options']>

export const fail = (sentence: string): never => {
  process.stderr.write(`${sentence}\n`)
  process.exit(2)
}

/** Parses the command line. Prints `help` and exits when asked to. */
export const readArguments = <Given extends Options>(options: Given, help: string) => {
  const all = { ...options, help: { type: 'boolean' as const, default: false } }
  try {
    const { values } = parseArgs({ options: all })
    if ((values as { help?: boolean }).help) {
      process.stdout.write(`${help}\n`)
      process.exit(0)
    }
    return values
  } catch (error) {
    // The other sentences are about positional arguments, and the commands have none.
    const [sentence = ''] = (error instanceof Error ? error.message : String(error)).split('. ')
    return fail(`${sentence} (--help lists the options)`)
  }
}

export const wholeNumber = (name: string, value: string, least: number): number => {
  const number = Number(value)
  if (value.trim() === '' || !Number.isSafeInteger(number) || number < least)
    return fail(`--${name} must be a whole number from ${least}, not ${JSON.stringify(value)}`)
  return number
}

export const oneOf = <Name extends string>(name: string, value: string, names: readonly Name[]): Name =>
  names.find((known) => known === value) ??
  fail(`--${name} must be one of ${names.join(', ')}, not ${JSON.stringify(value)}`)
