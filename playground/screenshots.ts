/** `npm run screenshots`: takes the pictures of README.md and hub.md from the page as it is. Needs Chromium. */
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { createRemote, launch, openTab } from './page/browser.testing'
import { openPlayground } from './page/playground'
import { runCommand } from './terminal/command'

const images = fileURLToPath(new URL('../docs/images/', import.meta.url))

const PICTURES = [
  { name: 'handoff', scenario: 'handoff', colorScheme: 'light' },
  { name: 'outage', scenario: 'outage', colorScheme: 'dark' },
] as const

await runCommand(
  {
    name: 'npm run screenshots',
    about: 'Takes the pictures of README.md and hub.md from the page as it is, into docs/images/. Needs Chromium.',
    options: {},
    examples: [['', 'after the page has changed']],
    exits: { 0: 'the pictures are written', 1: 'there is no Chromium, or a scenario did not end' },
  },
  async ({ output, progress }) => {
    progress('Starting the playground')
    const playground = await openPlayground()
    const browser = await launch()
    try {
      const remote = createRemote(() => playground.origin)
      mkdirSync(images, { recursive: true })
      for (const { name, scenario, colorScheme } of PICTURES) {
        progress(`Playing ${scenario}`)
        await remote.post('reset', {})
        const viewport = { width: 1440, height: 860 }
        const { page } = await openTab(browser, playground.origin, { colorScheme, viewport })
        await remote.post('scenario', { id: scenario })
        await page.getByText('Watch:').waitFor()
        await remote.finish()
        await page.getByText('You saw:').waitFor()
        await page.getByText('Goes to').waitFor()
        await page.screenshot({ path: `${images}${name}.png`, animations: 'disabled' })
        output.out(`docs/images/${name}.png\n`)
        await page.close()
      }
    } finally {
      await browser.close()
      await playground.close()
    }
  }
)
