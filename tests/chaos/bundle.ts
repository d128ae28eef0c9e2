/**
 * Bundles the script of a child process into one file. With a loader, every process would compile all sources again,
 * and the compiled code would be slower: the loader restores the name of each function whenever one is created.
 */
import { existsSync, rmSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
/** Inside node_modules, so that the bundle finds its packages. */
const CACHE = join(ROOT, 'node_modules', '.cache')

const _externalPackages: Plugin = {
  name: 'external packages',
  setup: ({ onResolve }) => {
    onResolve({ filter: /^[^./]/ }, ({ path, kind }) => (kind === 'entry-point' ? undefined : { path, external: true }))
  },
}

/** import(`../folders/${name}/file.ts`): this esbuild version leaves it to run time, when the path no longer exists. */
const PATTERN = /import\(`([^`$]+)\/\$\{(\w+)\}\/([^`$]+)`\)/g

/** An object literal with one import per folder that has the file. */
const _importsPerFolder = async (from: string, before: string, after: string): Promise<string> => {
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
        contents += `(${await _importsPerFolder(dirname(path), before, after)})[${name}]()${rest}`
      }
      return { contents, loader: 'ts' }
    })
  },
}

/** Bundles the source, runs `work` with the bundle's path and removes the bundle afterwards. */
export const withBundle = async <T>(source: string, work: (script: string) => Promise<T>): Promise<T> => {
  await mkdir(CACHE, { recursive: true })
  const folder = await mkdtemp(join(CACHE, 'bundle-'))
  const outfile = join(folder, 'bundle.mjs')
  // Also when the process is stopped meanwhile.
  const removeAtExit = (): void => rmSync(folder, { recursive: true, force: true })
  process.once('exit', removeAtExit)
  try {
    await build({
      entryPoints: [source],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      sourcemap: 'inline',
      // The libraries that are loaded late are required.
      banner: { js: `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)` },
      logLevel: 'error',
      plugins: [_externalPackages, _importsByPattern],
    })
    return await work(outfile)
  } finally {
    process.off('exit', removeAtExit)
    await rm(folder, { recursive: true, force: true })
  }
}
