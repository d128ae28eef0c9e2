/** `npm run screenshots`: takes the pictures of README.md and hub.md from the page as it is. Needs Chromium. */
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { createRemote, launch, openTab } from './page/browser.testing'
import { openPlayground } from './page/playground'

const images = fileURLToPath(new URL('../docs/images/', import.meta.url))

const PICTURES = [
  { name: 'handoff', scenario: 'handoff', colorScheme: 'light' },
  { name: 'outage', scenario: 'outage', colorScheme: 'dark' },
] as const

const playground = await openPlayground()
const browser = await launch()
const remote = createRemote(() => playground.origin)
mkdirSync(images, { recursive: true })
for (const { name, scenario, colorScheme } of PICTURES) {
  await remote.post('reset', {})
  const viewport = { width: 1440, height: 860 }
  const { page } = await openTab(browser, playground.origin, { colorScheme, viewport })
  await remote.post('scenario', { id: scenario })
  await page.getByText('Watch:').waitFor()
  await remote.finish()
  await page.getByText('You saw:').waitFor()
  await page.getByText('Goes to').waitFor()
  await page.screenshot({ path: `${images}${name}.png`, animations: 'disabled' })
  process.stdout.write(`docs/images/${name}.png\n`)
  await page.close()
}
await browser.close()
await playground.close()
process.exit(0)
