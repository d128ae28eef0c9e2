/** Drives the page in a real browser, such as Debian’s Chromium: `apt-get install chromium`. */
import { existsSync } from 'node:fs'
import { chromium, type Browser, type BrowserContextOptions, type Locator, type Page } from 'playwright-core'
import type { PageView } from './view'

const EXECUTABLE = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
const isMissing = !existsSync(EXECUTABLE)

/** Whether the tests in a browser are left out, and why. */
export const isSkipped = isMissing && process.env['REQUIRE_BROWSER'] !== '1'
export const skipped = isSkipped ? ` (skipped: ${EXECUTABLE} is missing; set CHROMIUM to the path of a browser)` : ''

/** Chromium has no sandbox for root, and makes background calls by default. */
const FLAGS =
  '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync'

/** Only for work that never ends. */
const WAIT_MS = 120_000

export const launch = (): Promise<Browser> => chromium.launch({ executablePath: EXECUTABLE, args: FLAGS.split(' ') })

export interface Tab {
  page: Page
  /** Errors of the page, and what its security policy has blocked. */
  faults: string[]
}

export const openTab = async (browser: Browser, origin: string, options: BrowserContextOptions = {}): Promise<Tab> => {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce', ...options })
  const faults: string[] = []
  page.setDefaultTimeout(WAIT_MS)
  page.on('pageerror', (error) => faults.push(error.message))
  page.on('console', (message) => {
    // The browser reports every refused request; the page shows why.
    if (message.type() === 'error' && !/Failed to load resource|ERR_CONNECTION/.test(message.text()))
      faults.push(message.text())
  })
  page.on('dialog', (dialog) => {
    faults.push(dialog.message())
    void dialog.dismiss()
  })
  await page.goto(origin)
  await page.getByRole('button', { name: 'Reset' }).waitFor()
  return { page, faults }
}

/** Fails unless it appears. */
export const assertVisible = (locator: Locator): Promise<void> => locator.waitFor()

/** The server’s API: tests move the clock, and nothing waits for real time. */
export const createRemote = (origin: () => string) => {
  const post = async <Answer = { error?: string }>(name: string, body: object): Promise<Answer> => {
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(`${origin()}/api/${name}`, { method: 'POST', headers, body: JSON.stringify(body) })
    return (await response.json()) as Answer
  }
  const state = async (): Promise<PageView> => (await (await fetch(`${origin()}/api/state`)).json()) as PageView
  const pass = (ms: number) => post('clock', { ms })
  return {
    post,
    state,
    pass,
    /** Lets the scenario end, and everything arrive. */
    finish: async (): Promise<PageView> => {
      while ((await state()).scenario?.isRunning) await pass(1_000)
      await pass(10_000)
      return state()
    },
  }
}
