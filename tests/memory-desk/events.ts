/** What the memory desk tells, in webhooks and in a ticket's log, as events. */
import { z } from '@botpress/sdk'
import type { AgentPart, SessionEvent, TicketKey } from '../../providers/provider'

export const entrySchema = z.object({
  kind: z.enum(['message', 'edited', 'removed', 'handed-back', 'assigned', 'closed', 'reopened']),
  id: z.string().nullish(),
  version: z.string().nullish(),
  text: z.string().nullish(),
  agent: z.object({ id: z.string(), name: z.string() }).nullish(),
  files: z.array(z.object({ id: z.string(), name: z.string(), type: z.string(), size: z.number() })).nullish(),
})

export const webhookSchema = entrySchema.extend({ ticket: z.string(), conversation: z.string().nullish() })

type Entry = z.infer<typeof entrySchema>

/** Empty: something that it needs is missing. */
export const eventOf = (ticket: TicketKey, entry: Entry): SessionEvent[] => {
  const { kind, id, version, agent } = entry
  if (kind === 'closed') return [{ type: 'ticket-closed', ticket, reason: 'solved' }]
  if (kind === 'reopened') return [{ type: 'ticket-reopened', ticket }]
  if (kind === 'removed') return id ? [{ type: 'message-removed', ticket, id, ...(agent ? { agent } : {}) }] : []
  if (!agent) return []
  if (kind === 'assigned') return [{ type: 'agent-assigned', ticket, agent }]
  if (!id) return []
  if (kind === 'handed-back') return [{ type: 'handed-back', ticket, id, agent }]
  const parts = _partsOf(entry)
  if (parts.length === 0) return []
  if (kind === 'message') return [{ type: 'message-posted', ticket, id, agent, parts }]
  return [{ type: 'message-edited', ticket, id, version: version ?? '', agent, parts }]
}

const _partsOf = ({ text, files }: Entry): AgentPart[] => [
  ...(text ? [{ type: 'text' as const, text }] : []),
  ...(files ?? []).map(({ id, name, type, size }) => ({
    type: 'desk-file' as const,
    handle: id,
    name,
    contentType: type,
    size,
  })),
]
