/** What the bot learns for analytics: who took a handoff, when it was answered, and what came of it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { events as definitions } from '../src/definition/bot-facing'
import { action } from './support/actions'
import { handOver, SETTLED_MS } from './support/handoffs'
import { connectInstances } from './support/instances'
import type { Stage } from './support/simulated'
import { DESKS, startAt } from './regressions/helpers'

const MINUTE_MS = 60_000

const eventsOf = (stage: Stage, name: string): Record<string, unknown>[] =>
  stage.botpress.bot.events.filter(({ type }) => type.endsWith(name)).map(({ payload }) => payload)

const open = async (desk: string) => {
  const stage = await startAt(desk)
  const session = await handOver(stage)
  const { conversationId, sandbox, ticket } = session
  const agentId = sandbox.agents[0]?.id ?? ''
  const hitlConversationId = stage.botpress.bot.downstreamOf(conversationId)
  return {
    ...session,
    stage,
    agentId,
    says: async (text: string, by = agentId) => {
      sandbox.agentReplies(ticket().id, text, { agentId: by })
      await stage.pass(SETTLED_MS)
    },
    hears: (text: string) => stage.finish(stage.botpress.bot.customerSays(conversationId, text)),
    events: (name: string) =>
      eventsOf(stage, name).filter((event) => event['hitlConversationId'] === hitlConversationId),
  }
}

/** What is settled in between takes its time as well. */
const about = (seconds: number) => ({
  asymmetricMatch: (value: unknown) => typeof value === 'number' && value >= seconds && value < seconds + 60,
})

describe('hub.md', () => {
  it('names every event, and shows the summary with every field', () => {
    const hub = readFileSync(join(import.meta.dirname, '../hub.md'), 'utf8')
    for (const { title } of Object.values(definitions)) expect(hub).toContain(`_${title}_`)
    const [, example = ''] = /_Handoff ended_ comes once[^`]*```json\n([^`]+)```/.exec(hub) ?? []
    const { schema } = definitions.handoffEnded
    expect(schema.parse(JSON.parse(example))).toEqual(JSON.parse(example))
    expect(Object.keys(JSON.parse(example) as object)).toEqual(Object.keys(schema.shape))
  })
})

describe.each(DESKS)('at %s', (desk) => {
  it('an agent takes a handoff, answers it and solves it: each is an event, once', async () => {
    const { stage, sandbox, ticket, agentId, says, hears, events } = await open(desk)
    await stage.pass(2 * MINUTE_MS)
    sandbox.assign(ticket().id, agentId)
    await stage.pass(SETTLED_MS)
    expect(events('handoffAssigned')).toEqual([
      { hitlConversationId: expect.any(String), desk, agentId, afterSeconds: about(120), isFirst: true },
    ])
    expect(events('handoffAnswered')).toEqual([])
    await stage.pass(3 * MINUTE_MS)
    await says('Hello')
    await hears('Hi')
    await hears('Are you there?')
    await says('I am')
    const answered = { desk, agentId, afterSeconds: about(300) }
    expect(events('handoffAnswered')).toMatchObject([answered])
    expect(events('handoffEnded')).toEqual([])
    await stage.pass(5 * MINUTE_MS)
    sandbox.solve(ticket().id, { agentId })
    await stage.pass(SETTLED_MS)
    expect(events('handoffEnded')).toEqual([
      {
        hitlConversationId: expect.any(String),
        desk,
        endReason: 'agent',
        durationSeconds: about(600),
        assignedAfterSeconds: about(120),
        answeredAfterSeconds: about(300),
        messagesFromCustomer: 2,
        messagesFromAgents: 2,
        agentIds: [agentId],
        isComplete: true,
      },
    ])
    expect(events('handoffAssigned')).toHaveLength(1)
  })

  it('an agent who just writes takes and answers it at once; a second agent is another event', async () => {
    const { sandbox, agentId, says, events } = await open(desk)
    const other = sandbox.agents.find(({ id }) => id !== agentId)?.id ?? ''
    await says('Hello')
    expect(events('handoffAssigned')).toMatchObject([{ agentId, isFirst: true }])
    expect(events('handoffAnswered')).toMatchObject([{ agentId }])
    await says('I take over', other)
    expect(events('handoffAssigned')).toMatchObject([
      { agentId, isFirst: true },
      { agentId: other, isFirst: false },
    ])
    expect(events('handoffAnswered')).toHaveLength(1)
  })

  it('instances that take turns report the first answer once', async () => {
    const { stage, sandbox, ticket, agentId, says, events } = await open(desk)
    connectInstances(stage, 3)
    sandbox.assign(ticket().id, agentId)
    await stage.pass(SETTLED_MS)
    for (let number = 0; number < 6; number += 1) await says(`Answer ${number}`)
    expect(events('handoffAssigned')).toHaveLength(1)
    expect(events('handoffAnswered')).toHaveLength(1)
  })

  it('the bot ends a handoff that nobody has answered', async () => {
    const { stage, conversationId, hears, events } = await open(desk)
    await hears('Is anybody there?')
    await stage.pass(4 * MINUTE_MS)
    await stage.finish(stage.botpress.bot.stopHitl(conversationId))
    await stage.pass(SETTLED_MS)
    const [ended, ...others] = events('handoffEnded')
    expect(others).toEqual([])
    expect(ended).toMatchObject({ endReason: 'bot', durationSeconds: about(240), agentIds: [] })
    expect(ended).toMatchObject({ messagesFromCustomer: 1, messagesFromAgents: 0, isComplete: true })
    expect(ended).not.toHaveProperty('answeredAfterSeconds')
    expect(ended).not.toHaveProperty('assignedAfterSeconds')
  })

  it('both ends at the same moment are one', async () => {
    const { stage, conversationId, sandbox, ticket, agentId, says, events } = await open(desk)
    await says('Hello')
    sandbox.solve(ticket().id, { agentId })
    await stage.finish(stage.botpress.bot.stopHitl(conversationId))
    await stage.pass(SETTLED_MS)
    expect(events('handoffEnded')).toHaveLength(1)
  })

  it('idle sessions and conversations that an agent gives back end for their own reasons', async () => {
    const idle = await open(desk)
    await idle.says('Hello')
    await idle.stage.pass(31 * MINUTE_MS)
    await action(idle.stage, 'endIdleSessions', { idleMinutes: 30, say: 'We close this for now.' })
    await idle.stage.pass(SETTLED_MS)
    expect(idle.events('handoffEnded')).toMatchObject([{ endReason: 'idle', messagesFromAgents: 1 }])
    const back = await open(desk)
    back.sandbox.agentNotes(back.ticket().id, '/bot', { agentId: back.agentId })
    await back.stage.pass(SETTLED_MS)
    expect(back.events('handoffEnded')).toMatchObject([{ endReason: 'handed-back' }])
  })

  it('counts the messages of a long session, and says where it stopped', async () => {
    for (const [each, isComplete] of [
      [25, true],
      [45, false],
    ] as const) {
      const { stage, sandbox, ticket, agentId, says, hears, events } = await open(desk)
      for (let number = 0; number < each; number += 1) {
        await says(`Answer ${number}`)
        await hears(`Question ${number}`)
      }
      sandbox.solve(ticket().id, { agentId })
      await stage.pass(SETTLED_MS)
      const [ended, ...others] = events('handoffEnded')
      expect(others).toEqual([])
      expect(ended).toMatchObject({ answeredAfterSeconds: about(0), isComplete })
      const counted = Number(ended?.messagesFromCustomer) + Number(ended?.messagesFromAgents)
      // Three pages, and what is scheduled.
      expect(counted).toBeGreaterThanOrEqual(Math.min(2 * each, 60))
      expect(counted).toBeLessThanOrEqual(isComplete ? 2 * each : 62)
    }
  })
})
