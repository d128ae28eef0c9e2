/** Runs `npm start` as a process. */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import type { PageView } from './view'

const running: ChildProcess[] = []
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL')
})

/** What these servers keep. */
const folder = mkdtempSync(join(tmpdir(), 'start-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

const start = (args: string[] = [], environment: Record<string, string> = {}) => {
  const child = spawn(process.execPath, ['--import', 'tsx', 'playground/start.ts', ...args], {
    cwd: join(import.meta.dirname, '../..'),
    env: { ...process.env, TMPDIR: folder, ...environment },
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

  it('takes the next port when the usual one is taken, and goes on where the last server on a port was', async () => {
    const [one, other] = [start(), start()]
    expect(await one.address).not.toBe(await other.address)
    const port = await freePort()
    const said = async (origin: string) =>
      ((await (await fetch(`${origin}/api/state`)).json()) as PageView).customers[0]?.chat.map(({ text }) => text)
    const first = start(['--port', String(port)])
    const origin = await first.address
    const headers = { 'content-type': 'application/json' }
    await fetch(`${origin}/api/say`, { method: 'POST', headers, body: '{"customer":"c1","text":"remember me"}' })
    first.child.kill('SIGTERM')
    await first.ended
    const second = start(['--port', String(port)])
    expect(await said(await second.address)).toContain('remember me')
    second.child.kill('SIGTERM')
    await second.ended
    const fresh = start(['--port', String(port), '--fresh'])
    expect(await said(await fresh.address)).toEqual([])
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
