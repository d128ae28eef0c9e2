/**
 * Starts commands one after the other in this process, so that what they share is loaded once. The first argument is a
 * list of their files as JSON, the others are theirs. Prints their exit codes and what they have written, as JSON.
 */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ROOT } from '../imports'

class Exit {
  public constructor(public readonly code: number) {}
}

const [files = '[]', ...args] = process.argv.slice(2)
const exit = process.exit.bind(process)
const write = process.stdout.write.bind(process.stdout)
process.exit = (code) => {
  throw new Exit(Number(code ?? 0))
}

const results: { file: string; code: number; out: string; error: string }[] = []
for (const file of JSON.parse(files) as string[]) {
  const written = { out: '', error: '' }
  const keep = (stream: keyof typeof written) => (text: string | Uint8Array) => {
    written[stream] += String(text)
    return true
  }
  process.stdout.write = keep('out')
  process.stderr.write = keep('error')
  process.argv = [process.execPath, file, ...args]
  const code = await import(pathToFileURL(join(ROOT, file)).href).then(
    () => -1,
    (thrown: unknown) => {
      if (thrown instanceof Exit) return thrown.code
      throw thrown
    }
  )
  results.push({ file, code, ...written })
}
write(JSON.stringify(results), () => exit(0))
