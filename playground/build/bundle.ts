/** The deployed bundle: one minified CommonJS file, as Botpress's CLI makes it. */
import { fileURLToPath } from 'node:url'
import { build, type Metafile } from 'esbuild'

export interface Bundle {
  code: Uint8Array
  metafile: Metafile
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** Bundles one file of the project. Throws what esbuild throws. `minify`: true, as it is deployed, by default. */
export const bundle = async (entry: string, { minify = true } = {}): Promise<Bundle> => {
  const { outputFiles, metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [entry],
    outfile: 'dist/index.cjs',
    bundle: true,
    minify,
    keepNames: true,
    platform: 'node',
    target: 'es2020',
    format: 'cjs',
    logLevel: 'error',
    metafile: true,
    write: false,
  })
  const [file] = outputFiles
  if (!file || !metafile) throw new Error('esbuild made no file')
  return { code: file.contents, metafile }
}

export const bundleRouter = (): Promise<Bundle> => bundle('src/index.ts')

/** The least that any integration on this SDK deploys. */
export const bundleSdk = (): Promise<Bundle> => bundle('node_modules/@botpress/sdk/dist/index.cjs')

/** Bytes in the bundle by package, largest first. Our own folders are packages of their own. */
export const sizesOf = ({ metafile }: Bundle): { name: string; bytes: number }[] => {
  const sizes = new Map<string, number>()
  const [output] = Object.values(metafile.outputs)
  for (const [path, { bytesInOutput }] of Object.entries(output?.inputs ?? {})) {
    const name = _packageOf(path)
    sizes.set(name, (sizes.get(name) ?? 0) + bytesInOutput)
  }
  return [...sizes].map(([name, bytes]) => ({ name, bytes })).toSorted((one, other) => other.bytes - one.bytes)
}

const _packageOf = (path: string): string => {
  const [, name] = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path) ?? []
  return name ?? path.split('/').slice(0, 2).join('/')
}
