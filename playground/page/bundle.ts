/** Makes the page's code, in memory: one script and one style sheet. */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { build } from 'esbuild'

export interface PageBundle {
  script: string
  style: string
  /** Changes with its contents. */
  hash: string
}

/** Throws what esbuild throws. */
export const bundlePage = async (): Promise<PageBundle> => {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, 'client/main.tsx')],
    outdir: 'page',
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    // The form library's own tests import it, and it would come along with `eval`.
    alias: { '@rjsf/validator-ajv8': join(import.meta.dirname, 'client/configuration/validator.ts') },
    define: { 'process.env.NODE_ENV': '"production"' },
    legalComments: 'none',
    logLevel: 'error',
    write: false,
  })
  const find = (end: string): string => outputFiles.find(({ path }) => path.endsWith(end))?.text ?? ''
  const [script, style] = [find('.js'), find('.css')]
  return { script, style, hash: createHash('sha256').update(script).update(style).digest('hex').slice(0, 12) }
}
