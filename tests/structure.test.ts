import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { providerNames, providers } from '../src/definition/registry'
import { circlesAmong, filesUnder, importsOf, ROOT } from './imports'

/** The rooms of `src`, from the top down: a room imports itself and the rooms below it. `index.ts` and `integration.ts` stand above. */
const SRC_ROOMS = ['actions', 'from-desk', 'to-desk', 'session', 'botpress', 'definition', 'routing']

/** What each top-level room may import. */
const REACH: Record<string, string[]> = {
  providers: ['providers'],
  src: ['src', 'providers', 'bp_modules'],
  playground: ['playground', 'src', 'providers', 'integration.definition.ts'],
  tests: ['tests', 'playground', 'src', 'providers', 'integration.definition.ts', 'vitest.config.ts', 'bp_modules'],
}

const isTest = (file: string) => /\.test\.ts$|^providers\/conformance\/|testing\.ts$/.test(file)
const roomOf = (path: string) => path.split('/')[0] ?? ''

/** The imports of these files that are not allowed, as `file → import`. */
const forbidden = (files: string[], isAllowed: (path: string, file: string) => boolean): string[] =>
  files.flatMap((file) =>
    importsOf(file)
      .filter((path) => !isAllowed(path, file))
      .map((path) => `${file} → ${path}`)
  )

describe('imports run one way', () => {
  it.each(Object.keys(REACH))('from %s to the rooms that it may use', (room) => {
    // A unit test stands beside what it tests, and may use what the tests share.
    const code = filesUnder(room).filter((file) => !file.endsWith('.test.ts'))
    expect(forbidden(code, (path) => REACH[room]?.includes(roomOf(path)) ?? false)).toEqual([])
  })

  it('down the rooms of src', () => {
    const level = (path: string) => SRC_ROOMS.indexOf(path.split('/')[1] ?? '')
    const known = filesUnder('src').filter((file) => !isTest(file))
    const unknown = known.filter((file) => level(file) < 0 && !['src/index.ts', 'src/integration.ts'].includes(file))
    expect(unknown).toEqual([])
    expect(forbidden(known, (path, file) => !path.startsWith('src/') || level(path) >= level(file))).toEqual([])
  })

  it.each(Object.keys(REACH))('without a circle in %s, types included', (room) => {
    expect(circlesAmong(filesUnder(room))).toEqual([])
  })

  it('and no desk knows another', () => {
    const wrong = providerNames.flatMap((name) => {
      const others = providerNames.filter((other) => other !== name)
      return forbidden(
        filesUnder(`providers/${name}`),
        (path) => !others.some((other) => path.startsWith(`providers/${other}/`))
      )
    })
    expect(wrong).toEqual([])
  })

  it('from the core to desks through the registry and the contract alone', () => {
    const core = filesUnder('src').filter((file) => !isTest(file))
    const isInside = (path: string) => providerNames.some((name) => path.startsWith(`providers/${name}/`))
    expect(forbidden(core, (path) => !isInside(path))).toEqual([])
  })

  it('and what is deployed contains no sandbox and no conformance suite', () => {
    const deployed = [...filesUnder('src'), ...filesUnder('providers')].filter(
      (file) => !isTest(file) && !/sandbox/.test(file)
    )
    expect(forbidden(deployed, (path) => !/sandbox|conformance/.test(path))).toEqual([])
  })
})

describe('the search for circles', () => {
  const circlesOf = (imports: Record<string, string[]>) =>
    circlesAmong(Object.keys(imports), (file) => imports[file] ?? [])

  it('finds one however long it is, and none where two paths meet', () => {
    expect(circlesOf({ a: ['b'], b: ['c'], c: ['a'] })).toEqual([['a', 'b', 'c', 'a']])
    expect(circlesOf({ a: ['b', 'c'], b: ['d'], c: ['d'], d: [] })).toEqual([])
  })
})

describe('the registry', () => {
  it('has every folder of a desk, under its name', () => {
    const folders = readdirSync(join(ROOT, 'providers'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !['kit', 'conformance'].includes(entry.name))
      .map((entry) => entry.name)
    expect(folders.toSorted()).toEqual([...providerNames].toSorted())
    for (const name of providerNames) expect(providers[name]?.name).toBe(name)
  })

  it('is one line per desk', () => {
    const lines = readFileSync(join(ROOT, 'providers/index.ts'), 'utf8').trim().split('\n')
    expect(lines).toHaveLength(providerNames.length)
  })

  it('is where the core meets vendors: none is named in it', () => {
    const named = filesUnder('src')
      .filter((file) => !isTest(file))
      .flatMap((file) =>
        readFileSync(join(ROOT, file), 'utf8')
          .split('\n')
          .filter((line) => providerNames.some((name) => new RegExp(`\\b${name}\\b`, 'i').test(line)))
          .map((line) => `${file}: ${line.trim()}`)
      )
    expect(named).toEqual([])
  })
})
