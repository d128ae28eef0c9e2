/** Which desk takes a handoff: order, weights, capacity, hours, languages, rules and wishes. */
import { describe, expect, it } from 'vitest'
import { captureConsole } from '../playground/console'
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

describe('dry runs', () => {
  const office = { timeZone: 'Europe/Paris', desks: DESKS.map((desk) => ({ desk, hours: 'Mon-Fri 09:00-17:00' })) }
  const explain = async (stage: Awaited<ReturnType<typeof startStage>>, input: object) =>
    (await action(stage, 'explainRouting', input)).output ?? {}

  it('read a time without a zone in the zone of Routing, and name the moment first', async () => {
    const stage = await startStage(office)
    const { explanation, decision } = await explain(stage, { at: '2026-12-23T16:30' })
    expect(explanation?.split('\n')[0]).toBe('At Wednesday 2026-12-23 16:30 Europe/Paris (UTC+01:00)')
    expect(decision).toBe(`Goes to ${providers[FIRST]?.title}`)
    const summer = await explain(stage, { at: '2026-07-01 08:59' })
    expect(summer.explanation).toMatch(/^At Wednesday 2026-07-01 08:59 Europe\/Paris \(UTC\+02:00\)\nNobody is there/)
    const london = await explain(stage, { at: '2026-12-23T16:30:00+00:00' })
    expect(london.decision).toContain('Nobody is there: refused')
    expect(london.explanation?.split('\n')[0]).toBe(
      'At Wednesday 2026-12-23 16:30 UTC: Wednesday 2026-12-23 17:30 Europe/Paris (UTC+01:00)'
    )
    const now = await explain(stage, {})
    expect(now.explanation).toMatch(/^At \w+day \d{4}-\d{2}-\d{2} \d{2}:\d{2} Europe\/Paris/)
  })

  it.each(['12/23/2026 8:30', '1', 'yesterday', '2026-02-30', '2026-12-23T25:00', '8:30', '2026', 'Dec 23 2026'])(
    'refuse the time %s, and say how to write one',
    async (at) => {
      const stage = await startStage(office)
      const { status, message } = await action(stage, 'explainRouting', { at })
      expect(status).toBe(400)
      expect(message).toContain('write it like 2026-12-24T09:00')
    }
  )

  it('draw shares anew, as handoffs do, and say so', async () => {
    const stage = await startStage({ rules: [`Trial: share 50% -> ${SECOND}`] })
    const answers = []
    for (let asked = 0; asked < 20; asked += 1) answers.push(await explain(stage, {}))
    expect(new Set(answers.map(({ desk }) => desk))).toEqual(new Set([FIRST, SECOND]))
    for (const { explanation } of answers)
      expect(explanation).toContain('Trial takes 50 % of such handoffs; this one is')
  })

  it('return a customer to the desk of the last session, or say that nobody is known', async () => {
    const stage = await startStage({ stickyDays: 3 })
    const userId = await newUser(stage)
    const first = await action(stage, 'startHitl', startInput(userId, { hitlSession: { provider: SECOND } }))
    await action(stage, 'stopHitl', { conversationId: first.output?.conversationId })
    expect((await explain(stage, { userId })).desk).toBe(SECOND)
    expect((await action(stage, 'checkAvailability', { userId })).output?.desk).toBe(SECOND)
    const unknown = await explain(stage, {})
    expect(unknown.desk).toBe(FIRST)
    expect(unknown.explanation).toContain('no last session of the customer is known, so Sticky days has no effect')
  })

  it('have a sentence for the customer in their language beside the one for the team', async () => {
    const desks = DESKS.map((desk) => ({ desk, hours: 'Tue 09:00-10:00; Europe/Paris' }))
    const stage = await startStage({ desks, refusalTexts: ['fr: Fermé jusqu’à {opening}.'] })
    const asked = async (text: string) => (await action(stage, 'checkAvailability', { text })).output ?? {}
    expect(await asked('hallo, ich brauche Hilfe mit meiner Bestellung')).toMatchObject({
      message: 'Nobody is there: refused; opens Tuesday 09:00 Europe/Paris',
      messageForCustomer: 'Im Moment ist niemand erreichbar. Wir sind wieder für Sie da: Dienstag, 09:00 Uhr (MESZ).',
    })
    expect((await asked('bonjour, je n’ai pas reçu ma commande')).messageForCustomer).toContain('Fermé jusqu’à mardi')
    const input = startInput(await newUser(stage), {
      messageHistory: [
        { source: { type: 'user' }, type: 'text', payload: { text: 'hallo, ich brauche Hilfe mit meiner Bestellung' } },
      ],
    })
    expect((await action(stage, 'startHitl', input)).message).toContain('Wir sind wieder für Sie da')
  })
})

it('an event says what the bot can tell the customer when a ticket waits for the team', async () => {
  const desks = DESKS.map((desk) => ({ desk, hours: 'Tue 09:00-10:00; Europe/Paris' }))
  const stage = await startStage({ desks, nobodyThere: 'Open a ticket anyway' })
  await action(stage, 'startHitl', startInput(await newUser(stage), { hitlSession: { language: 'en' } }))
  const routed = stage.botpress.bot.events.find(({ type }) => type.endsWith('handoffRouted'))
  expect(routed?.payload).toMatchObject({
    messageForCustomer: 'We have received your request and will answer from Tuesday 09:00 (CEST).',
  })
})

describe('a save', () => {
  const logOf = async (routing: Record<string, unknown>): Promise<string> => {
    const lines: string[] = []
    const restore = captureConsole((line) => void lines.push(line))
    try {
      await startStage(routing)
    } finally {
      restore()
    }
    // The instructions of a desk tell where its credentials are.
    return lines.filter((line) => line.includes('Routing')).join('\n')
  }

  it('reads back how each field was understood', async () => {
    const log = await logOf({
      timeZone: 'Europe/Paris',
      desks: [{ desk: FIRST, hours: 'weekdays 9-17; 01-05' }],
      rules: [`tags vip -> ${SECOND}`],
    })
    expect(log).toContain(
      `${providers[FIRST]?.title}: all languages; Mon-Fri 09:00-17:00; closed on 5 January every year (Europe/Paris).`
    )
    expect(log).toContain(`Rule 1: when a tag is vip: ${providers[SECOND]?.title}.`)
  })

  it('says what an older configuration is in the form, without credentials', async () => {
    const log = await logOf({ order: DESKS, desks: [{ desk: FIRST, weight: 2 }] })
    expect(log).toContain('Routing has the shape of an older version, which still works')
    expect(log).toContain('preferredDesk')
    expect(log).not.toMatch(/xoxb|"(?:clientSecret|accessToken|apiToken)"/)
    expect(await logOf({ preferredDesk: providers[FIRST]?.title })).not.toContain('older version')
  })
})
