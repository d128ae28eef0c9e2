import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { providerNames, providers } from '../src/definition/registry'

const root = resolve(import.meta.dirname, '..')

const filesUnder = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))

/** Relative imports of a file, as paths from the project's root. */
const importsOf = (file: string): string[] =>
  [...readFileSync(join(root, file), 'utf8').matchAll(/(?:from|import)\s*\(?\s*'(\.[^']*)'/g)].map(([, path = '']) =>
    relative(root, resolve(root, file, '..', path))
  )

const isTest = (file: string) => /\.test\.ts$|conformance\.ts$|testing(\.ts|\/)/.test(file)

describe('imports go one way', () => {
  it('desks reach nothing outside their room', () => {
    const wrong = filesUnder('providers').flatMap((file) =>
      importsOf(file)
        .filter((path) => !path.startsWith('providers'))
        .map((path) => `${file} → ${path}`)
    )
    expect(wrong).toEqual([])
  })

  it('no desk knows another', () => {
    const wrong = providerNames.flatMap((name) =>
      filesUnder(`providers/${name}`).flatMap((file) =>
        importsOf(file)
          .filter((path) => providerNames.some((other) => other !== name && path.startsWith(`providers/${other}`)))
          .map((path) => `${file} → ${path}`)
      )
    )
    expect(wrong).toEqual([])
  })

  it('the core reaches desks only through the registry and the contract, and never a sandbox or the playground', () => {
    const wrong = filesUnder('src')
      .filter((file) => !isTest(file))
      .flatMap((file) =>
        importsOf(file)
          .filter(
            (path) =>
              path.startsWith('playground') ||
              /sandbox|conformance/.test(path) ||
              providerNames.some((name) => path.startsWith(`providers/${name}`))
          )
          .map((path) => `${file} → ${path}`)
      )
    expect(wrong).toEqual([])
  })

  it('what is deployed contains no sandbox', () => {
    const wrong = filesUnder('providers')
      .filter((file) => !isTest(file) && !/sandbox/.test(file))
      .flatMap((file) =>
        importsOf(file)
          .filter((path) => /sandbox|conformance/.test(path))
          .map((path) => `${file} → ${path}`)
      )
    expect(wrong).toEqual([])
  })
})

describe('the registry', () => {
  it('has every folder of a desk, under its name', () => {
    const folders = readdirSync(join(root, 'providers'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !['kit', 'conformance'].includes(entry.name))
      .map((entry) => entry.name)
    expect(folders.toSorted()).toEqual([...providerNames].toSorted())
    for (const name of providerNames) expect(providers[name]?.name).toBe(name)
  })

  it('is one line per desk', () => {
    const lines = readFileSync(join(root, 'providers/index.ts'), 'utf8').trim().split('\n')
    expect(lines).toHaveLength(providerNames.length)
  })

  it('is where the core meets vendors: none is named in it', () => {
    const named = filesUnder('src')
      .filter((file) => !isTest(file))
      .flatMap((file) =>
        readFileSync(join(root, file), 'utf8')
          .split('\n')
          .filter((line) => providerNames.some((name) => new RegExp(`\\b${name}\\b`, 'i').test(line)))
          .map((line) => `${file}: ${line.trim()}`)
      )
    expect(named).toEqual([])
  })
})
