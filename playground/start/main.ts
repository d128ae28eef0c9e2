/** What `npm start` does: opens the playground, or the page with the real desks, until Ctrl-C. */
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import type { Environment } from '../../src/botpress/environment'
import { providers } from '../../src/definition/registry'
import type { Reach } from '../doctor/address'
import { openLive, type Left } from '../live/main'
import { bundlePage } from '../page/bundle'
import { removeJournal } from '../page/journal'
import { openPlayground, type Playground } from '../page/playground'
import { isFree } from '../page/server'
import type { Run } from '../terminal/command'
import { DEFAULT_PORT, startOptions, type START, type StartOptions } from './arguments'

const PLAYGROUND = [
  '  Open this page and play a scenario. Or be the customer: write a message and ask for a human. Then be the',
  '  agent at the desk that got the ticket: take it, reply, solve it.',
]
const LIVE = [
  '  Open this page: you are the customer. Write a message, then ask for a human. The desks are your real ones:',
  '  answer there.',
]

interface Surroundings {
  environment: Record<string, string | undefined>
  reach: Reach
  /** Where vendors' origins are served, in tests. Real use has none. */
  resolveOrigin?: Environment['resolveOrigin']
}

interface Opened {
  playground: Playground
  close(): Promise<Left>
}

/** Ends with Ctrl-C. A second one ends the process at once. */
export const startCommand = async (
  { values, output, onInterrupt }: Run<(typeof START)['options']>,
  { environment, reach, resolveOrigin }: Surroundings
): Promise<number> => {
  const options = startOptions(values, environment)
  const onLog = (text: string): void => {
    if (options.verbose) output.error(`${text}\n`)
  }
  const tell = (line: string): void => output.error(`${line}\n`)
  const opening = _open(options, { reach, resolveOrigin, onLog, tell }).catch(_explainPort)
  onInterrupt(async () => {
    // A start that fails cleans up after itself.
    const opened = await opening.catch(() => undefined)
    if (options.live) tell('\nRemoving the subscriptions; Ctrl-C again leaves them')
    const { failed, byHand } = (await opened?.close()) ?? NOTHING
    for (const line of [...failed, ...byHand]) tell(`Left to do by hand: ${line}`)
    return failed.length > 0 ? 1 : 0
  })
  const { playground } = await opening
  output.out(_welcome(playground, options.live !== undefined))
  return new Promise(() => {})
}

const NOTHING: Left = { failed: [], byHand: [] }

const _open = async (
  { ports, live, fresh }: StartOptions,
  more: Pick<Surroundings, 'reach' | 'resolveOrigin'> & { onLog(text: string): void; tell(line: string): void }
): Promise<Opened> => {
  if (live) return openLive({ ...live, ports, ...more })
  const playground = await _openAtPort(ports, fresh, more.onLog)
  return {
    playground,
    close: async () => {
      await playground.close()
      return NOTHING
    },
  }
}

/** In the system's folder for temporary files, one for each port and user. */
const _stateFile = (port: number): string =>
  join(tmpdir(), `hitl-router-playground-${process.getuid?.() ?? userInfo().username}`, `${port}.json`)

const TRIED_PORTS = 20

/** On the port that was asked for, or else on the first free one. Throws what the system throws. */
const _openAtPort = async (
  ports: StartOptions['ports'],
  fresh: boolean,
  onLog: (text: string) => void
): Promise<Playground> => {
  const page = await bundlePage()
  const asked = ports['page']
  const last = asked ?? DEFAULT_PORT + TRIED_PORTS
  for (let port = asked ?? DEFAULT_PORT; ; port += 1) {
    if (port < last && !(await isFree(port))) continue
    const stateFile = _stateFile(port)
    if (fresh) removeJournal(stateFile)
    const kept = port > 0 ? { stateFile } : {}
    try {
      return await openPlayground({ page, ports: { ...ports, page: port }, ...kept, onLog })
    } catch (error) {
      // Another server has just taken it.
      if (port >= last || (error as { port?: number }).port !== port) throw error
    }
  }
}

const _explainPort = (error: unknown): never => {
  const { code, port } = error as { code?: string; port?: number }
  throw code === 'EADDRINUSE' ? new Error(`Port ${port} is in use: choose another one`) : error
}

const _welcome = ({ origin, world, notices }: Playground, isLive: boolean): string => {
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
    ...(isLive ? LIVE : PLAYGROUND),
    '',
    ...notices.flatMap((notice) => [`  ${notice}.`, '']),
    isLive
      ? '  These servers run on this machine and store nothing:'
      : '  These servers run on this machine. What you do outlives a restart; Reset on the page forgets it:',
    ...others.map(([title = '', url]) => `    ${title.padEnd(width)}  ${url}`),
    '',
    '  Press Ctrl-C to stop.',
    '',
    '',
  ].join('\n')
}
