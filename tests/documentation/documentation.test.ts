/** The pages in docs/ say what they promise to say. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { performed } from '../../playground/terminal/testing'
import { SIMULATE } from '../../playground/simulate/arguments'
import { simulateCommand } from '../../playground/simulate/main'
import { manifestFor, requiredScopes } from '../../providers/slack/manifest'
import { TOPICS } from '../../providers/intercom/webhook'
import { providerNames, providers } from '../../src/definition/registry'
import { ROOT } from '../imports'
import { collectTexts } from './texts'

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8')
const pages = readdirSync(join(ROOT, 'docs')).filter((file) => file.endsWith('.md'))
/** Lines are broken where they are full. */
const plain = (text: string): string => text.replace(/\s+/g, ' ')

describe('every error and warning of the product', () => {
  const { texts, unreadable } = collectTexts()
  const documented = plain(['errors', ...providerNames].map((page) => read(`docs/${page}.md`)).join('\n'))

  it('is explained in docs/errors.md or on its desk’s page', () => {
    expect(texts.length).toBeGreaterThan(100)
    const missing = texts.filter(({ text }) => !documented.includes(`\`${plain(text)}\``))
    expect(missing.map(({ where, text }) => `${where}: ${text}`)).toEqual([])
  })

  it('can be read from the sources, but for errors that are passed on', () => {
    const files = unreadable.map((where) => where.split(':')[0])
    expect(files).toEqual([
      // The refusal that its caller has made.
      'src/actions/start-hitl.ts',
      'providers/errors.ts',
      'providers/kit/http.ts',
      'providers/zendesk/auth.ts',
    ])
  })

  it('that is explained exists', () => {
    const known = new Set(texts.map(({ text }) => plain(text)))
    const lists = ['errors', ...providerNames].flatMap((page) => {
      const [, list = ''] = read(`docs/${page}.md`).split(page === 'errors' ? '# What' : '## What each error means')
      return [...plain(list).matchAll(/(?:^|- |, | and )`([A-Z…][^`]{12,})`/g)].map(([, text = '']) => ({ page, text }))
    })
    expect(lists.length).toBeGreaterThan(90)
    expect(lists.filter(({ text }) => !known.has(text) && !/^https?:|^No agent is/.test(text))).toEqual([])
  })
})

describe('a desk’s page', () => {
  it.each(providerNames)('of %s says how to see that it works, and what each error means', (name) => {
    const page = read(`docs/${name}.md`)
    expect(page).toContain(`# Setting up ${providers[name]?.title}`)
    const headings = [...page.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading)
    expect(headings.slice(-2)).toEqual(['How to see that it works', 'What each error means'])
    expect(page).toContain('npm run doctor -- --config FILE --public-url URL')
  })

  it.each(providerNames)('of %s names every field that has to be filled in', (name) => {
    const page = read(`docs/${name}.md`)
    const schema = providers[name]?.config.toJSONSchema() as
      | { properties?: Record<string, { 'x-zui'?: { title?: string } }> }
      | undefined
    const unnamed = Object.values(schema?.properties ?? {})
      .map((field) => field['x-zui']?.title ?? '')
      .filter((title) => title !== 'Internal note prefix' && !page.toLowerCase().includes(title.toLowerCase()))
    expect(unnamed).toEqual([])
  })

  it('of Slack names every scope of the manifest', () => {
    const manifest = manifestFor({ url: '', installation: '', botId: '' })
    for (const scope of [...manifest.oauth_config.scopes.bot, ...requiredScopes('user-group')])
      expect(read('docs/slack.md')).toContain(`\`${scope}\``)
  })

  it('of Intercom names every topic', () => {
    for (const topic of TOPICS) expect(read('docs/intercom.md')).toContain(`\`${topic}\``)
  })
})

describe('hub.md', () => {
  it('has Slack’s manifest and Intercom’s topics as the router prints them', () => {
    const [, json = ''] = /## Slack app manifest\n\n```json\n([\s\S]*?)```/.exec(read('hub.md')) ?? []
    const url = 'https://webhook.botpress.cloud/YOUR-ID/slack'
    expect(JSON.parse(json)).toEqual(manifestFor({ url, installation: '', botId: 'my-bot' }))
    for (const topic of TOPICS) expect(read('hub.md')).toContain(`\`${topic}\``)
  })
})

describe('links and commands', () => {
  const files = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'hub.md', ...pages.map((page) => `docs/${page}`)]

  it.each(files)('of %s lead somewhere', (file) => {
    const targets = [...read(file).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)].map(([, target = '']) => target)
    expect(targets.filter((target) => !existsSync(join(ROOT, dirname(file), target)))).toEqual([])
  })

  it.each(files)('of %s exist', (file) => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    const used = [...read(file).matchAll(/npm run (?:--silent )?([a-z][\w:-]*)/g)].map(([, name = '']) => name)
    expect(used.filter((name) => !Object.hasOwn(scripts, name))).toEqual([])
  })
})

describe('the configuration in README.md', () => {
  it('passes the check that README names', async () => {
    const [, json = ''] = /```json\n([\s\S]*?)```/.exec(read('README.md')) ?? []
    const { mkdtempSync, rmSync, writeFileSync } = await import('node:fs')
    const { tmpdir } = await import('node:os')
    const folder = mkdtempSync(join(tmpdir(), 'readme-'))
    try {
      writeFileSync(join(folder, 'configuration.json'), json)
      const args = ['--config', join(folder, 'configuration.json')]
      const result = await performed(SIMULATE, ({ values, output }) => simulateCommand(values, output), args)
      expect(result.error).toBe('')
      expect(result.code).toBe(0)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
