/** `npm run language-words`: writes src/routing/spoken-words.json anew from the frequency lists. */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { runCommand } from '../../playground/terminal/command'
import { spokenWordsFile } from '../language/words'

await runCommand(
  {
    name: 'npm run language-words',
    about: 'Writes src/routing/spoken-words.json anew from the frequency lists.',
    options: {},
    examples: [['', 'after the lists or their choice have changed']],
    exits: { 0: 'the file is written', 1: 'it could not be written' },
  },
  async ({ output, progress }) => {
    progress('Reading the frequency lists')
    const file = fileURLToPath(new URL('../../src/routing/spoken-words.json', import.meta.url))
    const content = spokenWordsFile()
    writeFileSync(file, content)
    output.out(`src/routing/spoken-words.json: ${(content.length / 1024).toFixed(0)} KiB\n`)
  }
)
