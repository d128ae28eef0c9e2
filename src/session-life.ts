/**
 * The life of a session, written once: `open → closed`, or `failed`. The status is a tag; this table says what each event means in each of them.
 *
 * Before it is open a conversation is no session yet: it has no desk, and a webhook about its ticket is asked for again. Who ends a session holds a claim (ending.ts) from the decision to the tag.
 *
 * - open: a ticket exists. For the first seconds the plugin does not listen yet (timing.ts).
 * - closed: it is over for the customer. A ticket that an agent reopens afterwards stays without a customer.
 * - failed: no desk took it.
 */
export const STATUSES = ['open', 'closed', 'failed'] as const
export type Status = (typeof STATUSES)[number]

export const isStatus = (value: string | undefined): value is Status => STATUSES.some((status) => status === value)

export type LifeEvent =
  | 'customer-message'
  | 'bot-message'
  | 'agent-message'
  | 'agent-assigned'
  | 'ticket-closed'
  | 'ticket-reopened'
  | 'stop'

/**
 * - deliver: it goes to the other side.
 * - tell-agent: it cannot reach the customer, the agent is told.
 * - refuse: it cannot reach the agent, the sender is told.
 * - end: the session ends, once.
 * - nothing: it has no meaning here.
 */
export type Meaning = 'deliver' | 'tell-agent' | 'refuse' | 'end' | 'nothing'

const MEANINGS: Record<LifeEvent, Record<Status, Meaning>> = {
  'customer-message': { open: 'deliver', closed: 'refuse', failed: 'refuse' },
  // The plugin's farewell overlaps its stop: the ticket still gets it.
  'bot-message': { open: 'deliver', closed: 'deliver', failed: 'refuse' },
  'agent-message': { open: 'deliver', closed: 'tell-agent', failed: 'tell-agent' },
  'agent-assigned': { open: 'deliver', closed: 'nothing', failed: 'nothing' },
  'ticket-closed': { open: 'end', closed: 'nothing', failed: 'nothing' },
  'ticket-reopened': { open: 'nothing', closed: 'tell-agent', failed: 'nothing' },
  stop: { open: 'end', closed: 'nothing', failed: 'nothing' },
}

export const meaningOf = (event: LifeEvent, status: Status): Meaning => MEANINGS[event][status]
