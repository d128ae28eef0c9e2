/** What the router does, one operation at a time, with the calls that it makes. */
import { providerNames } from '../../src/definition/registry'
import { connectInstances, type Instance, type Instances } from '../support/instances'
import type { Stage } from '../support/simulated'
import { add, costOf, LATENCY, type Cost } from './record'
import { action, createStage, handOver, SETTLED_MS, type Handoff } from './scene'

/**
 * The instance that gets the operation.
 *
 * - same: it has opened the session and delivered its messages.
 * - other: it has served other sessions, and never met this one.
 * - new: it has just started.
 */
export const INSTANCES = ['same', 'other', 'new'] as const
export type Where = (typeof INSTANCES)[number]

export interface Measured {
  operation: string
  /** Registry key; empty where no single desk is concerned. */
  desk: string
  instance: Where
  cost: Cost
}

const _watch = async (stage: Stage, instances: Instances, work: () => Promise<unknown>): Promise<Cost> => {
  // What the operation causes at the desk is an operation of its own.
  for (const { deliveries } of Object.values(stage.sandboxes)) deliveries.mode = 'held'
  const before = instances.all.map(({ asked }) => asked.length)
  const startedAt = stage.clock.now()
  await stage.finish(work())
  await stage.pass(SETTLED_MS)
  const calls = instances.all.flatMap(({ asked }, index) => asked.slice(before[index]))
  for (const { deliveries } of Object.values(stage.sandboxes)) deliveries.mode = 'auto'
  return costOf(calls, startedAt)
}

interface Scene {
  stage: Stage
  instances: Instances
  /** Uses a new instance for everything that follows. */
  restart(): Instance
}

const _scene = async (desk: string, routing: Record<string, unknown> = {}): Promise<Scene> => {
  const stage = await createStage()
  const scene: Scene = {
    stage,
    instances: connectInstances(stage, 1, { latency: LATENCY }),
    restart: () => {
      scene.instances = connectInstances(stage, 1, { latency: LATENCY })
      const [instance] = scene.instances.all
      if (!instance) throw new Error('There is no instance')
      return instance
    },
  }
  const order = [desk, ...providerNames.filter((name) => name !== desk)]
  await stage.save(stage.configuration({ order, ...routing }))
  return scene
}

/** A session whose first answer has been shown, and the instance that gets what follows. */
const _session = async (desk: string, where: Where): Promise<Scene & Handoff & { agentId: string }> => {
  const scene = await _scene(desk)
  const { stage } = scene
  // Another session before, so that the instance knows the desk, and another one after for the other instance.
  const first = await handOver(stage, desk, 'First Customer')
  await _say(stage, first, 'Welcome')
  const handoff = await handOver(stage, desk)
  const agentId = await _say(stage, handoff, 'Ada is here')
  if (where !== 'same') scene.restart()
  if (where === 'other') await _say(stage, first, 'Still there?')
  return { ...scene, ...handoff, agentId }
}

const _say = async (stage: Stage, { sandbox, ticket }: Handoff, text: string): Promise<string> => {
  const agentId = sandbox.agents[0]?.id ?? ''
  sandbox.agentReplies(ticket().id, text, { agentId })
  await stage.pass(2 * SETTLED_MS)
  return agentId
}

/** The webhooks of what an agent does, one after the other. Undefined: the desk has no such move. */
const _webhooks = async (scene: Scene, { sandbox }: Handoff, move: () => void): Promise<Cost | undefined> => {
  const { stage, instances } = scene
  sandbox.deliveries.mode = 'held'
  move()
  const requests = sandbox.deliveries.waiting.splice(0).map(({ request }) => request)
  let cost: Cost | undefined
  for (const request of requests) {
    const one = await _watch(stage, instances, () => stage.botpress.runtime.gateway.webhook(request))
    cost = cost ? add(cost, one) : one
  }
  return cost
}

/** Everything that opens or changes a session at one desk. */
export const measureDesk = async (desk: string, where: Where): Promise<Measured[]> => {
  const measured: Measured[] = []
  const note = (operation: string, cost: Cost | undefined): void => {
    if (cost) measured.push({ operation, desk, instance: where, cost })
  }

  const start = await _scene(desk)
  if (where !== 'same') start.restart()
  if (where !== 'new') await handOver(start.stage, desk, 'First Customer')
  const output = await action(start.stage, 'createUser', { name: 'Eve', email: 'eve@customer.example' })
  const input = { userId: output['userId'], title: 'Printer on fire', messageHistory: [] }
  const startWith = (title: string) =>
    _watch(start.stage, start.instances, () =>
      start.stage.botpress.runtime.gateway.action('startHitl', { ...input, title })
    )
  note('startHitl, new contact', await startWith('Printer on fire'))
  if (where === 'new') start.restart()
  note('startHitl, known contact', await startWith('Printer burnt down'))

  const message = await _session(desk, where)
  const { bot } = message.stage.botpress
  note(
    'user message',
    await _watch(message.stage, message.instances, () => bot.customerSays(message.conversationId, 'is anybody there?'))
  )

  const answer = await _session(desk, where)
  note(
    'agent message',
    await _webhooks(answer, answer, () => {
      answer.sandbox.agentReplies(answer.ticket().id, 'One more thing', { agentId: answer.agentId })
    })
  )

  const assignment = await _session(desk, where)
  note(
    'assigned, new agent',
    await _webhooks(assignment, assignment, () => {
      assignment.sandbox.assign(assignment.ticket().id, assignment.sandbox.agents[1]?.id ?? '')
    })
  )

  const solved = await _session(desk, where)
  note(
    'solved',
    await _webhooks(solved, solved, () => {
      solved.sandbox.solve(solved.ticket().id, { agentId: solved.agentId })
    })
  )

  const stopped = await _session(desk, where)
  const downstream = stopped.stage.botpress.bot.downstreamOf(stopped.conversationId)
  note(
    'stopHitl',
    await _watch(stopped.stage, stopped.instances, () =>
      stopped.stage.botpress.runtime.gateway.action('stopHitl', { conversationId: downstream })
    )
  )
  return measured
}

/** Operations that no single desk is concerned with. */
export const measureOthers = async (): Promise<Measured[]> => {
  const [first = ''] = providerNames
  const measured: Measured[] = []
  const note = (operation: string, cost: Cost): void => {
    measured.push({ operation, desk: '', instance: 'new', cost })
  }

  const stage = await createStage()
  const instances = connectInstances(stage, 1, { latency: LATENCY })
  const save = () => _watch(stage, instances, () => stage.save(stage.configuration()))
  note('register, three desks', await save())
  note('register again', await save())

  const people = await _scene(first)
  people.restart()
  note(
    'createUser',
    await _watch(people.stage, people.instances, () =>
      people.stage.botpress.runtime.gateway.action('createUser', { name: 'Eve', email: 'eve@customer.example' })
    )
  )

  const failover = await _scene(first)
  failover.restart()
  const output = await action(failover.stage, 'createUser', { name: 'Eve', email: 'eve@customer.example' })
  failover.stage.sandbox(first).server.addFault({ kind: 'status', status: 403, body: {}, times: 1_000 })
  note(
    'first desk refuses, second takes',
    await _watch(failover.stage, failover.instances, () =>
      failover.stage.botpress.runtime.gateway.action('startHitl', {
        userId: output['userId'],
        title: 'Printer on fire',
        messageHistory: [],
      })
    )
  )
  return measured
}
