/**
 * Shared helpers of the regressions: a stage that prefers one desk, raw webhook requests, and a snapshot of what people
 * can see.
 */
import type { Delivery, Sandbox } from '../../providers/kit/sandbox'
import type { WebhookRequest } from '../../providers/provider'
import { providers } from '../../src/definition/registry'
import { handOver, SETTLED_MS, ticketsOf, type Handoff } from '../support/handoffs'
import { createStage, type Stage } from '../support/simulated'

export const DESKS = Object.keys(providers)

/** A stage with this desk first in the order. */
export const startAt = async (desk: string, options: Parameters<typeof createStage>[0] = {}): Promise<Stage> => {
  const stage = await createStage(options)
  await stage.save(stage.configuration({ order: [desk, ...DESKS.filter((name) => name !== desk)] }))
  return stage
}

/** A session at this desk in which the agent Ada has written once. */
export const sessionAt = async (
  desk: string,
  options: Parameters<typeof createStage>[0] = {}
): Promise<Handoff & { stage: Stage; agentId: string }> => {
  const stage = await startAt(desk, options)
  const handoff = await handOver(stage)
  const agentId = handoff.sandbox.agents[0]?.id ?? ''
  handoff.sandbox.assign(handoff.ticket().id, agentId)
  handoff.sandbox.agentReplies(handoff.ticket().id, 'Ada is here', { agentId })
  await stage.pass(SETTLED_MS)
  return { ...handoff, stage, agentId }
}

export { action } from '../support/actions'

/** Sends a raw request to the installation's webhook URL. */
export const send = async (stage: Stage, request: Partial<WebhookRequest>) => {
  const { gateway } = stage.botpress.runtime
  const completed = { method: 'POST', path: '/', query: '', headers: {}, body: '', ...request }
  const reply = await stage.finish(gateway.webhook(completed))
  return { status: reply.status, body: reply.body ?? '' }
}

/** Takes the waiting deliveries out of the desk's queue, so that the router never receives them. */
export const takeDeliveries = (sandbox: Sandbox): Delivery[] => sandbox.deliveries.waiting.splice(0)

/**
 * Everything that customers, agents and the bot builder can see, as text. Equal snapshots mean that nothing changed.
 */
export const visible = (stage: Stage): string => {
  const { store } = stage.botpress.runtime
  const sorted = <Row extends { id: string }>(rows: Row[], pick: (row: Row) => unknown) =>
    rows.toSorted((a, b) => (a.id < b.id ? -1 : 1)).map(pick)
  return JSON.stringify(
    {
      users: sorted(store.users.withTags({}), ({ id, name, pictureUrl }) => ({ id, name, pictureUrl })),
      conversations: sorted(store.conversations.withTags({}), ({ id }) => id),
      messages: sorted(store.messages.withTags({}), ({ id, type, payload, userId }) => ({ id, type, payload, userId })),
      events: sorted(store.events.withTags({}), ({ id, type, payload }) => ({ id, type, payload })),
      tickets: Object.values(stage.sandboxes).map((sandbox) => sandbox.tickets()),
    },
    null,
    1
  )
}

/** The bodies of the requests to a desk, starting at an index. */
export const bodiesTo = (sandbox: Sandbox, from = 0): string[] =>
  sandbox.server.requests.slice(from).map(({ body }) => body.toString('utf8'))

/** Applies a change to each object of a JSON body. Slack sends button presses as forms with JSON inside. */
export const rewritten = (
  body: string,
  change: (object: Record<string, unknown>) => Record<string, unknown>
): string => {
  const visit = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(visit)
    if (typeof value !== 'object' || value === null) return value
    return change(Object.fromEntries(Object.entries(value).map(([key, field]) => [key, visit(field)])))
  }
  if (!body.startsWith('payload=')) return JSON.stringify(visit(JSON.parse(body)))
  const payload: unknown = JSON.parse(new URLSearchParams(body).get('payload') ?? '')
  return new URLSearchParams({ payload: JSON.stringify(visit(payload)) }).toString()
}

export const onlyTicket = (stage: Stage) => {
  const [ticket] = ticketsOf(stage)
  if (!ticket) throw new Error('No ticket was opened')
  return ticket
}
