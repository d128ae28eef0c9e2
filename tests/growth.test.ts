/**
 * What an operation costs doesn't depend on how long the session is, nor on how many instances take turns. `MESSAGES`
 * measures longer sessions: `MESSAGES=2000 npx vitest run tests/growth.test.ts`.
 */
import { describe, expect, it } from 'vitest'
import { DESKS, open, type Session } from './support/outbox'
import { action } from './support/actions'

const LONG = Number(process.env['MESSAGES'] ?? 120)
/** The session's tag moves once in this many messages. */
const ROUND = 10

interface Cost {
  botpress: number
  desk: number
}

const callsOf = ({ instances }: Session): Cost => {
  const asked = instances.all.flatMap((instance) => instance.asked)
  const botpress = asked.filter(({ side }) => side === 'api').length
  return { botpress, desk: asked.length - botpress }
}

const costOf = async (session: Session, act: () => unknown): Promise<Cost> => {
  const before = callsOf(session)
  await act()
  await session.stage.pass(3_000)
  const after = callsOf(session)
  return { botpress: after.botpress - before.botpress, desk: after.desk - before.desk }
}

const sum = (costs: Cost[]): Cost => ({
  botpress: costs.reduce((total, { botpress }) => total + botpress, 0),
  desk: costs.reduce((total, { desk }) => total + desk, 0),
})

const agentWrites = async (session: Session, count: number): Promise<Cost[]> => {
  const costs: Cost[] = []
  for (let index = 0; index < count; index += 1) {
    const { sandbox, ticket } = session
    const agentId = sandbox.agents[0]?.id ?? ''
    costs.push(await costOf(session, () => sandbox.agentReplies(ticket().id, `answer ${index}`, { agentId })))
  }
  return costs
}

const ends = {
  solve: ({ sandbox, ticket }: Session) => sandbox.solve(ticket().id, { agentId: sandbox.agents[0]?.id ?? '' }),
  stop: ({ stage, sessionId }: Session) => action(stage, 'stopHitl', { conversationId: sessionId() }),
}

const measure = async (desk: string, instances: number, messages: number, end: keyof typeof ends) => {
  const session = await open(desk, instances)
  const { sandbox, ticket } = session
  const agentId = sandbox.agents[0]?.id ?? ''
  sandbox.assign(ticket().id, agentId)
  await session.stage.pass(15_000)
  await agentWrites(session, messages - ROUND)
  const agent = await agentWrites(session, ROUND)
  const customer = await costOf(session, () => session.says('a question'))
  const ended = await costOf(session, () => ends[end](session))
  if (process.env['MESSAGES']) {
    process.stderr.write(
      `COST ${desk} ${instances} ${messages} ${end} ${JSON.stringify({ agent: sum(agent), customer, ended })}\n`
    )
  }
  return { agent, customer, ended }
}

describe.each(DESKS)('a long session at %s', (desk) => {
  it.each([
    [1, 'solve'],
    [2, 'stop'],
    [8, 'solve'],
    [8, 'stop'],
  ] as const)(
    'costs as much as a short one with %i instances in turns (%s)',
    { timeout: 600_000 },
    async (count, end) => {
      // Every instance has met the session.
      const short = await measure(desk, count, 5 * ROUND, end)
      const long = await measure(desk, count, LONG, end)
      const [before, after] = [sum(short.agent), sum(long.agent)]
      // A round may hold the tag's move once more or less.
      expect(after.botpress).toBeLessThanOrEqual(before.botpress + 3)
      expect(after.desk).toBeLessThanOrEqual(before.desk + 3)
      for (const { botpress, desk: asked } of long.agent) {
        expect(botpress).toBeLessThanOrEqual(6)
        expect(asked).toBeLessThanOrEqual(4)
      }
      expect(long.customer.botpress).toBeLessThanOrEqual(6)
      expect(long.ended.botpress).toBeLessThanOrEqual(short.ended.botpress + 2)
      expect(long.ended.desk).toBeLessThanOrEqual(short.ended.desk + 2)
    }
  )
})
