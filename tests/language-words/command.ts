/** `npm run language-words`: writes src/routing/spoken-words.json anew from the frequency lists. */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { spokenWordsFile } from '../language/words'

const file = fileURLToPath(new URL('../../src/routing/spoken-words.json', import.meta.url))
const content = spokenWordsFile()
writeFileSync(file, content)
console.log(`src/routing/spoken-words.json: ${(content.length / 1024).toFixed(0)} KiB`)
