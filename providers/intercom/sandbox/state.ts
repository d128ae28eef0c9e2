/** The sandbox's workspace. */
import { randomBytes, randomUUID } from 'node:crypto'
import { escapeHtml } from '../../kit/markdown-to-html'
import type { SandboxAgent } from '../../kit/sandbox'
import { createFiles, type StoredAttachment } from './files'

export interface StoredContact {
  id: string
  externalId: string | null
  email: string | null
  name: string | null
  avatar: string | null
  phone: string | null
  role: string
  archived: boolean
  /** Merged into another contact or deleted for good: the API no longer finds it. */
  isGone: boolean
  isBlocked: boolean
  createdAt: number
}

export interface StoredPart {
  id: string
  partType: string
  body: string | null
  createdAt: number
  author: { type: string; id: string; name: string | null; email: string | null }
  assignedTo: { type: string; id: string } | null
  attachments: StoredAttachment[]
  redacted: boolean
  /** Options of a quick reply. */
  options: string[]
  /** The ticket's state after this part. */
  ticketState?: string
}

export interface StoredConversation {
  id: string
  sourceId: string
  contactId: string
  /** Participants beside the contact. */
  otherContactIds: string[]
  body: string
  title: string | null
  state: 'open' | 'closed'
  createdAt: number
  updatedAt: number
  adminAssignee: string | null
  teamAssignee: string | null
  tags: { id: string; name: string }[]
  customAttributes: Record<string, unknown>
  parts: StoredPart[]
  isDeleted: boolean
  /** Set once an agent has converted the conversation to a ticket. */
  ticketState: string | null
  linkedIds: string[]
}

export const WORKSPACE = {
  id_code: 'sbx1nter',
  name: 'Acme',
  region: 'US',
  timezone: 'America/Los_Angeles',
  created_at: 1_671_465_577,
}
export const TEAMS = ['5017691', '5017692']
/** The teammate who owns the access token. */
export const OWNER: SandboxAgent = { id: '991267000', name: 'Olga Owner', email: 'olga@acme.example' }
export const AGENTS: SandboxAgent[] = [
  {
    id: '991267001',
    name: 'Ada Agent',
    email: 'ada@acme.example',
    pictureUrl: 'https://static.intercomassets.com/avatars/ada.png',
  },
  { id: '991267002', name: 'Ben Agent', email: 'ben@acme.example' },
]
/** The attributes that conversations may have. */
export const ATTRIBUTES = [
  { name: 'Order number', data_type: 'string', api_writable: true },
  { name: 'Items', data_type: 'integer', api_writable: true },
  { name: 'Paid', data_type: 'boolean', api_writable: true },
  { name: 'Ordered on', data_type: 'date', api_writable: true },
  { name: 'Reason', data_type: 'string', options: ['Late', 'Lost'], api_writable: true },
  { name: 'CX Score rating', data_type: 'integer', api_writable: false },
]
export const TICKET_TYPES = ['53']
export const BOT = { type: 'bot', id: '991267999', name: 'Fin', email: 'operator+sbx1nter@intercom.io' }

export const createState = (now: () => number) => {
  let ids = 403_918_300
  const contacts: StoredContact[] = []
  const conversations: StoredConversation[] = []
  const tags: { id: string; name: string }[] = []
  const removedAdmins = new Set<string>()
  /** Lists that the app has no permission to read. */
  const forbidden = new Set<string>()
  // The owner of the token answers nobody.
  const awayAdmins = new Set<string>([OWNER.id])
  const seconds = (): number => Math.floor(now() / 1_000)
  const nextId = (): string => String((ids += 1))

  return {
    files: createFiles(seconds),
    contacts,
    conversations,
    tags,
    forbidden,
    seconds,
    nextId,
    requestId: () => randomUUID(),
    /** Teammates who have not left. */
    admins: () => [OWNER, ...AGENTS].filter(({ id }) => !removedAdmins.has(id)),
    admin: (id: string) => [OWNER, ...AGENTS].find((candidate) => candidate.id === id && !removedAdmins.has(id)),
    removeAdmin: (id: string) => removedAdmins.add(id),
    isAway: (id: string) => awayAdmins.has(id),
    setAway: (id: string, isAway: boolean) => (isAway ? awayAdmins.add(id) : awayAdmins.delete(id)),
    conversation: (id: string) => conversations.find((candidate) => candidate.id === id && !candidate.isDeleted),
    contact: (id: string) => contacts.find(({ id: own, archived, isGone }) => own === id && !archived && !isGone),
    addContact: (contact: Partial<StoredContact>): StoredContact => {
      const added: StoredContact = {
        id: randomBytes(12).toString('hex'),
        externalId: null,
        email: null,
        name: null,
        avatar: null,
        phone: null,
        role: 'user',
        archived: false,
        isGone: false,
        isBlocked: false,
        createdAt: seconds(),
        ...contact,
      }
      contacts.push(added)
      return added
    },
    addConversation: (contactId: string, text: string): StoredConversation => {
      const added: StoredConversation = {
        id: nextId(),
        sourceId: nextId(),
        contactId,
        otherContactIds: [],
        body: textAsHtml(text),
        title: null,
        state: 'open',
        createdAt: seconds(),
        updatedAt: seconds(),
        adminAssignee: null,
        teamAssignee: null,
        tags: [],
        customAttributes: {},
        parts: [],
        isDeleted: false,
        ticketState: null,
        linkedIds: [],
      }
      conversations.push(added)
      return added
    },
    addPart: (
      conversation: StoredConversation,
      part: Pick<StoredPart, 'partType' | 'author'> & Partial<StoredPart>
    ): StoredPart => {
      const added: StoredPart = {
        id: nextId(),
        body: null,
        createdAt: seconds(),
        assignedTo: null,
        attachments: [],
        redacted: false,
        options: [],
        ...part,
      }
      conversation.parts.push(added)
      conversation.updatedAt = seconds()
      return added
    },
  }
}

export type State = ReturnType<typeof createState>

export const textAsHtml = (text: string): string => `<p>${escapeHtml(text).replaceAll('\n', '<br>')}</p>`

export const authorOfAdmin = (admin: SandboxAgent): StoredPart['author'] => ({
  type: 'admin',
  id: admin.id,
  name: admin.name,
  email: admin.email,
})

export const authorOfContact = (contact: StoredContact): StoredPart['author'] => ({
  type: contact.role === 'lead' ? 'lead' : 'user',
  id: contact.id,
  name: contact.name,
  email: contact.email ?? '',
})
