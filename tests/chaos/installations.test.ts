/** Two installations of the router in one account of a vendor, and in one Slack channel. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { simulatedTime, type SimulatedTime } from './time'
import { loadSandbox, createWorld, type World } from '../../playground/world'
import type { Sandbox } from '../../providers/kit/sandbox'
import type { WebhookReply } from '../../providers/provider'
import { providerNames } from '../../src/definition/registry'

const SETTLED_MS = 20_000
const LATENCY_MS = 5

let clock: SimulatedTime
let uninstall: () => void
let worlds: World[] = []
beforeEach(() => {
  clock = simulatedTime()
  uninstall = clock.install()
})
afterEach(async () => {
  await Promise.all(worlds.splice(0).map((world) => world.close()))
  uninstall()
})

/** The vendor sends everything to both installations, as if each had an app of its own. */
const openBoth = async (desk: string): Promise<{ sandbox: Sandbox; ours: World; theirs: World }> => {
  const sandbox = await loadSandbox(desk, { now: clock.now })
  const open = (id: string, firstId: number): Promise<World> =>
    createWorld({
      clock,
      sockets: false,
      desks: [desk],
      others: { [desk]: () => sandbox },
      identity: { botId: `bot_${id}`, webhookId: `wh-${id}`, integrationId: `intver_${id}` },
      firstId,
      switches: { latencyMs: LATENCY_MS },
    })
  const [ours, theirs] = [await open('ours', 0), await open('theirs', 1_000_000)]
  worlds = [ours, theirs]
  for (const world of worlds) await clock.run(world.save(world.configuration()))
  sandbox.deliveries.connect(async (request): Promise<WebhookReply> => {
    const replies = await Promise.all(worlds.map((world) => world.receive(request)))
    return replies.find(({ status }) => status < 300) ?? replies[0] ?? { status: 502 }
  })
  return { sandbox, ours, theirs }
}

interface Session {
  world: World
  conversationId: string
  ticketId: string
}

const openSession = async (world: World, sandbox: Sandbox, words: string): Promise<Session> => {
  const before = new Set(sandbox.tickets().map(({ id }) => id))
  const { bot } = world.botpress
  const { conversationId } = bot.newCustomer()
  await clock.run(bot.customerSays(conversationId, words))
  await clock.run(bot.startHitl(conversationId, { title: 'Help', description: words }))
  await clock.drain(SETTLED_MS)
  const ticketId = sandbox.tickets().find(({ id }) => !before.has(id))?.id ?? ''
  return { world, conversationId, ticketId }
}

const seenBy = ({ world, conversationId }: Session): string[] =>
  world.botpress.bot.seen(conversationId).flatMap(({ from, text }) => (from === 'agent' ? [text] : []))

const textsIn = (sandbox: Sandbox, { ticketId }: Session): string[] =>
  sandbox
    .tickets()
    .filter(({ id }) => id === ticketId)
    .flatMap(({ entries }) => entries.map(({ text }) => text))

describe.each([...providerNames])('two installations at %s', (desk) => {
  it('serve their own tickets only, although each sees the other’s webhooks', async () => {
    const { sandbox, ours, theirs } = await openBoth(desk)
    const first = await openSession(ours, sandbox, 'my printer burns')
    const second = await openSession(theirs, sandbox, 'my lamp is out')
    expect(sandbox.tickets()).toHaveLength(2)

    sandbox.agentReplies(first.ticketId, 'about the printer')
    sandbox.agentReplies(second.ticketId, 'about the lamp')
    await clock.drain(SETTLED_MS)
    expect([seenBy(first), seenBy(second)]).toEqual([['about the printer'], ['about the lamp']])

    sandbox.solve(first.ticketId)
    await clock.drain(SETTLED_MS)
    const isActive = ({ world, conversationId }: Session): boolean => world.botpress.bot.isActive(conversationId)
    expect([isActive(first), isActive(second)]).toEqual([false, true])

    await clock.run(theirs.botpress.bot.customerSays(second.conversationId, 'thank you'))
    sandbox.agentReplies(first.ticketId, 'one more thing')
    await clock.drain(SETTLED_MS)
    expect(textsIn(sandbox, second)).toContain('thank you')
    expect(textsIn(sandbox, first).filter((text) => text.includes('was not delivered'))).toHaveLength(1)
    // Neither takes the other's ticket for an orphan.
    for (const session of [first, second])
      expect(textsIn(sandbox, session).filter((text) => text.includes('Replies here are not delivered'))).toEqual([])
  })

  it('leave the other’s webhooks alone when one is saved anew, reinstalled or removed', async () => {
    const { sandbox, ours, theirs } = await openBoth(desk)
    const second = await openSession(theirs, sandbox, 'my lamp is out')
    const { runtime } = ours.botpress
    await clock.run(ours.save(ours.configuration()))
    await clock.run(runtime.gateway.unregister(ours.botpress.webhookAddress()))
    runtime.identity.webhookId = 'wh-again'
    await clock.run(ours.save(ours.configuration()))
    await clock.run(runtime.gateway.unregister(ours.botpress.webhookAddress()))
    sandbox.agentReplies(second.ticketId, 'about the lamp')
    await clock.drain(SETTLED_MS)
    expect(seenBy(second)).toEqual(['about the lamp'])
  })
})
