import { afterEach, describe, expect, it } from 'vitest'
import type { Fault, SandboxRequest } from '../kit/sandbox'
import { capabilitiesOf, closeAll, fault, openSession, setUp, TARGET, errorOf } from './testing'

afterEach(closeAll)

const isWrite = (request: SandboxRequest) => request.method !== 'GET' && !/oauth/.test(request.path)

const subscribed = async () => {
  const setting = await setUp()
  const driver = capabilitiesOf(setting.driver)
  const subscription = await driver.subscribe(TARGET)
  const writes = () => setting.sandbox.server.requests.filter(isWrite).length
  const { webhooks, triggers } = setting.sandbox.rules
  return { setting, driver, subscription, writes, webhooks, triggers }
}

describe('subscribing', () => {
  it('creates one webhook and three triggers that match only our tag', async () => {
    const { webhooks, triggers, subscription } = await subscribed()
    expect(webhooks).toMatchObject([
      {
        id: subscription.webhookId,
        name: 'Botpress HITL Router inst1',
        endpoint: TARGET.url,
        subscriptions: ['conditional_ticket_events'],
        secret: subscription.secret,
      },
    ])
    expect(triggers.map((trigger) => trigger.title)).toEqual([
      'Botpress HITL Router inst1: replies',
      'Botpress HITL Router inst1: state',
      'Botpress HITL Router inst1: notes',
    ])
    for (const { conditions } of triggers) {
      expect(conditions.all).toContainEqual({
        field: 'current_tags',
        operator: 'includes',
        value: 'botpress-hitl-bot-1',
      })
    }
  })

  it.each([
    ['endpoint', { endpoint: 'https://elsewhere.test/x' }],
    ['status', { status: 'inactive' }],
  ])('restores a webhook’s changed %s with one write and keeps its secret', async (_field, change) => {
    const { driver, webhooks, writes, subscription } = await subscribed()
    Object.assign(webhooks[0] ?? {}, change)
    const before = writes()
    expect(await driver.subscribe(TARGET)).toEqual(subscription)
    expect(writes() - before).toBe(1)
    expect(webhooks[0]).toMatchObject({ endpoint: TARGET.url, status: 'active' })
  })

  it('restores a trigger that was changed or deactivated', async () => {
    const { driver, triggers, writes } = await subscribed()
    Object.assign(triggers[0] ?? {}, { active: false })
    triggers[1]?.conditions.all.pop()
    const before = writes()
    await driver.subscribe(TARGET)
    expect(writes() - before).toBe(2)
    expect(triggers[0]?.active).toBe(true)
    expect(triggers[1]?.conditions.all).toHaveLength(1)
  })

  it('recreates what was deleted and reads a rotated secret', async () => {
    const { driver, webhooks, triggers, subscription } = await subscribed()
    triggers.length = 0
    webhooks.length = 0
    const again = await driver.subscribe(TARGET)
    expect(again.webhookId).not.toBe(subscription.webhookId)
    expect([webhooks.length, triggers.length]).toEqual([1, 3])
    Object.assign(webhooks[0] ?? {}, { secret: 'rotated' })
    expect((await driver.subscribe(TARGET)).secret).toBe('rotated')
  })

  it('leaves an installation alone whose name begins with ours', async () => {
    const { driver, webhooks, triggers } = await subscribed()
    const longer = { ...TARGET, installation: 'inst10', url: 'https://webhook.example.test/other/zendesk' }
    await driver.subscribe(longer)
    await driver.subscribe(TARGET)
    expect([webhooks.length, triggers.length]).toEqual([2, 6])
    await driver.unsubscribe(TARGET)
    expect(webhooks.map((webhook) => webhook.name)).toEqual(['Botpress HITL Router inst10'])
    expect(triggers.every((trigger) => trigger.title.includes('inst10'))).toBe(true)
  })

  it('finds its triggers among hundreds', async () => {
    const { driver, triggers, writes } = await subscribed()
    const [first] = triggers
    for (let count = 0; count < 250; count += 1) {
      if (first) triggers.unshift({ ...first, id: 5_000 + count, title: `Notify ${count}`, actions: [] })
    }
    const before = writes()
    await driver.subscribe(TARGET)
    expect(writes()).toBe(before)
    await driver.unsubscribe(TARGET)
    expect(triggers).toHaveLength(250)
  })

  const interruptions: [string, RegExp, Partial<Fault>][] = [
    ['the webhook, before it is created', /webhooks$/, {}],
    ['the webhook, after it is created', /webhooks$/, { effect: 'after' }],
    ['the first trigger, before it is created', /triggers$/, {}],
    ['the first trigger, after it is created', /triggers$/, { effect: 'after' }],
  ]
  it.each(interruptions)('is completed by the next save after a failure at %s', async (_what, path, more) => {
    const setting = await setUp()
    const driver = capabilitiesOf(setting.driver)
    fault(setting, 'POST', path, more)
    await driver.subscribe(TARGET).catch(() => undefined)
    const subscription = await driver.subscribe(TARGET)
    const { webhooks, triggers } = setting.sandbox.rules
    expect(webhooks.map((webhook) => webhook.id)).toEqual([subscription.webhookId])
    expect(triggers.map((trigger) => trigger.title)).toHaveLength(3)
    const used = triggers.flatMap((trigger) => trigger.actions.map((action) => (action.value as string[])[0]))
    expect(used).toEqual(Array.from({ length: 3 }, () => subscription.webhookId))
  })

  it('is completed by the next save after a failure to read the signing secret', async () => {
    const setting = await setUp()
    fault(setting, 'GET', /signing_secret/, { times: 9 })
    expect(await errorOf(capabilitiesOf(setting.driver).subscribe(TARGET))).toMatchObject({ code: 'unavailable' })
    setting.sandbox.server.clearFaults()
    await capabilitiesOf(setting.driver).subscribe(TARGET)
    expect(setting.sandbox.rules.webhooks).toHaveLength(1)
  })

  it('removes the duplicates of two simultaneous saves', async () => {
    const setting = await setUp()
    const driver = capabilitiesOf(setting.driver)
    await Promise.all([driver.subscribe(TARGET), driver.subscribe(TARGET)])
    const subscription = await driver.subscribe(TARGET)
    const { webhooks, triggers } = setting.sandbox.rules
    expect(webhooks.map((webhook) => webhook.id)).toEqual([subscription.webhookId])
    expect(triggers).toHaveLength(3)
    await openSession(setting)
  })

  it('omits the condition on the user in an account that refuses it', async () => {
    const setting = await setUp()
    const refuses = (request: SandboxRequest) => request.method === 'POST' && request.body.includes('"role"')
    setting.sandbox.server.addFault({ kind: 'status', status: 422, times: 99, matches: refuses })
    const driver = capabilitiesOf(setting.driver)
    await driver.subscribe(TARGET)
    const writes = setting.sandbox.server.requests.filter(isWrite).length
    await driver.subscribe(TARGET)
    expect(setting.sandbox.server.requests.filter(isWrite)).toHaveLength(writes)
    expect(JSON.stringify(setting.sandbox.rules.triggers)).not.toContain('"role"')
    expect(setting.log.lines.filter(({ level }) => level === 'warn')).toHaveLength(2)
  })

  it('watches for the configured hand-back note, also after it is changed', async () => {
    const setting = await setUp()
    await capabilitiesOf(setting.driver).subscribe(TARGET)
    const phrases = () =>
      setting.sandbox.rules.triggers.flatMap(({ conditions }) =>
        conditions.all.flatMap(({ field, value }) => (field === 'comment_includes_word' ? [value] : []))
      )
    expect(phrases()).toEqual(['/bot'])
    await capabilitiesOf(setting.connect({}, { handBack: ' Back to the bot ' })).subscribe(TARGET)
    expect(phrases()).toEqual(['Back to the bot'])
  })

  it('fails for a user who isn’t an admin and says so', async () => {
    const setting = await setUp()
    setting.sandbox.setOwnRole('agent')
    await expect(setting.driver.checkCredentials()).resolves.toMatchObject({
      description: expect.stringContaining('Botpress Router'),
    })
    const error = await errorOf(capabilitiesOf(setting.driver).subscribe(TARGET))
    expect(error).toMatchObject({ code: 'unauthorized', status: 403 })
    expect(String(error)).toMatch(/admin.*read and write/)
  })
})

describe('unsubscribing', () => {
  it('removes only our own webhook and triggers, and succeeds when repeated', async () => {
    const { driver, setting, webhooks, triggers } = await subscribed()
    const [own] = webhooks
    if (own) webhooks.push({ ...own, id: 'somebody', name: 'Somebody’s Botpress HITL Router inst1' })
    await driver.unsubscribe(TARGET)
    await driver.unsubscribe(TARGET)
    expect(webhooks.map((webhook) => webhook.id)).toEqual(['somebody'])
    expect(triggers).toEqual([])
    expect(setting.sandbox.server.requests.filter((request) => request.method === 'DELETE')).toHaveLength(4)
  })
})
