/** Conversations as tests and people see them. */
import { htmlToText } from '../../kit/html-to-markdown'
import type { SandboxEntry, SandboxTicket } from '../../kit/sandbox'
import type { State, StoredConversation, StoredPart } from './state'

export const ticketOf = ({ contacts }: State, conversation: StoredConversation): SandboxTicket => {
  const contact = contacts.find((candidate) => candidate.id === conversation.contactId)
  const customer = [contact?.name, contact?.email && `<${contact.email}>`].filter(Boolean).join(' ') || 'Unknown'
  const reference = conversation.parts
    .filter((part) => part.partType === 'note')
    .map((part) => /Handoff reference: (\S+)/.exec(htmlToText(part.body ?? ''))?.[1])
    .find(Boolean)
  const status = conversation.isDeleted ? 'deleted' : conversation.state === 'closed' ? 'solved' : 'open'
  const opening: SandboxEntry = {
    id: conversation.sourceId,
    kind: 'customer',
    author: contact?.name ?? 'Unknown',
    text: htmlToText(conversation.body),
    at: conversation.createdAt * 1_000,
  }
  return {
    id: conversation.id,
    title: conversation.title ?? '',
    status,
    customer,
    ...(conversation.adminAssignee === null ? {} : { assignee: conversation.adminAssignee }),
    ...(reference === undefined ? {} : { conversationId: reference }),
    tags: conversation.tags.map((tag) => tag.name),
    fields: Object.fromEntries(
      Object.entries(conversation.customAttributes).map(([name, value]) => [name, String(value)])
    ),
    entries: [opening, ...conversation.parts.filter(({ redacted }) => !redacted).map(_entryOf)],
  }
}

const _entryOf = (part: StoredPart): SandboxEntry => {
  const files = part.attachments.map((attachment) => `${attachment.name}: ${attachment.url}`)
  const text = [htmlToText(part.body ?? ''), ...files].filter(Boolean).join('\n')
  const assignee = part.assignedTo ? `${part.assignedTo.type} ${part.assignedTo.id}` : 'nobody'
  return {
    id: part.id,
    kind: _kindOf(part, text),
    author: part.author.name ?? part.author.type,
    ...(part.attachments.length === 0 ? {} : { files: part.attachments.map(_fileOf) }),
    text: text || (part.partType.startsWith('assign') ? `assigned to ${assignee}` : part.partType),
    at: part.createdAt * 1_000,
  }
}

const _fileOf = ({ name, contentType, bytes }: StoredPart['attachments'][number]) => ({
  name,
  contentType,
  bytes: bytes ?? Buffer.alloc(0),
})

const _kindOf = (part: StoredPart, text: string): SandboxEntry['kind'] => {
  if (part.partType === 'note') return 'note'
  if (!text) return 'system'
  if (part.author.type === 'admin') return 'agent'
  return part.author.type === 'bot' ? 'system' : 'customer'
}
