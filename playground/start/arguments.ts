/** The options of `npm start`. */
import { providerNames } from '../../src/definition/registry'
import { UsageError, wholeNumber, type CommandInfo, type OptionInfo, type Values } from '../terminal/arguments'

const LARGEST_PORT = 65_535
/** The next ones are tried when it is taken, unless a port is asked for. */
export const DEFAULT_PORT = 4_400

/** The option of each server's port, by its name. */
const PORTS: Record<string, string> = {
  page: 'port',
  botpress: 'botpress-port',
  ...Object.fromEntries(providerNames.map((name) => [name, `${name}-port`])),
}

const OPTIONS = {
  port: {
    type: 'string',
    value: 'N',
    help: `port of the page (default: the environment variable PORT, or ${DEFAULT_PORT}, or the next free one)`,
  },
  live: { type: 'string', value: 'FILE', help: 'use the real desks of this configuration instead of sandboxes' },
  'public-url': {
    type: 'string',
    value: 'URL',
    help: 'with --live: the public https address of a tunnel that leads to the webhooks’ port',
  },
  'webhook-port': { type: 'string', value: 'N', default: '8787', help: 'with --live: where the tunnel ends' },
  'botpress-port': { type: 'string', value: 'N', help: 'port of the local Botpress (default: a free port)' },
  fresh: { type: 'boolean', default: false, help: 'start anew: forget what an earlier server on this port kept' },
  verbose: { type: 'boolean', default: false, help: 'print the router’s log' },
} as const satisfies Record<string, OptionInfo>

export const START: CommandInfo<typeof OPTIONS> = {
  name: 'npm start',
  about:
    'Starts the router with a local Botpress, a sandbox for each desk, and a page to try it in. With --live, the real ' +
    'desks take the place of the sandboxes, while Botpress stays local.',
  options: {
    ...OPTIONS,
    ...Object.fromEntries(
      providerNames.map((name): [string, OptionInfo] => [
        `${name}-port`,
        { type: 'string', value: 'N', help: `port of the sandbox for ${name} (default: a free port)` },
      ])
    ),
  },
  examples: [
    ['', 'the playground'],
    ['--port 3000 --verbose', 'at a fixed port, with the router’s log'],
    ['--live configuration.json --public-url https://example.trycloudflare.com', 'with your real desks'],
  ],
  exits: { 0: 'stopped by Ctrl-C', 1: 'it could not start, or something is left to remove by hand' },
}

export interface StartOptions {
  /** By the name of the server. Undefined: a free port. */
  ports: Record<string, number | undefined>
  verbose: boolean
  fresh: boolean
  live?: { file: string; publicUrl: string; webhookPort: number }
}

/** Throws a UsageError. */
export const startOptions = (
  values: Values<(typeof START)['options']>,
  environment: Record<string, string | undefined>
): StartOptions => {
  const given = values as Record<string, string | boolean | undefined>
  const portOf = (option: string, value = given[option]): number | undefined =>
    value === undefined ? undefined : wholeNumber(option, String(value), 0, LARGEST_PORT)
  const ports = Object.entries(PORTS).map(([name, option]) => [
    name,
    portOf(option, given[option] ?? (name === 'page' ? environment['PORT'] || undefined : undefined)),
  ])
  const common = {
    ports: Object.fromEntries(ports) as StartOptions['ports'],
    verbose: values.verbose,
    fresh: values.fresh,
  }
  if (values.live === undefined) {
    if (values['public-url'] !== undefined) throw new UsageError('--public-url needs --live and a configuration file')
    return common
  }
  if (values['public-url'] === undefined)
    throw new UsageError(
      '--live needs --public-url: the https address of a tunnel, to which vendors send their webhooks'
    )
  const webhookPort = portOf('webhook-port') ?? 0
  return { ...common, live: { file: values.live, publicUrl: values['public-url'], webhookPort } }
}
