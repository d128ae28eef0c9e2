/** Which desk takes a handoff: order, weights, capacity, hours, languages, rules and wishes. */
import { describe, expect, it } from 'vitest'
import { providers } from '../src/definition/registry'
import { action, newUser, startInput, startStage } from './support/actions'
import { handOver, ticketsOf } from './support/handoffs'

const DESKS = Object.keys(providers)
const [FIRST = '', SECOND = ''] = DESKS

describe('routing', () => {
  it('takes turns by weight, also across restarts', async () => {
    const stage = await startStage({ strategy: 'round-robin', order: DESKS, desks: [{ desk: FIRST, weight: 2 }] })
    const taken: string[] = []
    for (let handoffs = 0; handoffs < 8; handoffs += 1) {
      if (handoffs % 3 === 2) stage.restart()
      taken.push((await handOver(stage)).sandbox.name)
    }
    const count = (name: string) => taken.filter((desk) => desk === name).length
    expect(count(FIRST)).toBe(4)
    expect(count(SECOND)).toBe(2)
  })

  it('switches desks when the order changes', async () => {
    const stage = await startStage({ order: DESKS })
    expect((await handOver(stage)).sandbox.name).toBe(FIRST)
    await stage.save(stage.configuration({ order: [SECOND, ...DESKS.filter((name) => name !== SECOND)] }))
    expect((await handOver(stage)).sandbox.name).toBe(SECOND)
  })

  it('prefers the desk that a session asks for, and fails when a strict request cannot be met', async () => {
    const stage = await startStage({ order: DESKS })
    expect((await handOver(stage, { hitlSession: { provider: SECOND } })).sandbox.name).toBe(SECOND)
    const configuration = stage.configuration({ order: DESKS })
    await stage.save({ ...configuration, [SECOND]: { ...(configuration[SECOND] as object), enabled: false } })
    expect((await handOver(stage, { hitlSession: { provider: SECOND } })).sandbox.name).toBe(FIRST)
    const userId = await newUser(stage)
    const { status, message } = await action(
      stage,
      'startHitl',
      startInput(userId, { hitlSession: { provider: SECOND, strict: true } })
    )
    expect(status).toBe(400)
    expect(message).toContain('No agent is available')
  })

  it('follows hours, languages and rules, and explains its choice', async () => {
    const stage = await startStage({
      order: DESKS,
      timeZone: 'Europe/Paris',
      desks: [
        { desk: FIRST, hours: 'Mon-Fri 14:00-17:00', languages: 'en' },
        { desk: SECOND, languages: 'fr, en' },
      ],
      rules: [{ name: 'important', tags: 'vip', desks: DESKS.at(-1), setPriority: 'urgent' }],
    })
    expect((await handOver(stage, { hitlSession: { language: 'en' } })).sandbox.name).toBe(SECOND)
    expect((await handOver(stage, { hitlSession: { tags: ['vip'] } })).sandbox.name).toBe(DESKS.at(-1))
    const available = await action(stage, 'checkAvailability', { language: 'fr' })
    expect(available.output).toMatchObject({ available: true, desk: SECOND })
    const explained = await action(stage, 'explainRouting', { language: 'en', at: '2026-06-01T14:30:00+02:00' })
    expect(explained.output).toMatchObject({ desk: FIRST })
    expect(explained.output?.explanation).toContain(providers[SECOND]?.title)
    expect((await action(stage, 'explainRouting', { at: 'yesterday' })).status).toBe(400)
  })

  it('fails with the next opening time when every desk is closed', async () => {
    const hours = DESKS.map((desk) => ({ desk, hours: 'Tue 09:00-10:00', timeZone: 'Europe/Paris' }))
    const stage = await startStage({ order: DESKS, desks: hours })
    const { status, message } = await action(stage, 'startHitl', startInput(await newUser(stage)))
    expect(status).toBe(400)
    expect(message).toMatch(/We open again .*09:00/)
    const asked = await action(stage, 'checkAvailability', {})
    expect(asked.output).toMatchObject({ available: false, willOpen: false, nextOpening: '2026-06-02T07:00:00.000Z' })
    const input = startInput(await newUser(stage, 'bob@customer.example'), {
      hitlSession: { nobodyThere: 'open-anyway' },
    })
    expect((await action(stage, 'startHitl', input)).status).toBe(200)
  })

  it('never exceeds a desk’s capacity', async () => {
    const stage = await startStage({ order: DESKS, desks: [{ desk: FIRST, capacity: 2 }] })
    const taken: string[] = []
    for (let handoffs = 0; handoffs < 3; handoffs += 1) taken.push((await handOver(stage)).sandbox.name)
    expect(taken).toEqual([FIRST, FIRST, SECOND])
  })

  it('returns customers to the desk of their last session', async () => {
    const stage = await startStage({ order: DESKS, stickyDays: 3 })
    const userId = await newUser(stage)
    const first = await action(stage, 'startHitl', startInput(userId, { hitlSession: { provider: SECOND } }))
    await action(stage, 'stopHitl', { conversationId: first.output?.conversationId })
    await action(stage, 'startHitl', startInput(userId, { title: 'Again' }))
    expect(ticketsOf(stage).map(({ desk }) => desk)).toEqual([SECOND, SECOND])
  })

  it('emits an event for each handoff, without a conversation id', async () => {
    const stage = await startStage()
    await handOver(stage)
    const routed = stage.botpress.bot.events.find(({ type }) => type.endsWith('handoffRouted'))
    expect(routed?.payload).toMatchObject({ desk: FIRST, attempts: 1 })
    expect(routed?.payload).not.toHaveProperty('conversationId')
  })
})
