import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { captureConsole } from '../chaos/console-capture'
import { runOne } from '../chaos/run'
import { playRound, type Round } from './round'

const run = (room: string, args: string[]): Promise<{ code: number; out: string; error: string }> =>
  new Promise((resolve) => {
    const script = fileURLToPath(new URL(`../${room}/command.ts`, import.meta.url))
    execFile(process.execPath, ['--import', 'tsx', script, ...args], (failure, out, error) =>
      resolve({ code: Number(failure?.code ?? 0), out, error })
    )
  })

describe('npm run explore', () => {
  it('finds a planted fault, shrinks it, and prints the command that reproduces it', async () => {
    const output = captureConsole()
    const seed = 1
    const noticed: string[] = []
    try {
      const round: Round = { kind: 'chaos', seed, desks: ['slack'], weather: 'rough', break: 'dedupe' }
      const { failures } = await playRound(round, ({ title }) => noticed.push(title))
      const [failure] = failures
      expect(failure?.title).toBe('chaos in rough weather: duplicated')
      expect(failure?.report).toContain('The shortest script that still fails')
      expect(noticed).toEqual([failure?.title])
      const [, options, handoff] = /^npm run chaos -- (.+) --only (\d+)$/.exec(failure?.again ?? '') ?? []
      expect(options).toBe('--seed 1 --desk slack --break dedupe')
      const { violations } = await runOne({ ...round, seed: String(seed) }, Number(handoff))
      expect(violations.map(({ kind }) => kind)).toContain('duplicated')
    } finally {
      output.stop()
    }
  })

  it('finds nothing wrong with the business hours, and counts the cases', async () => {
    const round: Round = { kind: 'hours', seed: 1, desks: [], weather: 'rough' }
    const { counts, failures } = await playRound(round, () => {})
    expect(failures).toEqual([])
    expect(counts['calendar cases']).toBeGreaterThan(1_000)
  })

  it('refuses a bad argument in one sentence', async () => {
    const { code, error } = await run('explore', ['--only', 'everything'])
    expect(error).toBe(
      '--only must be one of sequences, chaos, fuzz, hours, not "everything" (--help lists the options)\n'
    )
    expect(code).toBe(2)
  })
})
