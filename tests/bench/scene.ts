/** A world in simulated time for measurements, which also run outside of tests. */
import type { Sandbox, SandboxTicket } from '../../providers/kit/sandbox'
import { manualClock } from '../../playground/botpress'
import { simulatedTime } from '../../playground/simulated-time'
import { createWorld } from '../../playground/world'
import type { Stage } from '../support/simulated'

/** Longer than any delay of the router in an open session. */
export const SETTLED_MS = 12_000

/** `desks`: the desks that are set up. All by default. */
export const createStage = async (desks?: string[]): Promise<Stage> => {
  const clock = manualClock()
  const world = await createWorld({ sockets: false, clock, ...(desks ? { desks } : {}) })
  const time = simulatedTime(world, clock)
  return { ...world, ...time, clock, save: (configuration) => time.finish(world.save(configuration)) }
}

export interface Handoff {
  conversationId: string
  sandbox: Sandbox
  ticket(): SandboxTicket
}

const _ticketsOf = (sandbox: Sandbox): SandboxTicket[] =>
  sandbox.tickets().filter(({ conversationId }) => conversationId !== undefined)

/** A customer is handed over to this desk. Resolves once both sides can talk. */
export const handOver = async (stage: Stage, desk: string, name = 'Eve Customer'): Promise<Handoff> => {
  const { bot } = stage.botpress
  const sandbox = stage.sandbox(desk)
  const before = new Set(_ticketsOf(sandbox).map(({ id }) => id))
  const { conversationId } = bot.newCustomer({ name })
  await stage.finish(bot.customerSays(conversationId, 'my printer burns'))
  await stage.finish(bot.startHitl(conversationId, { title: 'Printer on fire', description: 'It burns' }))
  const opened = _ticketsOf(sandbox).find(({ id }) => !before.has(id))
  if (!opened) throw new Error(`${desk} opened no ticket`)
  await stage.pass(SETTLED_MS)
  return {
    conversationId,
    sandbox,
    ticket: () => sandbox.tickets().find(({ id }) => id === opened.id) ?? opened,
  }
}

/** Calls an action and resolves to its output. */
export const action = async (stage: Stage, type: string, input: unknown): Promise<Record<string, string>> => {
  const reply = await stage.finish(stage.botpress.runtime.gateway.action(type, input))
  const { output } = JSON.parse(reply.body ?? '{}') as { output?: Record<string, string> }
  if (!output) throw new Error(`${type} was answered ${reply.status}`)
  return output
}
