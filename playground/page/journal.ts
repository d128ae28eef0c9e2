/**
 * What people did, in order. It outlives the server: a new one plays it again on a clock that stands still, with the
 * real router, and comes to the same state. It holds the moves of the page and no credential of a real account.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { z } from '@botpress/sdk'

const entry = z.object({
  /** Milliseconds since the epoch, by the playground's clock. */
  at: z.number(),
  move: z.string(),
  body: z.record(z.unknown()),
})
export type JournalEntry = z.infer<typeof entry>

const VERSION = 1
const shape = z.object({
  version: z.literal(VERSION),
  /** Of the clock, when the playground began. */
  start: z.number(),
  /** How far the clock was ahead of the machine's, in milliseconds. */
  aheadMs: z.number(),
  seed: z.number(),
  entries: z.array(entry),
})
export type Saved = z.infer<typeof shape>

/** Reads a journal. One that can't be read is put aside, never overwritten: `problem` says where it is. */
export const readJournal = (file: string): { saved?: Saved; problem?: string } => {
  if (!existsSync(file)) return {}
  try {
    const parsed = shape.safeParse(JSON.parse(readFileSync(file, 'utf8')))
    if (parsed.success) return { saved: parsed.data }
    return { problem: _putAside(file, 'is from another version of the playground') }
  } catch {
    return { problem: _putAside(file, 'can’t be read') }
  }
}

const _putAside = (file: string, why: string): string => {
  const kept = `${file}.kept`
  try {
    renameSync(file, kept)
  } catch {
    return `The saved state (${file}) ${why}. The playground starts anew`
  }
  return `The saved state ${why}. The playground starts anew, and keeps the old file as ${kept}`
}

/** Replaces the file in one step, readable by its owner alone. Throws what the file system throws. */
export const writeJournal = (file: string, saved: Omit<Saved, 'version'>): void => {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const written = `${file}.${process.pid}`
  writeFileSync(written, JSON.stringify({ version: VERSION, ...saved }), { mode: 0o600 })
  renameSync(written, file)
}

export const removeJournal = (file: string): void => rmSync(file, { force: true })
