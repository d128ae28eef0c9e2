/** The page over restarts of its server, and what it keeps. In a real browser. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { assertVisible, createRemote, isSkipped, launch, openTab, skipped } from './browser.testing'
import { bundlePage, type PageBundle } from './bundle'
import { openPlayground, type Playground } from './playground'

let bundle: PageBundle
let playground: Playground
const folder = mkdtempSync(join(tmpdir(), 'playground-test-'))
const stateFile = join(folder, 'state.json')
const remote = createRemote(() => playground.origin)

beforeAll(async () => {
  bundle = await bundlePage()
  playground = await openPlayground({ page: bundle, stateFile })
})
afterAll(async () => {
  await playground.close()
  rmSync(folder, { recursive: true })
})

/** The server stops, and another one starts on the same port. */
const restart = async (page = bundle): Promise<void> => {
  const port = Number(new URL(playground.origin).port)
  await playground.close()
  playground = await openPlayground({ page, stateFile, ports: { page: port } })
}

/** What people see, without ids and times. */
const shown = async () => {
  const { customers, desks, counter } = await remote.state()
  return {
    counter,
    chats: customers.map(({ name, desk, isActive, chat }) => [
      name,
      desk,
      isActive,
      chat.map(({ from, text }) => [from, text]),
    ]),
    tickets: desks.map(({ name, condition, tickets }) => [
      name,
      condition,
      tickets.map(({ title, status, assignee, entries }) => [
        title,
        status,
        assignee?.name,
        entries.map(({ text }) => text),
      ]),
    ]),
  }
}

describe('the state', () => {
  it('survives a restart: chats, tickets, conditions, configuration, clock', async () => {
    await remote.post('reset', {})
    const ids = (await remote.state()).scenarios.map(({ id }) => id)
    for (const id of ids) {
      expect(await remote.post('scenario', { id })).toEqual({})
      await remote.finish()
    }
    await remote.post('condition', { desk: 'slack', condition: 'slow' })
    await remote.post('say', { customer: 'c5', text: 'Still here?' })
    await remote.pass(60_000)
    const [before, { configuration, aheadMs }] = [await shown(), await remote.state()]
    await restart()
    expect(await shown()).toEqual(before)
    const after = await remote.state()
    // Each sandbox of this process has secrets of its own.
    const withoutSecrets = (value: unknown) => JSON.stringify(value).replace(/client-secret-\d+/g, '')
    expect(withoutSecrets(after.configuration)).toBe(withoutSecrets(configuration))
    expect(Math.abs(after.aheadMs - aheadMs)).toBeLessThan(5_000)
    // And it goes on.
    await remote.post('say', { customer: 'c5', text: 'After the restart' })
    await remote.pass(10_000)
    expect(JSON.stringify((await shown()).tickets)).toContain('After the restart')
  })

  it('begins anew after a reset', async () => {
    await remote.post('reset', {})
    await restart()
    const { customers, desks } = await remote.state()
    expect(customers.map(({ chat }) => chat.length)).toEqual([0, 0, 0, 0])
    expect(desks.flatMap(({ tickets }) => tickets)).toEqual([])
  })

  it.each([
    ['{"version":0,"moves":[]}', 'is from another version of the playground'],
    ['not JSON', 'can’t be read'],
  ])('of %s is put aside, and the page says so', async (content, why) => {
    const port = Number(new URL(playground.origin).port)
    await playground.close()
    writeFileSync(stateFile, content)
    playground = await openPlayground({ page: bundle, stateFile, ports: { page: port } })
    const [notice = ''] = (await remote.state()).notices
    expect(notice).toContain(why)
    expect(readFileSync(`${stateFile}.kept`, 'utf8')).toBe(content)
  })

  it('holds no credential of a real account', async () => {
    const { configuration } = await remote.state()
    const slack = { ...(configuration['slack'] as object), botToken: 'xoxb-real-token', signingSecret: 'real-secret' }
    expect(await remote.post('configuration', { configuration: { ...configuration, slack } })).toEqual({})
    await restart()
    expect(readFileSync(stateFile, 'utf8')).not.toMatch(/real-token|real-secret/)
  })
})

describe.skipIf(isSkipped)(`an open page${skipped}`, () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launch()
  })
  afterAll(() => browser.close())

  it('says that the server is gone, and goes on when it is back', async () => {
    const { page } = await openTab(browser, playground.origin)
    await remote.post('say', { customer: 'c1', text: 'before the restart' })
    await page.getByText('before the restart').first().waitFor()
    const port = Number(new URL(playground.origin).port)
    await playground.close()
    await page.getByRole('alert').filter({ hasText: 'start it again with npm start' }).waitFor()
    playground = await openPlayground({ page: bundle, stateFile, ports: { page: port } })
    await page.getByRole('alert').waitFor({ state: 'detached' })
    await assertVisible(page.getByRole('log', { name: 'What the customer sees' }).getByText('before the restart'))
    await page.close()
  })

  it('of an older server notices, says so, and keeps what was typed', async () => {
    const { page } = await openTab(browser, playground.origin)
    await page.getByRole('textbox', { name: 'Message' }).fill('half a question')
    await restart({ ...bundle, hash: 'newer' })
    await page.getByText('This page comes from an older server. Reload it to go on; nothing is lost.').waitFor()
    await page.getByRole('textbox', { name: 'Message' }).press('Enter')
    await page.getByRole('alert').filter({ hasText: 'older server: reload it. Nothing is lost' }).waitFor()
    await page.getByRole('button', { name: 'Reload', exact: true }).click()
    await page.getByRole('alert').first().waitFor({ state: 'detached' })
    expect(await page.getByRole('textbox', { name: 'Message' }).inputValue()).toBe('half a question')
    await page.close()
  })
})
