import { afterEach, describe, expect, it } from 'vitest'
import type { Finding, SubscriptionTarget } from '../provider'
import { capabilitiesOf, closeAll, setUp, TARGET, type Setting } from './testing'

afterEach(closeAll)

const subscribed = async (options: Parameters<typeof setUp>[0] = {}) => {
  const setting = await setUp(options)
  await capabilitiesOf(setting.driver).subscribe(TARGET)
  return setting
}

const diagnosed = async ({ driver }: Setting, target: Partial<SubscriptionTarget> = TARGET): Promise<Finding[]> =>
  (await driver.diagnose?.(target)) ?? []

const shown = (findings: Finding[], state: Finding['state']): string[] =>
  findings.filter((finding) => finding.state === state).map(({ about, found }) => `${about}: ${found}`)

describe('the diagnosis', () => {
  it('names user, account, webhook and triggers that are right', async () => {
    const findings = await diagnosed(await subscribed())
    expect(findings.map(({ state, about }) => `${state} ${about}`)).toEqual([
      'right Credentials',
      'right Account',
      'right Webhook',
      'right Trigger',
      'right Trigger',
      'right Trigger',
    ])
    expect(findings[0]?.found).toContain('acme.zendesk.com and belong to Botpress Router, whose role is “admin”')
  })

  it('takes the bot from the triggers when it is not told', async () => {
    const setting = await subscribed()
    const { botId: _unknown, ...target } = TARGET
    expect(shown(await diagnosed(setting, target), 'wrong')).toEqual([])
    expect(shown(await diagnosed(setting, { ...target, botId: 'another-bot' }), 'wrong')).toEqual([
      'Trigger: “Botpress HITL Router inst1: replies” was changed: its conditions or its action',
      'Trigger: “Botpress HITL Router inst1: state” was changed: its conditions or its action',
      'Trigger: “Botpress HITL Router inst1: notes” was changed: its conditions or its action',
    ])
  })

  it('lists the webhooks of every router without an address', async () => {
    const setting = await subscribed()
    await capabilitiesOf(setting.driver).subscribe({
      ...TARGET,
      installation: 'inst2',
      url: 'https://two.example.test/x',
    })
    expect(shown(await diagnosed(setting, {}), 'right').filter((line) => line.startsWith('Webhooks'))).toEqual([
      'Webhooks: “Botpress HITL Router inst1” is active and leads to https://webhook.example.test/abc/zendesk',
      'Webhooks: “Botpress HITL Router inst2” is active and leads to https://two.example.test/x',
    ])
  })

  it('says what a save restores', async () => {
    const setting = await subscribed()
    const { webhooks, triggers } = setting.sandbox.rules
    Object.assign(webhooks[0] ?? {}, { endpoint: 'https://elsewhere.example.test/x' })
    Object.assign(triggers[0] ?? {}, { active: false })
    triggers.splice(1, 1)
    const findings = await diagnosed(setting)
    expect(shown(findings, 'wrong')).toEqual([
      `Webhook: “Botpress HITL Router inst1” leads to https://elsewhere.example.test/x instead of ${TARGET.url}`,
      'Trigger: “Botpress HITL Router inst1: replies” isn’t active',
      'Trigger: “Botpress HITL Router inst1: state” doesn’t exist',
    ])
    for (const { state, advice } of findings) if (state === 'wrong') expect(advice).toContain('Save the configuration')
    await capabilitiesOf(setting.driver).subscribe(TARGET)
    expect(shown(await diagnosed(setting), 'wrong')).toEqual([])
  })

  it('says that the installation has no webhook, and which routers have', async () => {
    const findings = await diagnosed(await subscribed(), { ...TARGET, installation: 'inst9' })
    expect(shown(findings, 'wrong')).toEqual(['Webhook: There is none for the installation inst9'])
    expect(shown(findings, 'right').some((line) => line.includes('inst1'))).toBe(true)
  })

  it('wants an admin', async () => {
    const setting = await subscribed()
    setting.sandbox.setOwnRole('agent')
    expect(shown(await diagnosed(setting), 'wrong')[0]).toContain('whose role is “agent”')
  })

  it('warns of the end of API tokens', async () => {
    const findings = await diagnosed(await subscribed({ basic: true }))
    expect(shown(findings, 'wrong')).toEqual([])
    expect(shown(findings, 'look')).toEqual([
      'Sign-in: It signs in with an API token. Zendesk switches API tokens off on 2027-04-30',
    ])
  })

  it('names a scope that the OAuth client lacks', async () => {
    const setting = await setUp()
    const refusal = { error: 'invalid_scope', error_description: 'The requested scope is invalid' }
    setting.sandbox.server.addFault({
      kind: 'status',
      status: 400,
      body: refusal,
      matches: ({ path }) => path === '/oauth/tokens',
    })
    const [finding] = await diagnosed(setting)
    expect(finding).toMatchObject({ state: 'wrong', about: 'Credentials' })
    expect(finding?.found).toContain('400 invalid_scope')
    expect(finding?.advice).toContain('scopes read and write')
  })
})
