/** Reads the imports of the project's own sources. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'

export const ROOT = resolve(import.meta.dirname, '..')

/** Every TypeScript file below a folder, as a path from the project's root. */
export const filesUnder = (folder: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))

const SPECIFIER = /(?:\bfrom|\bimport)\s*\(?\s*'(\.[^']*)'/g

/** The files that a file imports, types included, as paths from the project's root. */
export const importsOf = (file: string): string[] =>
  [...readFileSync(join(ROOT, file), 'utf8').matchAll(SPECIFIER)].map(([, specifier = '']) =>
    _fileOf(relative(ROOT, resolve(ROOT, file, '..', specifier)))
  )

const _fileOf = (path: string): string =>
  [`${path}.ts`, `${path}.tsx`, `${path}/index.ts`, path].find((file) => existsSync(join(ROOT, file))) ?? path

/**
 * The import cycles among these files. Each cycle is a list that ends with its first file. Imports of other files are
 * ignored.
 */
export const cyclesAmong = (files: string[], imports: (file: string) => string[] = importsOf): string[][] => {
  const cycles: string[][] = []
  const done = new Set<string>()
  const visit = (file: string, path: string[]): void => {
    const start = path.indexOf(file)
    if (start >= 0) cycles.push([...path.slice(start), file])
    if (start >= 0 || done.has(file)) return
    for (const next of imports(file)) if (files.includes(next)) visit(next, [...path, file])
    done.add(file)
  }
  for (const file of files) visit(file, [])
  return cycles
}
