/** The sessions of the customers, with their tickets and messages. */
import type { SandboxTicket } from '../../providers/kit/sandbox'
import type { Customer, Play } from './play'

const ALIAS = 'desk'

/** The router's tags, as the local Botpress stores them. */
export const downstreamTags = {
  deskMessageId: `${ALIAS}:deskMessageId`,
  deskMessageIds: `${ALIAS}:deskMessageIds`,
  refused: `${ALIAS}:refused`,
  openedAt: `${ALIAS}:openedAt`,
}

type Message = ReturnType<Play['world']['botpress']['runtime']['store']['messagesOf']>[number]

export interface Session {
  customer: Customer
  desk: string
  /** Position among the desk's tickets. */
  index: number
  ticket: SandboxTicket
  /** The Botpress conversation between the plugin and the router. */
  conversationId: string
  downstream: readonly Message[]
  /** Whether the plugin considers it active. */
  isOpen: boolean
  openedAt: number
}

/** Every ticket of a customer, oldest first per desk. */
export const sessionsOf = (play: Play): Session[] => {
  const { store } = play.world.botpress.runtime
  const byConversation = new Map([...play.customers.values()].map((customer) => [customer.conversationId, customer]))
  return Object.entries(play.world.sandboxes).flatMap(([desk, sandbox]) =>
    sandbox.tickets().flatMap((ticket, index) => {
      const { conversationId = '' } = ticket
      const row = store.conversations.get(conversationId)
      const customer =
        byConversation.get(row?.tags['hitl#upstream'] ?? '') ??
        // Before the plugin has linked the two.
        [...play.customers.values()].find(
          (candidate) => play.world.botpress.bot.downstreamOf(candidate.conversationId) === conversationId
        )
      if (!row || !customer) return []
      return [
        {
          customer,
          desk,
          index,
          ticket,
          conversationId,
          downstream: store.messagesOf(conversationId),
          isOpen: play.world.botpress.bot.isActive(conversationId),
          openedAt: Date.parse(row.tags[downstreamTags.openedAt] ?? '') || row.createdAt,
        },
      ]
    })
  )
}
