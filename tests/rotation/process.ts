/** A real process of the router. It serves HTTP, calls the world's Botpress and desks, and can be killed. */
import { fork, type ChildProcess } from 'node:child_process'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { World } from '../../playground/world'

export interface RouterProcess {
  child: ChildProcess
  /** Base URL of its HTTP server. */
  origin: string
}

/** The script of the process. It may be bundled first. */
export const INSTANCE = fileURLToPath(new URL('./instance.ts', import.meta.url))

const _freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })

/** Resolves once the process serves. `onOutput` receives its output; without it, only errors are printed here. */
export const startProcess = async (
  world: World,
  script = INSTANCE,
  onOutput?: (text: string) => void
): Promise<RouterProcess> => {
  const { url, runtime } = world.botpress
  const origins = Object.fromEntries(
    Object.values(world.sandboxes).flatMap(({ origins: real, server }) =>
      real.map((origin) => [origin, server.origin ?? ''])
    )
  )
  const port = await _freePort()
  const child = fork(script, {
    execArgv: script.endsWith('.ts') ? ['--import', 'tsx'] : [],
    env: {
      ...process.env,
      BP_API_URL: url,
      BP_TOKEN: runtime.identity.token,
      RESOLVE: JSON.stringify(origins),
      PORT: String(port),
      FORWARD_LOGS: onOutput ? 'yes' : '',
    },
    stdio: onOutput ? ['ignore', 'pipe', 'pipe', 'ipc'] : ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  // Also when this process is stopped before it can clean up.
  const killAtExit = (): void => void child.kill('SIGKILL')
  process.once('exit', killAtExit)
  child.once('exit', () => process.off('exit', killAtExit))
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text) => onOutput?.(String(text)))
  await new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve())
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`A process of the router ended with ${code}`)))
  })
  return { child, origin: `http://127.0.0.1:${port}` }
}
