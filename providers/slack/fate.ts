import { isProviderError } from '../errors'
import type { MessageFate, Ticket } from '../provider'
import type { App } from './app'
import { idToAddress } from './ids'
import { presentId } from './memory'

const SIGNS: Record<MessageFate['type'], string> = { delivered: 'incoming_envelope', failed: 'warning' }

/** Marks an agent's reply with a reaction. Never throws: the scope for it is optional. */
export const reportFate = async (app: App, ticket: Ticket, id: string, fate: MessageFate): Promise<void> => {
  const { api, memory, tools } = app
  const ts = id.slice(id.indexOf(':') + 1)
  if (!/^\d+\.\d+$/.test(ts)) return
  try {
    const { channel } = idToAddress(ticket.id)
    await api.react({ channel: presentId(memory, channel), ts }, SIGNS[fate.type])
  } catch (error) {
    // It has the reaction already, or may not have one.
    tools.log.debug('A reply could not be marked', { error: isProviderError(error) ? error.message : 'unknown' })
  }
}
