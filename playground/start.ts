/** `npm start`: the router with a local Botpress, a sandbox for each desk, and a page to try it in. */
import { parseArgs } from 'node:util'
import { providerNames, providers } from '../src/definition/registry'
import { processOutput } from './console'
import { openPlayground, type Playground } from './page/playground'

const PORTS: Record<string, string> = {
  page: 'port',
  botpress: 'botpress-port',
  ...Object.fromEntries(providerNames.map((name) => [name, `${name}-port`])),
}
const USAGE = `npm start -- [options]

  --port N            port of the page (default: the environment variable PORT, or a free port)
${Object.values(PORTS)
  .slice(1)
  .map((option) => `  --${option} N`)
  .join('\n')}
  --verbose           print the router's log
  --help              print this help
`

interface Options {
  ports: Record<string, number | undefined>
  verbose: boolean
  help: boolean
}

/** Throws an error that names the invalid option. */
const _options = (args: string[], environment: { PORT?: string }): Options => {
  const { values } = parseArgs({
    args,
    options: {
      ...Object.fromEntries(Object.values(PORTS).map((option) => [option, { type: 'string' } as const])),
      verbose: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  const given = values as Record<string, string | boolean | undefined>
  const ports = Object.entries(PORTS).map(([name, option]) => {
    const value = given[option] ?? (name === 'page' ? environment.PORT || undefined : undefined)
    if (value === undefined) return [name, undefined] as const
    const port = /^\d{1,5}$/.test(String(value)) ? Number(value) : Number.NaN
    if (!(port <= 65_535)) throw new Error(`--${option}: "${String(value)}" isn't a valid port`)
    return [name, port] as const
  })
  return { ports: Object.fromEntries(ports), verbose: given['verbose'] === true, help: given['help'] === true }
}

const _welcome = ({ origin, world }: Playground): string => {
  const others = [
    ['Botpress', world.botpress.url],
    ...Object.entries(world.sandboxes).map(([name, { server }]) => [
      providers[name]?.title ?? name,
      server.origin ?? '',
    ]),
  ]
  const width = Math.max(...others.map(([title = '']) => title.length))
  return [
    '',
    `  HITL Router   ${origin}`,
    '',
    '  Open this page. On one side you are the customer: write a message, then ask for a human. On the other',
    '  side you are the agents of each desk: take the ticket, reply, solve it. Under Routing you choose which',
    '  desk gets the next customer.',
    '',
    '  These servers run on this machine and store nothing:',
    ...others.map(([title = '', url]) => `    ${title.padEnd(width)}  ${url}`),
    '',
    '  Press Ctrl-C to stop.',
    '',
    '',
  ].join('\n')
}

const output = processOutput()

const _start = async (): Promise<number> => {
  let options: Options
  try {
    options = _options(process.argv.slice(2), process.env)
  } catch (error) {
    output.error(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`)
    return 2
  }
  if (options.help) {
    output.out(USAGE)
    return 0
  }
  const onLog = options.verbose ? (text: string) => output.error(`${text}\n`) : undefined
  let playground: Playground
  try {
    playground = await openPlayground({ ports: options.ports, ...(onLog ? { onLog } : {}) })
  } catch (error) {
    const { code, port } = error as { code?: string; port?: number }
    const message = error instanceof Error ? error.message : String(error)
    output.error(code === 'EADDRINUSE' ? `Port ${port} is in use: choose another one\n` : `${message}\n`)
    return 1
  }
  output.out(_welcome(playground))
  // Listens once per signal, so a second signal ends the process at once.
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
  })
  await playground.close()
  return 0
}

process.exit(await _start())
