/** axe-core finds nothing to object to: light and dark, on a desktop and on a phone. */
import axe from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRemote, isSkipped, launch, openTab, skipped } from './browser.testing'
import { openPlayground, type Playground } from './playground'

const DESKTOP = { width: 1440, height: 900 }
const PHONE = { width: 360, height: 740 }
const MODES = [
  ['light', DESKTOP],
  ['dark', DESKTOP],
  ['light', PHONE],
  ['dark', PHONE],
] as const

/** The violations, in words. */
const violations = async (page: Page, where: string): Promise<string[]> => {
  const { violations: found } = (await page.evaluate('axe.run()')) as axe.AxeResults
  return found.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${where}: ${id} ${html.slice(0, 200)} ${failureSummary}`)
  )
}

describe.skipIf(isSkipped)(`the page is accessible${skipped}`, () => {
  let browser: Browser
  let playground: Playground
  const remote = createRemote(() => playground.origin)

  beforeAll(async () => {
    playground = await openPlayground()
    browser = await launch()
    for (const id of ['outage', 'vip', 'forged']) {
      await remote.post('scenario', { id })
      await remote.finish()
    }
    await remote.post('send', { customer: 'c1', sample: 'photo' })
    await remote.post('send', { customer: 'c1', sample: 'voice' })
    await remote.post('agent', { desk: 'intercom', ticket: 0, move: 'note', text: 'a note' })
  })
  afterAll(async () => {
    await browser?.close()
    await playground?.close()
  })

  it.each(MODES)('in %s colours at %j', async (colorScheme, viewport) => {
    // The page’s security policy keeps scripts out, those of the test, too.
    const { page, faults } = await openTab(browser, playground.origin, { colorScheme, viewport, bypassCSP: true })
    await page.evaluate(axe.source)
    const isPhone = viewport.width < 500
    const open = async (name: string) => {
      if (isPhone) await page.getByRole('tab', { name, exact: true }).click()
    }
    const found = await violations(page, 'customer')
    await open('Router')
    await page.getByRole('list', { name: 'Calls and webhooks, oldest first' }).waitFor()
    found.push(...(await violations(page, 'timeline')))
    await open('Desks')
    for (const [desk, customer] of [
      ['Zendesk', /Ben Baker/],
      ['Intercom', /Camille Laurent/],
      ['Slack', /Eve Customer/],
    ] as const) {
      await page.getByRole('tab', { name: desk }).click()
      const other = page.getByRole('navigation').getByRole('button', { name: customer })
      if (await other.first().isVisible()) await other.first().click()
      found.push(...(await violations(page, desk)))
    }
    await page.getByRole('button', { name: 'Configuration', exact: true }).click()
    await page.getByLabel('Time zone').fill('Europe/Atlantis')
    await page.getByText('1 problem: Routing → Time zone').waitFor()
    found.push(...(await violations(page, 'configuration')))
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await open('Router')
    await page
      .getByRole('button', { name: /startHitl/ })
      .first()
      .click()
    await page.getByRole('dialog').getByText('Request').waitFor()
    found.push(...(await violations(page, 'exchange')))
    expect(found).toEqual([])
    const [content = 0, screen = 0] = await page.evaluate(() => [
      document.documentElement.scrollWidth,
      window.innerWidth,
    ])
    expect(content).toBeLessThanOrEqual(screen)
    expect(faults).toEqual([])
    await page.close()
  })
})
