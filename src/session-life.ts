/**
 * The life of a session, written once. `opening → open → closing → closed`, or `opening → failed`. Status is kept in a tag; this table says what each event means in each status.
 *
 * - opening: the desk is being asked; the plugin does not listen yet.
 * - open: a ticket exists and the bot has been told.
 * - closing: the end has been claimed by somebody (an agent's webhook or the bot); the last words go out.
 * - closed: it is over for the customer. A ticket that an agent reopens afterwards stays without a customer.
 * - failed: no desk took it.
 */
export const STATUSES = ['opening', 'open', 'closing', 'closed', 'failed'] as const
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
 * - hold: it goes to the other side as soon as the plugin listens (the runtime schedules it).
 * - tell-agent: it cannot reach the customer, the agent is told.
 * - refuse: it cannot reach the agent, the sender is told.
 * - end: the session ends, once.
 * - nothing: it has no meaning here.
 */
export type Meaning = 'deliver' | 'hold' | 'tell-agent' | 'refuse' | 'end' | 'nothing'

const MEANINGS: Record<LifeEvent, Record<Status, Meaning>> = {
  'customer-message': { opening: 'refuse', open: 'deliver', closing: 'refuse', closed: 'refuse', failed: 'refuse' },
  // The plugin's farewell overlaps its stop: the ticket still gets it.
  'bot-message': { opening: 'refuse', open: 'deliver', closing: 'deliver', closed: 'deliver', failed: 'refuse' },
  'agent-message': { opening: 'hold', open: 'deliver', closing: 'deliver', closed: 'tell-agent', failed: 'tell-agent' },
  'agent-assigned': { opening: 'hold', open: 'deliver', closing: 'nothing', closed: 'nothing', failed: 'nothing' },
  'ticket-closed': { opening: 'end', open: 'end', closing: 'end', closed: 'nothing', failed: 'nothing' },
  'ticket-reopened': {
    opening: 'nothing',
    open: 'nothing',
    closing: 'nothing',
    closed: 'tell-agent',
    failed: 'nothing',
  },
  stop: { opening: 'end', open: 'end', closing: 'end', closed: 'nothing', failed: 'nothing' },
}

export const meaningOf = (event: LifeEvent, status: Status): Meaning => MEANINGS[event][status]
