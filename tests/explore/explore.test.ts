import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const run = (room: string, args: string[]): Promise<{ code: number; out: string; error: string }> =>
  new Promise((resolve) => {
    const script = fileURLToPath(new URL(`../${room}/command.ts`, import.meta.url))
    execFile(process.execPath, ['--import', 'tsx', script, ...args], (failure, out, error) =>
      resolve({ code: Number(failure?.code ?? 0), out, error })
    )
  })

describe('npm run explore', () => {
  it('finds a planted fault, makes it short, and prints the command that repeats it', async () => {
    const planted = ['--only', 'chaos', '--weather', 'rough', '--break', 'dedupe', '--desk', 'slack']
    const { code, out } = await run('explore', [...planted, '--seed', '1', '--workers', '1'])
    expect(out).toMatch(/! chaos in weather that is rough: \w+/)
    expect(out).toContain('The shortest script that still fails')
    expect(code).toBe(1)
    const [, kind] = /weather that is rough: ([\w ]+)\n/.exec(out) ?? []
    const [, again = ''] = /Again: npm run chaos -- (.+)/.exec(out) ?? []
    const repeated = await run('chaos', [...again.split(' '), '--no-shrink'])
    expect(repeated.out).toContain(`! ${kind}: `)
    expect(repeated.code).toBe(1)
  })

  it('finds nothing where nothing is wrong, and counts what it has run', async () => {
    const { code, out } = await run('explore', ['--only', 'hours', '--seed', '1', '--workers', '1'])
    expect(out).toMatch(/^\d+ calendar cases in \d+ s; 0 distinct failures\n$/)
    expect(code).toBe(0)
  })

  it('refuses what it does not understand in one sentence', async () => {
    const { code, error } = await run('explore', ['--only', 'everything'])
    expect(error).toBe('--only is one of sequences, chaos, fuzz, hours, not "everything"\n')
    expect(code).toBe(2)
  })
})
