import { afterEach, describe, expect, it } from 'vitest'
import type { Finding } from '../provider'
import { closeAll, setUp } from './testing'

afterEach(closeAll)

const TARGET = { url: 'https://webhook.example.test/abc/slack', installation: 'inst1', botId: 'bot-1' }
type Setup = Awaited<ReturnType<typeof setUp>>

const diagnosed = async ({ driver }: Setup): Promise<Finding[]> => (await driver.diagnose?.(TARGET)) ?? []

const shown = (findings: Finding[], state: Finding['state']): string[] =>
  findings.filter((finding) => finding.state === state).map(({ about, found }) => `${about}: ${found}`)

describe('the diagnosis', () => {
  it('names workspace, scopes, channel and agents, and what only people can see', async () => {
    const findings = await diagnosed(await setUp())
    expect(shown(findings, 'right')).toEqual([
      expect.stringContaining('Credentials: The bot token works at Sandbox'),
      'Scopes: The app has every scope that it needs',
      expect.stringContaining('Channel: The app is a member of #'),
      'Agents: At least one of them is active',
    ])
    expect(findings.find(({ state }) => state === 'look')?.advice).toContain(TARGET.url)
  })

  it('names missing scopes, and what optional ones are for', async () => {
    const setup = await setUp()
    setup.sandbox.switches.scopes.delete('reactions:read')
    setup.sandbox.switches.scopes.delete('dnd:read')
    const findings = await diagnosed(setup)
    expect(shown(findings, 'wrong')).toEqual(['Scopes: The app lacks reactions:read'])
    expect(shown(findings, 'look')[0]).toBe(
      'Scopes: The app lacks dnd:read: people who don’t want to be disturbed count as available'
    )
  })

  it.each([
    ['C0PUBLIC001', 'look', 'is not a member of'],
    ['C0ARCHIVED1', 'wrong', 'is archived'],
    ['G0PRIVATE01', 'wrong', 'is not a member of'],
    ['C0NOWHERE01', 'wrong', 'channel_not_found'],
  ] as const)('joins no channel, and says what is with %s', async (channel, state, words) => {
    const setup = await setUp({ channel })
    const findings = (await diagnosed(setup)).filter(({ about }) => about === 'Channel')
    expect(shown(findings, state)).toEqual([expect.stringContaining(words)])
    expect(setup.calls('conversations.join')).toEqual([])
  })

  it('wants members in the agents’ user group', async () => {
    const setup = await setUp({ agents: '@support' })
    setup.sandbox.switches.scopes.add('usergroups:read')
    expect(shown(await diagnosed(setup), 'right')).toContain('Agents: The user group support has 1 members')
    setup.sandbox.switches.userGroups.set('support', { id: 'S0SUPPORT01', users: [] })
    expect(shown(await diagnosed(setup), 'wrong')).toEqual(['Agents: The user group support has 0 members'])
    setup.sandbox.switches.userGroups.delete('support')
    expect(shown(await diagnosed(setup), 'wrong')[0]).toContain('no such user group')
  })

  it('says that the token is revoked', async () => {
    const [finding] = await diagnosed(await setUp({ botToken: 'xoxb-another' }))
    expect(finding).toMatchObject({ state: 'wrong', about: 'Credentials' })
    expect(finding?.found).toContain('invalid_auth')
  })
})
