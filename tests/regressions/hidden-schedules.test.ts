/** A Cloud that lists scheduled messages only from their moment on: nothing is doubled, reordered or cut off. */
import { describe, expect, it } from 'vitest'
import { handOver, seenBy, SETTLED_MS } from '../support/handoffs'
import { connectInstances, type Asked } from '../support/instances'
import { DESKS, startAt } from './helpers'

const PATIENT_MS = 90_000

const schedules = ({ side, path, body }: Asked): boolean =>
  side === 'api' && path.endsWith('/messages/get-or-create') && body.includes('"schedule"')

/** A session whose plugin isn't certain to listen yet, at two instances. */
const openAt = async (desk: string, { count = 2, scheduledMessages = 'hidden' as 'hidden' | 'visible' } = {}) => {
  const stage = await startAt(desk, { sockets: false, switches: { scheduledMessages } })
  const instances = connectInstances(stage, count)
  const handoff = await handOver(stage)
  const { sandbox, ticket, conversationId } = handoff
  const [ada = '', ben = ''] = sandbox.agents.map(({ id }) => id)
  const says = async (text: string, agentId = ada): Promise<void> => {
    sandbox.agentReplies(ticket().id, text, { agentId })
    await stage.pass(100)
  }
  /** The words of agents and the end, as the customer saw them. */
  const answers = (): string[] =>
    seenBy(stage, conversationId).flatMap((line) => {
      if (line.includes('The human agent closed')) return ['(end)']
      return /^agent [^:]*: (.*)$/.exec(line)?.[1] ?? []
    })
  const notes = (): string[] =>
    ticket().entries.flatMap(({ text }) => (/not delivered: “(.*)”/.exec(text)?.[1] ? [text] : []))
  return { stage, instances, ...handoff, ada, ben, says, answers, notes }
}

describe.each(DESKS)('a message at %s that is scheduled out of sight', (desk) => {
  it.each([
    ['another instance', [0, 1]],
    ['the same instance', [0, 0]],
  ])('is delivered once when its webhook comes twice, at %s', async (_where, [first = 0, second = 0]) => {
    const { stage, instances, sandbox, says, answers } = await openAt(desk)
    instances.takeTurns(first)
    sandbox.deliveries.mode = 'held'
    await says('one')
    const requests = sandbox.deliveries.waiting.splice(0).map(({ request }) => request)
    sandbox.deliveries.mode = 'auto'
    for (const turn of [first, second, second]) {
      instances.takeTurns(turn)
      for (const request of requests) {
        const work = stage.botpress.runtime.gateway.webhook(request)
        await stage.finish(work)
      }
    }
    await stage.pass(PATIENT_MS)
    expect(answers()).toEqual(['one'])
  })

  it('is delivered once, in order, when instances take turns and a new one comes', async () => {
    const session = await openAt(desk)
    const { stage, says, answers, ada, ben, notes } = session
    await says('one', ada)
    await says('two', ada)
    await says('three', ben)
    connectInstances(stage, 1)
    await says('four', ada)
    await says('five', ben)
    await stage.pass(PATIENT_MS)
    expect(answers()).toEqual(['one', 'two', 'three', 'four', 'five'])
    expect(notes()).toEqual([])
  })

  it('comes before the end, and nobody is told that it was not delivered', async () => {
    const { stage, sandbox, ticket, says, answers, ada, notes } = await openAt(desk)
    await says('one')
    await says('two')
    sandbox.solve(ticket().id, { agentId: ada })
    await stage.pass(PATIENT_MS)
    expect(answers()).toEqual(['one', 'two', '(end)'])
    expect(notes()).toEqual([])
  })

  it('is delivered once when several come at once', async () => {
    const { stage, sandbox, ticket, answers, ada } = await openAt(desk, { count: 3 })
    const texts = Array.from({ length: 6 }, (_unused, index) => `answer ${index}`)
    for (const text of texts) sandbox.agentReplies(ticket().id, text, { agentId: ada })
    await stage.pass(PATIENT_MS)
    expect(answers()).toEqual(texts)
  })

  it.each(['before', 'after'] as const)('is delivered once when an instance dies %s it schedules', async (when) => {
    const { stage, instances, says, answers } = await openAt(desk)
    instances.takeTurns(0)
    instances.all[0]?.dieAt(when, schedules)
    await says('one')
    await stage.pass(200)
    connectInstances(stage, 1)
    await says('two')
    await stage.pass(PATIENT_MS)
    await says('three')
    await stage.pass(PATIENT_MS)
    expect(answers()).toEqual(['one', 'two', 'three'])
  })

  it.each(['before', 'after'] as const)('is delivered once when the answer is lost, %s the effect', async (effect) => {
    const { stage, says, answers } = await openAt(desk)
    stage.botpress.runtime.addFault({ kind: 'disconnect', effect, method: 'POST', path: '/messages/get-or-create' })
    await says('one')
    await stage.pass(PATIENT_MS)
    await says('two')
    await stage.pass(PATIENT_MS)
    expect(answers()).toEqual(['one', 'two'])
  })

  it('that is dropped, because the bot ends the session before its moment, is reported', async () => {
    const { stage, says, answers, conversationId, notes } = await openAt(desk)
    await says('one')
    await stage.finish(stage.botpress.bot.stopHitl(conversationId))
    await stage.pass(PATIENT_MS)
    expect(answers()).toEqual([])
    expect(notes()).toHaveLength(1)
  })

  it('that is dropped, because the bot ends the session before an agent’s end, is reported once', async () => {
    const { stage, sandbox, ticket, says, answers, ada, conversationId, notes } = await openAt(desk)
    await says('one')
    sandbox.solve(ticket().id, { agentId: ada })
    await stage.pass(1_000)
    await stage.finish(stage.botpress.bot.stopHitl(conversationId))
    await stage.pass(PATIENT_MS)
    expect(answers()).toEqual([])
    expect(notes()).toHaveLength(1)
  })

  it('is not announced twice with its author', async () => {
    const { stage, says, answers, conversationId, ada, ben } = await openAt(desk)
    await says('one', ada)
    await says('two', ben)
    await stage.pass(SETTLED_MS)
    connectInstances(stage, 1)
    await says('three', ada)
    await says('four', ben)
    await stage.pass(PATIENT_MS)
    expect(answers()).toEqual(['one', 'two', 'three', 'four'])
    expect(seenBy(stage, conversationId).filter((line) => line.includes('joined'))).toHaveLength(2)
  })
})
