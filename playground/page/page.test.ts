/** What people do on the page, in a real browser. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { assertVisible, createRemote, isSkipped, launch, openTab, skipped, type Tab } from './browser.testing'
import { openPlayground, type Playground } from './playground'

describe.skipIf(isSkipped)(`the page${skipped}`, () => {
  let browser: Browser
  let playground: Playground
  let tab: Tab
  let page: Page
  const remote = createRemote(() => playground.origin)

  beforeAll(async () => {
    playground = await openPlayground()
    browser = await launch()
    tab = await openTab(browser, playground.origin)
    page = tab.page
  })
  afterAll(async () => {
    await browser?.close()
    await playground?.close()
  })
  beforeEach(async () => {
    await remote.post('reset', {})
    await page.evaluate(() => sessionStorage.clear())
    await page.reload()
    await button('Reset').waitFor()
  })
  afterEach(() => {
    if (tab.faults.length > 0) throw new Error(tab.faults.splice(0).join('\n'))
  })

  const button = (name: string) => page.getByRole('button', { name, exact: true })
  const chat = () => page.getByRole('log', { name: 'What the customer sees' })
  const desk = () => page.getByRole('region', { name: 'Agents’ desks' })
  const timeline = () => page.getByRole('list', { name: 'Calls and webhooks, oldest first' })
  const counter = () => page.getByRole('status', { name: 'Messages delivered' })
  const play = async (title: string) => {
    await button(title).click()
    await page.getByText('Watch:').waitFor()
    await remote.finish()
    await page.getByText('You saw:').waitFor()
  }
  const ask = async (provider?: string) => {
    if (provider) await page.getByLabel('Desk', { exact: true }).selectOption({ label: provider })
    await button('Ask for a human').click()
    await page.getByText(/^With the agents of/).waitFor()
  }
  const say = async (words: string) => {
    await page.getByRole('textbox', { name: 'Message' }).fill(words)
    await page.keyboard.press('Enter')
  }

  describe('a scenario', () => {
    it('plays a handoff', async () => {
      await play('A handoff')
      await chat().getByText('Hello Eve, I’m here.').waitFor()
      await chat().getByText('Ada Agent').waitFor()
      await desk().getByText('Done, thank you!').waitFor()
      await counter().getByText('3 delivered once, in order').waitFor()
      // It goes on from there.
      await say('One more thing')
      await assertVisible(desk().getByText('One more thing'))
    })

    it('lets Slack take over when Zendesk goes down', async () => {
      await play('Zendesk goes down, Slack takes over')
      await desk().getByText('# support').waitFor()
      await timeline().getByText('500', { exact: true }).first().waitFor({ state: 'attached' })
      await page.getByRole('listitem').filter({ hasText: 'down after repeated failures' }).waitFor()
      await desk().getByRole('tab', { name: 'Zendesk' }).click()
      await assertVisible(desk().getByText(/The breaker is open after 3 failures in a row/))
    })

    it('refuses on Friday at 18:01, and says when the desks are back', async () => {
      await play('Friday 18:01')
      await page
        .getByRole('form', { name: 'Ask for a human' })
        .getByText(/We open again Monday 09:00/)
        .waitFor()
      await page.getByRole('button', { name: /^Fri .* Move the clock/ }).waitFor()
      await page.getByLabel('Which customer you are').selectOption({ label: 'Eve Customer · with an agent' })
      await assertVisible(page.getByText('With the agents of Zendesk'))
    })

    it('sends a French VIP to Intercom', async () => {
      await play('A French VIP')
      await page.getByText('With the agents of Intercom').waitFor()
      await page.getByText('This ticket').click()
      await page.getByText(/Rule: VIPs/).waitFor()
      await assertVisible(page.getByText('first available among the desks of VIPs'))
    })

    it('keeps a session at its desk when the vendor is switched', async () => {
      await play('Switch vendors in mid-chat')
      await page.getByText('With the agents of Slack').waitFor()
      await desk().getByRole('tab', { name: 'Zendesk' }).click()
      await desk()
        .getByRole('button', { name: /Eve Customer/ })
        .click()
      await chat().getByText('Still here, still at Zendesk.').waitFor()
      await assertVisible(page.getByText('With the agents of Zendesk'))
    })

    it('shows a reply once when its webhook comes twice more', async () => {
      await play('A webhook comes twice')
      await chat().getByText('You will read this once.').waitFor()
      expect(await timeline().getByText('duplicated').count()).toBe(2)
      await counter().getByText('1 delivered once, in order').waitFor()
    })

    it('refuses a forged webhook', async () => {
      await play('Somebody forges one')
      await chat().getByText('This one is real.').waitFor()
      const forged = timeline().getByRole('button', { name: /forged/ })
      expect(await forged.innerText()).toMatch(/signature wrong\s*401/)
      await timeline()
        .getByText(/its signature is not the desk’s/)
        .waitFor()
    })

    it('holds a reply until the bot listens', async () => {
      await button('The agent answers too early').click()
      await desk()
        .getByText(/^Held for \d s until the plugin listens$/)
        .waitFor()
      await chat().getByText('An agent has answered.').waitFor()
      await counter()
        .getByText(/1 under way or held/)
        .waitFor()
      await remote.finish()
      await chat().getByText('That was quick, wasn’t it?').waitFor()
      expect(await page.getByText(/^Held for/).count()).toBe(0)
    })
  })

  describe('a desk', () => {
    it('is Zendesk: public replies, internal notes, take it, Solved, Reopen', async () => {
      await ask('Zendesk')
      await say('Is anybody there? <img src=x onerror=alert(1)>')
      await desk().getByText('Is anybody there? <img src=x onerror=alert(1)>').waitFor()
      await button('take it').click()
      await remote.pass(10_000)
      await chat().getByText('A human agent has joined').waitFor()
      await desk().getByRole('tab', { name: 'Internal note' }).click()
      await desk().getByRole('textbox', { name: 'Internal note' }).fill('Between us: it is the blue one')
      await button('Submit as Open').click()
      await desk().getByRole('log').getByText('Between us: it is the blue one').waitFor()
      await desk().getByRole('tab', { name: 'Public reply' }).click()
      await desk().getByRole('textbox', { name: 'Public reply' }).fill('Unplug it, please')
      await button('Submit as Solved').click()
      await chat().getByText('Unplug it, please').waitFor()
      await chat().getByText('The human agent closed the conversation').waitFor()
      await page.getByText('With the bot', { exact: true }).waitFor()
      await button('Reopen').click()
      await button('Submit as Solved').waitFor()
      expect(await chat().innerText()).not.toContain('the blue one')
    })

    it('is Intercom: assign to me, reply, note, close; photos both ways', async () => {
      await ask('Intercom')
      await button('Send a photo, a file or a place').click()
      await page.getByRole('menuitem', { name: 'Photo' }).click()
      await chat().getByRole('img', { name: 'printer.png' }).waitFor()
      await desk().getByRole('img', { name: 'printer.png' }).waitFor()
      await button('Assign to me').click()
      await button('Attach a file').click()
      await page.getByRole('menuitem', { name: 'Photo' }).click()
      await desk().getByRole('textbox', { name: 'Reply' }).fill('This button')
      await button('Send').last().click()
      await desk().getByText('This button').waitFor()
      await remote.pass(10_000)
      await chat().getByText('This button').waitFor()
      await chat()
        .getByText('power-button.png')
        .or(chat().getByRole('img', { name: 'power-button.png' }))
        .first()
        .waitFor()
      await desk().getByRole('radiogroup', { name: 'Reply or note' }).getByText('Note').click()
      await desk().getByRole('textbox', { name: 'Note' }).fill('a note')
      await button('Add note').click()
      await desk().getByText('a note', { exact: true }).waitFor()
      await button('Close').click()
      await assertVisible(page.getByText('With the bot', { exact: true }))
    })

    it('is Slack: a thread with Claim, Resolve and // notes', async () => {
      await ask('Slack')
      await button('Claim').click()
      await desk()
        .getByText(/claimed by/)
        .waitFor()
      const reply = desk().getByRole('textbox', { name: 'Reply in the thread' })
      await reply.fill('// only for us')
      await desk().getByText('A note: the customer doesn’t see it').waitFor()
      await page.keyboard.press('Enter')
      await desk().getByText('// only for us', { exact: true }).waitFor()
      await reply.fill('for everybody')
      await page.keyboard.press('Enter')
      await desk().getByText('for everybody', { exact: true }).waitFor()
      await remote.pass(10_000)
      await chat().getByText('for everybody').waitFor()
      await button('Resolve').click()
      await desk().getByText('✓ resolved').waitFor()
      await page.getByText('With the bot', { exact: true }).waitFor()
      expect(await chat().innerText()).not.toContain('only for us')
    })
  })

  it('says what waits and why, and delivers it when the desk is up again', async () => {
    await ask('Zendesk')
    await desk().getByLabel('How Zendesk behaves').selectOption('error')
    await say('Do you hear me?')
    await chat()
      .getByText(/The desk answers 500/)
      .waitFor()
    await desk().getByLabel('How Zendesk behaves').selectOption('up')
    await say('And now?')
    await remote.pass(60_000)
    await counter().getByText('2 delivered once, in order').waitFor()
    const texts = await desk().getByRole('log').innerText()
    expect(texts.indexOf('Do you hear me?')).toBeLessThan(texts.indexOf('And now?'))
    expect(
      await chat()
        .getByText(/The desk answers 500/)
        .count()
    ).toBe(0)
  })

  it('leaves a full desk out, and a desk with wrong credentials', async () => {
    await remote.post('condition', { desk: 'zendesk', condition: 'full' })
    await page.getByRole('listitem').filter({ hasText: 'full' }).first().waitFor()
    await remote.post('condition', { desk: 'intercom', condition: 'unauthorized' })
    await ask()
    await assertVisible(page.getByText('With the agents of Slack'))
  })

  it('moves the clock over closing time', async () => {
    const { configuration } = await remote.state()
    const blocks = Object.entries(configuration).map(([name, block]) =>
      name === 'routing'
        ? [name, { ...(block as object), timeZone: 'UTC' }]
        : [name, { ...(block as object), hours: _nextHour() }]
    )
    expect(await remote.post('configuration', { configuration: Object.fromEntries(blocks) })).toEqual({})
    await page.getByRole('listitem').filter({ hasText: 'first available' }).waitFor()
    await page.getByRole('button', { name: /Move the clock/ }).click()
    await page.getByRole('menuitem', { name: '+ 8 hours' }).click()
    await page.getByText(/Nobody is there: refused; opens/).waitFor()
    await button('Ask for a human').click()
    await page.getByText('No desk took it.').waitFor()
  })

  it('checks the configuration while it is typed, and saves one without an error', async () => {
    await button('Configuration').click()
    const drawer = page.getByRole('dialog', { name: 'Configuration' })
    await drawer.getByText('The router accepts this configuration.').waitFor()
    const zone = drawer.getByLabel('Time zone')
    await zone.fill('Europe/Atlantis')
    await drawer.getByText('1 problem: Routing → Time zone').waitFor()
    await drawer
      .getByText(/Atlantis/)
      .first()
      .waitFor()
    await drawer.getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByRole('alert').filter({ hasText: 'Atlantis' }).waitFor()
    await zone.fill('Europe/Paris')
    await drawer.getByText('The router accepts this configuration.').waitFor()
    await drawer.getByText('JSON', { exact: true }).click()
    const json = drawer.getByLabel('Configuration as JSON')
    await json.fill((await json.inputValue()).replace('"preferredDesk": "Zendesk"', '"preferredDesk": "Slack"'))
    await drawer.getByText('The router accepts this configuration.').waitFor()
    await drawer.getByRole('button', { name: 'Save', exact: true }).click()
    await drawer.waitFor({ state: 'detached' })
    await page.getByText('Goes to Slack').waitFor()
    expect((await remote.state()).configuration['routing']).toMatchObject({ timeZone: 'Europe/Paris' })
  })

  it('loads every example, which the router accepts', async () => {
    await button('Configuration').click()
    const examples = page.getByLabel('Load an example')
    await examples.waitFor()
    const names = (await examples.locator('option').allInnerTexts()).slice(1)
    expect(names.length).toBeGreaterThan(2)
    for (const name of names) {
      await examples.selectOption({ label: name })
      await page.getByRole('status').filter({ hasText: 'The router accepts this configuration.' }).waitFor()
    }
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
  })

  it('opens request and response without secrets, and sends a webhook again', async () => {
    await ask('Slack')
    await button('Claim').click()
    await remote.pass(10_000)
    await timeline()
      .getByRole('button', { name: /chat\.postMessage/ })
      .first()
      .click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('authorization: ••••••').waitFor()
    const token = String(playground.world.sandbox('slack').config['botToken'])
    expect(await dialog.innerText()).not.toContain(token)
    await dialog.getByRole('button', { name: 'Close' }).click()
    for (const [name, mark] of [
      ['Replay', 'replayed'],
      ['Duplicate', 'duplicated'],
      ['Forge', 'forged'],
    ] as const) {
      await timeline()
        .getByRole('button', { name: /button/ })
        .first()
        .click()
      await dialog.getByRole('button', { name, exact: true }).click()
      await timeline().getByText(mark).first().waitFor()
    }
    expect(await chat().getByText('A human agent has joined').count()).toBe(1)
  })

  it('shows a new customer with a language, a priority and tags', async () => {
    await button('New customer').click()
    const form = page.getByRole('dialog', { name: 'New customer' })
    await form.getByLabel('Name').fill('Zoë Zimmer')
    await form.getByLabel('Language').fill('de')
    await form.getByLabel('Priority').selectOption('urgent')
    await form.getByLabel('Tags').fill('vip, billing')
    await page.keyboard.press('Enter')
    await page.getByText('speaks de').waitFor()
    await ask('Zendesk')
    await desk().getByText('#1001 · Zoë Zimmer').waitFor()
    await button('End the session').click()
    await chat().getByText('You have ended the session').waitFor()
    await assertVisible(page.getByText('With the bot', { exact: true }))
  })

  it('keeps typed text and focus when something changes, and the text over a reload', async () => {
    await ask('Zendesk')
    const reply = desk().getByRole('textbox', { name: 'Public reply' })
    await page.getByRole('textbox', { name: 'Message' }).fill('half a question')
    await reply.fill('half a sen')
    await reply.focus()
    await remote.post('say', { customer: 'c1', text: 'hurry up' })
    await desk().getByText('hurry up').waitFor()
    expect(await reply.evaluate((node) => node === document.activeElement)).toBe(true)
    await page.reload()
    await desk().getByText('hurry up').waitFor()
    expect(await reply.inputValue()).toBe('half a sen')
    expect(await page.getByRole('textbox', { name: 'Message' }).inputValue()).toBe('half a question')
  })

  it('shows the same in two tabs', async () => {
    const other = await openTab(browser, playground.origin)
    await ask('Zendesk')
    await say('seen in both')
    await other.page.getByRole('region', { name: 'Agents’ desks' }).getByText('seen in both').waitFor()
    await other.page.getByLabel('How Zendesk behaves').selectOption('slow')
    await expect.poll(() => page.getByLabel('How Zendesk behaves').inputValue()).toBe('slow')
    expect(other.faults).toEqual([])
    await other.page.close()
  })

  it('works with the keyboard alone', async () => {
    await button('A handoff').focus()
    await page.keyboard.press('Enter')
    await page.getByText('Watch:').waitFor()
    await remote.finish()
    await timeline()
      .getByRole('button', { name: /startHitl/ })
      .focus()
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').getByText('Request').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await desk()
      .getByRole('tab', { name: /Zendesk/ })
      .focus()
    await page.keyboard.press('ArrowLeft')
    await assertVisible(desk().getByText('# support'))
  })
})

/** Hours that end within the next hour, in UTC. */
const _nextHour = (): string => {
  const hour = new Date().getUTCHours()
  const two = (number: number) => String(number).padStart(2, '0')
  return `Mon-Sun ${two(hour)}:00-${hour === 23 ? '24:00' : `${two(hour + 1)}:00`}`
}
