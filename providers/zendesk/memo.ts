import type { Ticket } from '../provider'

/**
 * What the ticket remembers as its memo: `<contact>><replacement>`, if its first contact had to be replaced when it was
 * opened. The core learns the replacement with the first message and then no longer needs it.
 */
export const writeMemo = (contactId: string, replacement: string): string => `${contactId}>${replacement}`

/** The contact behind the ticket. */
export const contactIn = ({ contactId, memo }: Ticket & { contactId?: string }): string => {
  const [replaced = '', replacement] = (memo ?? '').split('>')
  // Tickets opened by an earlier version have the replacement alone.
  if (replacement === undefined) return replaced || (contactId ?? '')
  return replaced === contactId ? replacement : (contactId ?? replacement)
}
