/** `npm run build`: bundles the integration as Botpress's CLI does, into dist/. Prints its size. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { bundleRouter, bundleSdk, sizesOf } from './build/bundle'
import { runCommand } from './terminal/command'

const SHOWN = 20
const _kibibytes = (bytes: number): string => `${(bytes / 1024).toFixed(0)} KiB`

await runCommand(
  {
    name: 'npm run build',
    about: "Bundles the integration as Botpress's CLI does, into dist/index.cjs, and prints what takes how much space.",
    options: { json: { type: 'boolean', default: false, help: 'print every source with its size as JSON' } },
    examples: [
      ['', 'bundle, and print the largest sources'],
      ['--json', 'for a script that watches the size'],
    ],
    exits: { 0: 'the bundle is written', 1: 'it could not be built or written' },
  },
  async ({ values, output, progress }) => {
    progress('Bundling')
    const dist = fileURLToPath(new URL('../dist/', import.meta.url))
    const bundle = await bundleRouter()
    mkdirSync(dist, { recursive: true })
    writeFileSync(`${dist}index.cjs`, bundle.code)
    const sizes = sizesOf(bundle)
    const bare = (await bundleSdk()).code.length
    if (values.json) {
      output.out(
        `${JSON.stringify({ file: 'dist/index.cjs', bytes: bundle.code.length, bareSdk: bare, sources: sizes }, null, 2)}\n`
      )
      return
    }
    const lines = [
      `dist/index.cjs: ${_kibibytes(bundle.code.length)}`,
      `the bare SDK:   ${_kibibytes(bare)}`,
      ...sizes.slice(0, SHOWN).map(({ name, bytes }) => `  ${_kibibytes(bytes).padStart(9)}  ${name}`),
    ]
    output.out(`${lines.join('\n')}\n`)
  }
)
