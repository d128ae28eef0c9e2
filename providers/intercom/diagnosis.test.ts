import { describe, expect, it } from 'vitest'
import type { Finding } from '../provider'
import { setUp, type Setup } from './testing'
import { TOPICS } from './webhook'

const TARGET = { url: 'https://webhook.example.test/abc/intercom', installation: 'inst1', botId: 'bot-1' }

const diagnosed = async ({ driver }: Setup): Promise<Finding[]> => (await driver.diagnose?.(TARGET)) ?? []

const shown = (findings: Finding[], state: Finding['state']): string[] =>
  findings.filter((finding) => finding.state === state).map(({ about, found }) => `${about}: ${found}`)

describe('the diagnosis', () => {
  it('names workspace, permissions and teammates, and what only people can see', async () => {
    const findings = await diagnosed(await setUp())
    expect(shown(findings, 'right')).toEqual([
      'Credentials: They work: Acme (sbx1nter) as Olga Owner',
      'Permissions: The app may read contacts',
      'Permissions: The app may read conversations',
      'Permissions: The app may read tags',
      'Permissions: The app may read teams',
      'Teammates: 3 have a seat in the inbox, 2 of them are not away',
    ])
    const [webhooks] = findings.filter(({ state }) => state === 'look')
    expect(webhooks?.advice).toContain(TARGET.url)
    for (const topic of TOPICS) expect(webhooks?.advice).toContain(topic)
  })

  it('tells a permission that handoffs need from one that is only useful', async () => {
    const setup = await setUp()
    setup.sandbox.setPermission('conversations', false)
    setup.sandbox.setPermission('tags', false)
    const findings = await diagnosed(setup)
    expect(shown(findings, 'wrong')).toEqual(['Permissions: The app may not read conversations (403)'])
    expect(shown(findings, 'look')[0]).toBe('Permissions: The app may not read tags (403)')
    expect(findings.find(({ state }) => state === 'wrong')?.advice).toContain('“Read conversations”')
  })

  it('says that the token, the region or the acting teammate is wrong', async () => {
    expect(shown(await diagnosed(await setUp({ accessToken: 'another' })), 'wrong')[0]).toContain(
      'rejected the access token'
    )
    expect(shown(await diagnosed(await setUp({ region: 'eu' })), 'wrong')[0]).toContain(
      'hosted in region “us”, not “eu”'
    )
    expect(shown(await diagnosed(await setUp({ adminId: '1' })), 'wrong')[0]).toContain('no teammate with id 1')
  })
})
