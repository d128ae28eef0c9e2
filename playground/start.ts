/** `npm start`: the router with a local Botpress, a sandbox for each desk, and a page to try it in. */
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { providerNames, providers } from '../src/definition/registry'
import { processOutput } from './console'
import { bundlePage } from './page/bundle'
import { removeJournal } from './page/journal'
import { openPlayground, type Playground } from './page/playground'
import { isFree } from './page/server'

const output = processOutput()

/** The next ones are tried when it is taken, unless a port is asked for. */
const DEFAULT_PORT = 4400
const TRIED_PORTS = 20

const PORTS: Record<string, string> = {
  page: 'port',
  botpress: 'botpress-port',
  ...Object.fromEntries(providerNames.map((name) => [name, `${name}-port`])),
}
const USAGE = `npm start -- [options]

  --port N            port of the page (default: the environment variable PORT, or ${DEFAULT_PORT}, or the next free one)
${Object.values(PORTS)
  .slice(1)
  .map((option) => `  --${option} N`)
  .join('\n')}
  --fresh             start anew: forget what an earlier server on this port kept
  --verbose           print the router's log
  --help              print this help
`

interface Options {
  ports: Record<string, number | undefined>
  verbose: boolean
  fresh: boolean
  help: boolean
}

/** Throws an error that names the invalid option. */
const _options = (args: string[], environment: { PORT?: string }): Options => {
  const { values } = parseArgs({
    args,
    options: {
      ...Object.fromEntries(Object.values(PORTS).map((option) => [option, { type: 'string' } as const])),
      verbose: { type: 'boolean' },
      fresh: { type: 'boolean' },
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
  return {
    ports: Object.fromEntries(ports),
    verbose: given['verbose'] === true,
    fresh: given['fresh'] === true,
    help: given['help'] === true,
  }
}

const _welcome = ({ origin, world, notices }: Playground): string => {
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
    '  Open this page and play a scenario. Or be the customer: write a message and ask for a human. Then be the',
    '  agent at the desk that got the ticket: take it, reply, solve it.',
    '',
    ...notices.flatMap((notice) => [`  ${notice}.`, '']),
    '  These servers run on this machine. What you do outlives a restart; Reset on the page forgets it:',
    ...others.map(([title = '', url]) => `    ${title.padEnd(width)}  ${url}`),
    '',
    '  Press Ctrl-C to stop.',
    '',
    '',
  ].join('\n')
}

/** In the system's folder for temporary files, one for each port and user. */
const _stateFile = (port: number): string =>
  join(tmpdir(), `hitl-router-playground-${process.getuid?.() ?? userInfo().username}`, `${port}.json`)

/** Opens the playground on the given port, or else on the first free one. Throws what the system throws. */
const _open = async ({ ports, verbose, fresh }: Options): Promise<Playground> => {
  const page = await bundlePage()
  const onLog = verbose ? { onLog: (text: string) => output.error(`${text}\n`) } : {}
  const asked = ports['page']
  const last = asked ?? DEFAULT_PORT + TRIED_PORTS
  for (let port = asked ?? DEFAULT_PORT; ; port += 1) {
    if (port < last && !(await isFree(port))) continue
    const stateFile = _stateFile(port)
    if (fresh) removeJournal(stateFile)
    const kept = port > 0 ? { stateFile } : {}
    try {
      return await openPlayground({ page, ports: { ...ports, page: port }, ...kept, ...onLog })
    } catch (error) {
      // Another server has just taken it.
      if (port >= last || (error as { port?: number }).port !== port) throw error
    }
  }
}

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
  let playground: Playground
  try {
    playground = await _open(options)
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
