import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { providerNames, providers } from '../src/definition/registry'
import { cyclesAmong, filesUnder, importsOf, ROOT } from './imports'

/**
 * The folders of `src`, from the top down. Each imports itself and those below it. `index.ts` and `integration.ts` are
 * on top.
 */
const SRC_FOLDERS = ['actions', 'from-desk', 'to-desk', 'session', 'botpress', 'definition', 'routing', 'redaction']

/** What each top-level folder may import. */
const MAY_IMPORT: Record<string, string[]> = {
  providers: ['providers'],
  src: ['src', 'providers', 'bp_modules'],
  playground: ['playground', 'src', 'providers', 'integration.definition.ts'],
  tests: ['tests', 'playground', 'src', 'providers', 'integration.definition.ts', 'vitest.config.ts', 'bp_modules'],
}

const isTest = (file: string) => /\.test\.ts$|^providers\/conformance\/|testing\.ts$/.test(file)
const topFolderOf = (path: string) => path.split('/')[0] ?? ''

/** The forbidden imports of these files, as `file → import`. */
const forbidden = (files: string[], isAllowed: (path: string, file: string) => boolean): string[] =>
  files.flatMap((file) =>
    importsOf(file)
      .filter((path) => !isAllowed(path, file))
      .map((path) => `${file} → ${path}`)
  )

describe('imports', () => {
  it.each(Object.keys(MAY_IMPORT))('of %s stay within the folders that it may use', (folder) => {
    // Unit tests sit next to the code and may use the shared test helpers.
    const code = filesUnder(folder).filter((file) => !file.endsWith('.test.ts'))
    expect(forbidden(code, (path) => MAY_IMPORT[folder]?.includes(topFolderOf(path)) ?? false)).toEqual([])
  })

  it('of src run from the top folder down', () => {
    const level = (path: string) => SRC_FOLDERS.indexOf(path.split('/')[1] ?? '')
    const known = filesUnder('src').filter((file) => !isTest(file))
    const unknown = known.filter(
      (file) => level(file) < 0 && !['src/operations.ts', 'src/index.ts', 'src/integration.ts'].includes(file)
    )
    expect(unknown).toEqual([])
    expect(forbidden(known, (path, file) => !path.startsWith('src/') || level(path) >= level(file))).toEqual([])
  })

  it.each(Object.keys(MAY_IMPORT))('form no cycle in %s, types included', (folder) => {
    expect(cyclesAmong(filesUnder(folder))).toEqual([])
  })

  it('of a desk never reach another desk', () => {
    const wrong = providerNames.flatMap((name) => {
      const others = providerNames.filter((other) => other !== name)
      return forbidden(
        filesUnder(`providers/${name}`),
        (path) => !others.some((other) => path.startsWith(`providers/${other}/`))
      )
    })
    expect(wrong).toEqual([])
  })

  it('of src reach desks only through the registry and the contract', () => {
    const core = filesUnder('src').filter((file) => !isTest(file))
    const isInside = (path: string) => providerNames.some((name) => path.startsWith(`providers/${name}/`))
    expect(forbidden(core, (path) => !isInside(path))).toEqual([])
  })

  it('of deployed code reach no sandbox and no conformance suite', () => {
    const deployed = [...filesUnder('src'), ...filesUnder('providers')].filter(
      (file) => !isTest(file) && !/sandbox/.test(file)
    )
    expect(forbidden(deployed, (path) => !/sandbox|conformance/.test(path))).toEqual([])
  })
})

describe('the search for cycles', () => {
  const cyclesOf = (imports: Record<string, string[]>) =>
    cyclesAmong(Object.keys(imports), (file) => imports[file] ?? [])

  it('finds a cycle of any length, and none where two paths meet', () => {
    expect(cyclesOf({ a: ['b'], b: ['c'], c: ['a'] })).toEqual([['a', 'b', 'c', 'a']])
    expect(cyclesOf({ a: ['b', 'c'], b: ['d'], c: ['d'], d: [] })).toEqual([])
  })
})

describe('the registry', () => {
  it('contains every desk’s folder under its name', () => {
    const folders = readdirSync(join(ROOT, 'providers'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !['kit', 'conformance'].includes(entry.name))
      .map((entry) => entry.name)
    expect(folders.toSorted()).toEqual([...providerNames].toSorted())
    for (const name of providerNames) expect(providers[name]?.name).toBe(name)
  })

  it('has one line per desk', () => {
    const lines = readFileSync(join(ROOT, 'providers/index.ts'), 'utf8').trim().split('\n')
    expect(lines).toHaveLength(providerNames.length)
  })

  it('is the only way to vendors: src names none', () => {
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

describe('prose', () => {
  it('in comments fits in 120 columns', () => {
    const isComment = (line: string) => /^\s*(\/\/|\/?\*)/.test(line)
    const tooLong = ['src', 'providers', 'playground', 'tests'].flatMap((folder) =>
      filesUnder(folder).flatMap((file) =>
        readFileSync(join(ROOT, file), 'utf8')
          .split('\n')
          .flatMap((line, index) => (isComment(line) && line.length > 120 ? [`${file}:${index + 1}`] : []))
      )
    )
    expect(tooLong).toEqual([])
  })
})
