/** `npm run build`: bundles the integration as Botpress's CLI does, into dist/. Prints its size. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { bundleRouter, bundleSdk, sizesOf } from './build/bundle'

const dist = fileURLToPath(new URL('../dist/', import.meta.url))
const bundle = await bundleRouter()
mkdirSync(dist, { recursive: true })
writeFileSync(`${dist}index.cjs`, bundle.code)
const kibibytes = (bytes: number): string => `${(bytes / 1024).toFixed(0)} KiB`
console.log(`dist/index.cjs: ${kibibytes(bundle.code.length)}`)
console.log(`the bare SDK:  ${kibibytes((await bundleSdk()).code.length)}`)
for (const { name, bytes } of sizesOf(bundle).slice(0, 20)) console.log(`  ${kibibytes(bytes).padStart(9)}  ${name}`)
