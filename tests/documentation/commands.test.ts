/** Every command of package.json: help and mistakes; closed pipes, progress and Ctrl-C of some. */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ROOT } from '../imports'

const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: Record<string, string> }

/** Scripts that only start a tool of somebody else. */
const TOOLS = new Set(['test', 'check', 'check:format', 'check:lint', 'check:types', 'check:unused', 'format'])
const COMMANDS = Object.entries(scripts).filter(([name]) => !TOOLS.has(name))

interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
  out: string
  error: string
}

interface Starting {
  /** Runs in a shell: `script | head -1`. */
  pipe?: string
  /** Presses Ctrl-C when it returns true. */
  interruptWhen?(written: { out: string; error: string }): boolean
}

const start = (script: string, args: string[], { pipe, interruptWhen }: Starting = {}): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const [, file = ''] = /^tsx (\S+)$/.exec(script) ?? []
    const command = ['--import', 'tsx', file, ...args]
    const child = pipe
      ? spawn('sh', ['-c', `"${process.execPath}" ${command.join(' ')} | ${pipe}`], { cwd: ROOT })
      : spawn(process.execPath, command, { cwd: ROOT })
    const written = { out: '', error: '' }
    let isInterrupted = false
    const look = (): void => {
      if (isInterrupted || !interruptWhen?.(written)) return
      isInterrupted = true
      child.kill('SIGINT')
    }
    child.stdout.on('data', (data: Buffer) => {
      written.out += data.toString('utf8')
      look()
    })
    child.stderr.on('data', (data: Buffer) => {
      written.error += data.toString('utf8')
      look()
    })
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal, ...written }))
  })

/** Starts every command with these arguments. */
const startAll = async (args: string[]): Promise<(Pick<Ended, 'out' | 'error'> & { name: string; code: number })[]> => {
  const files = COMMANDS.map(([, command]) => command.replace(/^tsx /, ''))
  const { out, error } = await start('tsx tests/documentation/drive.ts', [JSON.stringify(files), ...args])
  expect(error).toBe('')
  const results = JSON.parse(out) as { file: string; code: number; out: string; error: string }[]
  return results.map(({ file, ...result }) => ({
    name: COMMANDS.find(([, command]) => command === `tsx ${file}`)?.[0] ?? file,
    ...result,
  }))
}

describe('every command', () => {
  it('is one of ours, and is in README.md', () => {
    expect(COMMANDS.length).toBeGreaterThan(14)
    const readme = readFileSync(join(ROOT, 'README.md'), 'utf8')
    for (const [name, script] of COMMANDS) {
      expect(script, name).toMatch(/^tsx \S+\.ts$/)
      expect(readme).toContain(name === 'start' ? '`npm start`' : `\`npm run ${name}\``)
    }
  })

  it('explains itself with --help: what it is for, options, examples and exit codes', async () => {
    const helps = await startAll(['--help'])
    expect(helps).toHaveLength(COMMANDS.length)
    for (const { name, code, out, error } of helps) {
      expect({ name, code, error }).toEqual({ name, code: 0, error: '' })
      const typed = name === 'start' ? 'npm start' : `npm run ${name}`
      expect(out.split('\n')[0], name).toMatch(/^[A-Z].{15,}/)
      expect(out, name).toContain(`${typed} -- [options]`)
      expect(out, name).toContain('--help, -h')
      expect(out, name).toMatch(new RegExp(`Examples\n {2}${typed}`))
      expect(out, name).toMatch(/Exit codes\n {2}0 {2,}\S/)
      expect(out, 'no colours outside of terminals').not.toContain('\u001B')
    }
  })

  it('refuses a mistake in one sentence, without a stack, with exit code 2', async () => {
    const mistakes = await startAll(['--nonsense'])
    expect(mistakes).toHaveLength(COMMANDS.length)
    for (const { name, code, out, error } of mistakes) {
      const sentence = "Unknown option '--nonsense' (--help lists the options)\n"
      expect({ name, code, out, error }).toEqual({ name, code: 2, out: '', error: sentence })
    }
  })
})

const script = (name: string): string => scripts[name] ?? ''

describe('a command', () => {
  it.each([
    ['chaos', ['--handoffs', '1.5'], '--handoffs must be a whole number from 1, not "1.5"'],
    ['explore', ['--minutes', '0'], '--minutes must be a number above 0'],
    ['rotation', ['--weights', '1:x'], '--weights must be a whole number from 1, not "x"'],
    ['doctor', ['--config', '/nowhere.json'], '--config: /nowhere.json doesn’t exist'],
  ])('%s refuses %j', async (name, args, problem) => {
    const { code, out, error } = await start(script(name), args)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(error).toContain(problem)
    expect(error.trim().split('\n')).toHaveLength(1)
  })

  it('is quiet when nobody reads any more', async () => {
    const { code, out, error } = await start(script('licences'), ['--all'], { pipe: 'head -1' })
    expect(code).toBe(0)
    // On a slow machine it tells its progress before.
    expect(error.replace(/^Bundling\n/, '')).toBe('')
    expect(out.trim().split('\n')).toHaveLength(1)
  })

  it('tells its progress after two seconds, and sums up at Ctrl-C', async () => {
    const { code, error } = await start(script('fuzz'), ['--runs', '1000000'], {
      interruptWhen: (written) => /of 1000000 requests/.test(written.error),
    })
    expect(code).toBe(130)
    expect(error).toMatch(/^\d+ % \d+ of 1000000 requests \(.+\)\n/)
    expect(error).toMatch(/\nStopped after \d+ s: \d+ of 1000000 requests; attacks that got through: none\n$/)
    expect(error).not.toContain('    at ')
  })

  it('plays as much as it was asked for', async () => {
    const { code, out } = await start(script('chaos'), [
      '--handoffs',
      '3',
      '--weather',
      'calm',
      '--workers',
      '1',
      '--json',
    ])
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ handoffs: 3 })
    const fuzzed = await start(script('fuzz'), ['--runs', '10', '--json'])
    expect(JSON.parse(fuzzed.out)).toMatchObject({ runs: 10, failures: [] })
  })
})
