/** What vendors, Botpress and bot builders do beside the people's talk, by name. */

/** What vendors and agents do to a ticket, its contact, its address or a message. Desks that can't do it skip it. */
export const VENDOR_MOVES = [
  'contact-merged',
  'ticket-merged',
  'agent-leaves',
  'address-changes',
  'ticket-converted',
  'agent-deletes',
] as const
/** What Botpress forgets, by a bot builder's hand or by its retention. */
export const DELETIONS = ['customer-forgotten', 'agent-forgotten', 'conversation-forgotten'] as const

/**
 * - again: nothing has changed.
 * - order: the desks are asked in another order.
 * - disabled: a desk gets no new handoffs until the next save. Its open sessions go on.
 * - credentials: a desk's credentials are replaced by others of the same account.
 * - reinstalled: the integration has another webhook address.
 */
export const SAVES = ['again', 'order', 'disabled', 'credentials', 'reinstalled'] as const
