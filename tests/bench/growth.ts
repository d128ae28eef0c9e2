/** How the calls of an operation grow with messages, open sessions and instances. */
import { providerNames } from '../../src/definition/registry'
import { connectInstances, type Instances } from '../support/instances'
import type { Stage } from '../support/simulated'
import { costOf, LATENCY, type Cost } from './record'
import { action, createStage, handOver, SETTLED_MS } from './scene'

export interface Growth {
  operation: string
  desk: string
  /** Messages of each side, or open sessions, before the operation. */
  size: number
  /** Instances that take turns. */
  instances: number
  cost: Cost
}

/** Between two messages: longer than any delay of the router. */
const PAUSE_MS = 3_000

const _measure = async (stage: Stage, instances: Instances, work: () => Promise<unknown>): Promise<Cost> => {
  const before = instances.all.map(({ asked }) => asked.length)
  const startedAt = stage.clock.now()
  await stage.finish(work())
  await stage.pass(SETTLED_MS)
  return costOf(
    instances.all.flatMap(({ asked }, index) => asked.slice(before[index])),
    startedAt
  )
}

/** An agent's message, a customer's message and both ends, after `size` messages of each side. */
export const growthOfMessages = async (
  desk: string,
  size: number,
  count: number,
  onProgress?: (done: number) => void
): Promise<Growth[]> => {
  const stage = await createStage()
  await stage.save(stage.configuration({ order: [desk, ...providerNames.filter((name) => name !== desk)] }))
  const { sandbox, ticket, conversationId } = await handOver(stage, desk)
  const instances = connectInstances(stage, count, { latency: LATENCY })
  const { bot } = stage.botpress
  const agentId = sandbox.agents[0]?.id ?? ''
  await stage.pass(SETTLED_MS)
  for (let number = 0; number < size; number += 1) {
    sandbox.agentReplies(ticket().id, `Answer ${number}`, { agentId })
    await stage.pass(PAUSE_MS)
    await stage.finish(bot.customerSays(conversationId, `Question ${number}`))
    await stage.pass(PAUSE_MS)
    onProgress?.(number + 1)
  }
  const note = (operation: string, cost: Cost): Growth => ({ operation, desk, size, instances: count, cost })
  const agentSays = () => {
    sandbox.agentReplies(ticket().id, 'The last answer', { agentId })
    return Promise.resolve()
  }
  const downstream = bot.downstreamOf(conversationId)
  return [
    note('agent message', await _measure(stage, instances, agentSays)),
    note('user message', await _measure(stage, instances, () => bot.customerSays(conversationId, 'The last question'))),
    note(
      'stopHitl',
      await _measure(stage, instances, () =>
        stage.botpress.runtime.gateway.action('stopHitl', { conversationId: downstream })
      )
    ),
  ]
}

/** A start at a desk with a limit, while `size` sessions are open. */
export const growthOfSessions = async (size: number): Promise<Growth> => {
  const [desk = ''] = providerNames
  const stage = await createStage()
  await stage.save(stage.configuration({ order: [...providerNames], desks: [{ desk, capacity: 1_000_000 }] }))
  await handOver(stage, desk, 'First Customer')
  const { store } = stage.botpress.runtime
  const [example] = store.conversations.withTags({ 'desk:provider': desk, 'desk:status': 'open' })
  if (!example) throw new Error('There is no session')
  for (let number = 1; number < size; number += 1) {
    store.conversations.insert({
      ...example,
      id: `conv_${number}`,
      tags: { ...example.tags, 'desk:ticketId': `${number}` },
    })
  }
  const instances = connectInstances(stage, 1, { latency: LATENCY })
  const output = await action(stage, 'createUser', { name: 'Eve', email: 'eve@customer.example' })
  const cost = await _measure(stage, instances, () =>
    stage.botpress.runtime.gateway.action('startHitl', {
      userId: output['userId'],
      title: 'Printer on fire',
      messageHistory: [],
    })
  )
  return { operation: 'startHitl', desk, size, instances: 1, cost }
}
