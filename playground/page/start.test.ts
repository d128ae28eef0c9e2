/** Runs `npm start` as a process. */
import { spawn, type ChildProcess } from 'node:child_process'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'

const running: ChildProcess[] = []
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL')
})

const start = (args: string[] = [], environment: Record<string, string> = {}) => {
  const child = spawn(process.execPath, ['--import', 'tsx', 'playground/start.ts', ...args], {
    cwd: join(import.meta.dirname, '../..'),
    env: { ...process.env, ...environment },
  })
  running.push(child)
  const written = { out: '', error: '' }
  child.stdout.on('data', (data: Buffer) => {
    written.out += data.toString('utf8')
  })
  child.stderr.on('data', (data: Buffer) => {
    written.error += data.toString('utf8')
  })
  const ended = new Promise<number | null>((resolve) => {
    child.on('exit', (code) => resolve(code))
  })
  const address = new Promise<string>((resolve, reject) => {
    child.stdout.on('data', () => {
      const [, origin] = /HITL Router +(http:\S+)/.exec(written.out) ?? []
      if (origin && written.out.includes('Press Ctrl-C to stop.')) resolve(origin)
    })
    child.on('exit', () => reject(new Error(`The process ended: ${written.error}`)))
  })
  address.catch(() => undefined)
  return { child, written, ended, address }
}

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => {
    server.once('listening', resolve)
  })
  const address = server.address()
  await new Promise((resolve) => {
    server.close(resolve)
  })
  return typeof address === 'object' ? (address?.port ?? 0) : 0
}

describe('npm start', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)(
    'prints the address, serves the page and stops cleanly on %s',
    async (signal) => {
      const { child, written, ended, address } = start()
      const origin = await address
      expect((await fetch(origin)).status).toBe(200)
      const state = (await (await fetch(`${origin}/api/state`)).json()) as { desks: { title: string }[] }
      for (const { title } of state.desks) expect(written.out).toContain(title)
      expect(written.out, 'no log without --verbose').not.toContain('is connected')
      expect(written.error).toBe('')
      child.kill(signal)
      expect(await ended).toBe(0)
    }
  )

  it('takes its port from an option or the environment, and prints the log with --verbose', async () => {
    const [port, botpress] = [await freePort(), await freePort()]
    const { written, address } = start(['--botpress-port', String(botpress), '--verbose'], { PORT: String(port) })
    expect(await address).toBe(`http://127.0.0.1:${port}`)
    expect(written.out).toContain(`http://127.0.0.1:${botpress}`)
    expect(written.error).toContain('is connected')
    const other = start(['--port', String(port)])
    expect(await other.ended).toBe(1)
    expect(other.written.error).toBe(`Port ${port} is in use: choose another one\n`)
  })

  it.each([
    [['--port', '70000'], `--port must be a whole number from 0 to 65535, not "70000"`],
    [['--port', 'x'], `--port must be a whole number from 0 to 65535, not "x"`],
    [['--nonsense'], "Unknown option '--nonsense'"],
  ])('refuses %j', async (args, problem) => {
    const { written, ended } = start(args)
    expect(await ended).toBe(2)
    expect(written.error).toContain(problem)
    expect(written.error).toContain('--help')
    expect(written.error.trim().split('\n')).toHaveLength(1)
  })
})
