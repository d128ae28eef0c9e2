/** Tests the page in a real browser, such as Debian's Chromium: `apt-get install chromium`. */
import { existsSync } from 'node:fs'
import { chromium, type Browser, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { openPlayground, type Playground } from './playground'

const EXECUTABLE = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
const isMissing = !existsSync(EXECUTABLE)
const isRequired = process.env['REQUIRE_BROWSER'] === '1'

/** Chromium has no sandbox for root, and makes background calls by default. */
const FLAGS =
  '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync'
/** Scheduled messages and events take several seconds of real time. */
const WAIT_MS = 300_000

const WHY_SKIPPED = `skipped: ${EXECUTABLE} is missing; set CHROMIUM to the path of a browser`

const isSkipped = isMissing && !isRequired

describe.skipIf(isSkipped)(`the page${isSkipped ? ` (${WHY_SKIPPED})` : ''}`, () => {
  let browser: Browser
  let playground: Playground
  let page: Page
  const faults: string[] = []

  beforeAll(async () => {
    playground = await openPlayground()
    browser = await chromium.launch({ executablePath: EXECUTABLE, args: FLAGS.split(' ') })
  })
  afterAll(async () => {
    await browser?.close()
    await playground?.close()
  })
  afterEach(() => {
    if (faults.length > 0) throw new Error(faults.splice(0).join('\n'))
  })

  const open = async (viewport = { width: 1280, height: 900 }): Promise<void> => {
    page = await browser.newPage({ viewport })
    page.setDefaultTimeout(WAIT_MS)
    page.on('pageerror', (error) => faults.push(error.message))
    page.on('console', (message) => {
      if (message.type() === 'error') faults.push(message.text())
    })
    page.on('dialog', (dialog) => {
      faults.push(dialog.message())
      void dialog.dismiss()
    })
    await page.goto(playground.origin)
    await page.getByText('With the bot', { exact: true }).waitFor()
  }
  const chat = () => page.getByRole('log')
  const button = (name: string) => page.getByRole('button', { name, exact: true })
  const say = async (words: string) => {
    await page.getByLabel('Message').fill(words)
    await page.keyboard.press('Enter')
  }

  it('takes a customer to an agent and back', async () => {
    await open()
    const [desk = ''] = Object.keys(playground.world.sandboxes)
    const column = page.locator(`#desk-${desk}`)
    const inColumn = (name: string) => column.getByRole('button', { name, exact: true })

    await button('Ask for a human').click()
    await page.getByText(/^With the agents of/).waitFor()
    await column.getByText('Printer on fire').first().waitFor()
    await page.getByText('first available in the order').waitFor()

    await say('Is anybody there? <img src=x onerror=alert(1)>')
    await column.locator('.from-customer', { hasText: 'Is anybody there?' }).waitFor()
    expect(await page.locator('main img').count(), 'messages are shown as text, not HTML').toBe(0)

    await inColumn('Assign to me').click()
    await chat().getByText('A human agent has joined').waitFor()

    const reply = column.getByLabel('Reply')
    await reply.fill('Between us: it is the blue one')
    await inColumn('Note').click()
    await column.locator('.from-note', { hasText: 'the blue one' }).waitFor()
    await reply.fill('Unplug it, please')
    await inColumn('Reply').click()
    await chat().locator('.from-agent', { hasText: 'Unplug it, please' }).waitFor()
    expect(await reply.inputValue()).toBe('')

    await inColumn('Solve').click()
    await chat().getByText('The human agent closed the conversation').waitFor()
    await page.getByText('With the bot', { exact: true }).waitFor()
    await inColumn('Reopen').waitFor()
    const said = await chat().locator('.text').allTextContents()
    expect(said.filter((words) => words === 'Unplug it, please')).toHaveLength(1)
    expect(said.join('\n')).not.toContain('the blue one')
  })

  it('lets the customer choose the desk and end the session', async () => {
    await open()
    const last = Object.keys(playground.world.sandboxes).at(-1) ?? ''
    await page.locator('#start').getByRole('combobox').selectOption(last)
    await button('Ask for a human').click()
    await page.locator(`#desk-${last}`).getByText('(the customer you are)').waitFor()
    await page.getByText('requested by the session').first().waitFor()
    await button('End the session').click()
    await chat().getByText('You have ended the session').waitFor()
    await page.locator(`#desk-${last} .status`, { hasText: 'solved' }).waitFor()
    await expect.poll(() => page.locator('#start').isVisible()).toBe(true)
  })

  it('keeps typed text when it refreshes or reloads', async () => {
    await open()
    await button('Ask for a human').click()
    const reply = page.locator('.ticket.mine').getByLabel('Reply')
    await reply.fill('half a sen')
    await page.getByLabel('Message').fill('half a question')
    await reply.focus()
    // The ticket changes meanwhile.
    const id = await page.getByLabel('Which customer you are').inputValue()
    await playground.world.botpress.bot.customerSays(id, 'hurry up')
    await page.locator('.ticket.mine').getByText('hurry up').waitFor()
    expect(await reply.inputValue()).toBe('half a sen')
    expect(await reply.evaluate((node) => node === document.activeElement)).toBe(true)
    await page.reload()
    await page.locator('.ticket.mine').getByText('hurry up').waitFor()
    expect(await reply.inputValue()).toBe('half a sen')
    expect(await page.getByLabel('Message').inputValue()).toBe('half a question')
    await button('End the session').click()
    await page.getByText('With the bot', { exact: true }).waitFor()
  })

  it('changes strategy and order, also with the keyboard', async () => {
    await open()
    const order = page.getByRole('list', { name: 'Order of the desks' }).getByRole('listitem')
    const before = await order.allInnerTexts()
    await order.nth(1).getByRole('button', { name: 'earlier' }).focus()
    await page.keyboard.press('Enter')
    await expect.poll(() => order.allInnerTexts()).toEqual([before[1], before[0], ...before.slice(2)])
    await page.getByLabel('Each desk in turn').check()
    await button('New customer').click()
    await button('Ask for a human').click()
    await page.getByText('its turn (number 1)').waitFor()
    await page.reload()
    await expect.poll(() => page.getByLabel('Each desk in turn').isChecked()).toBe(true)
  })

  it('fits the screen of a phone', async () => {
    await open({ width: 360, height: 740 })
    await button('Ask for a human').click()
    await page.locator('.ticket.mine').waitFor()
    const [content, screen] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth])
    expect(content).toBeLessThanOrEqual(screen ?? 0)
  })
})
