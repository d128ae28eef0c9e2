/**
 * What runs in processes of its own, made into one file first. A loader would translate every source again in every process that starts, and what it makes of them is slower
 * (it gives each function its name back, each time that one is made).
 */
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
/** Below node_modules, so that packages are found from there. */
const CACHE = join(ROOT, 'node_modules', '.cache')

const _packagesStayOutside: Plugin = {
  name: 'packages stay outside',
  setup: ({ onResolve }) => {
    onResolve({ filter: /^[^./]/ }, ({ path, kind }) => (kind === 'entry-point' ? undefined : { path, external: true }))
  },
}

/** import(`../folders/${name}/file.ts`): this version of esbuild leaves it to the moment of the call, when the sources are somewhere else. */
const PATTERN = /import\(`([^`$]+)\/\$\{(\w+)\}\/([^`$]+)`\)/g

/** An import for each folder that has such a file. */
const _choices = async (from: string, before: string, after: string): Promise<string> => {
  const folders = (await readdir(resolve(from, before))).filter((name) =>
    existsSync(resolve(from, before, name, after))
  )
  const imports = folders.map((name) => `${JSON.stringify(name)}: () => import('${before}/${name}/${after}')`)
  return `{ ${imports.join(', ')} }`
}

const _importsByPattern: Plugin = {
  name: 'imports by pattern',
  setup: ({ onLoad }) => {
    onLoad({ filter: /\/playground\/[^/]+\.ts$/ }, async ({ path }) => {
      const parts = (await readFile(path, 'utf8')).split(PATTERN)
      let contents = parts[0] ?? ''
      for (let at = 1; at < parts.length; at += 4) {
        const [before = '', name = '', after = '', rest = ''] = parts.slice(at, at + 4)
        contents += `(${await _choices(dirname(path), before, after)})[${name}]()${rest}`
      }
      return { contents, loader: 'ts' }
    })
  },
}

/** Makes the file to run instead of this source, for as long as the work takes. */
export const withBundle = async <T>(source: string, work: (script: string) => Promise<T>): Promise<T> => {
  await mkdir(CACHE, { recursive: true })
  const folder = await mkdtemp(join(CACHE, 'bundle-'))
  const outfile = join(folder, 'bundle.mjs')
  try {
    await build({
      entryPoints: [source],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      sourcemap: 'inline',
      logLevel: 'error',
      plugins: [_packagesStayOutside, _importsByPattern],
    })
    return await work(outfile)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
