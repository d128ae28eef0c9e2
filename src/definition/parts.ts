/**
 * The plain parts of the definition: integration.definition.ts puts them together, bp.ts infers the types of the
 * implementation from them.
 */
import { z } from '@botpress/sdk'
import type * as registered from '../../providers'
import { messagesSchema } from './messages'
import { contactTag, providerNames, providers } from './registry'
import { deskFields, routingSchema } from '../routing/config'

/**
 * A field as Studio shows it: never required, and without a pattern. Studio sends "" for a text that was left empty,
 * and only the router's own check names what is wrong.
 */
const _asShown = (field: z.ZodTypeAny): z.ZodTypeAny => {
  // Alone, an optional field is a union.
  const { properties } = z.object({ field }).toJSONSchema() as { properties?: { field?: Shown } }
  const json = properties?.field ?? {}
  const { title = '', secret } = json['x-zui'] ?? {}
  if (json.type !== 'string' || json.enum) return field.isOptional() ? field : field.optional()
  const text = secret ? z.string().secret() : z.string()
  const shown = json.default === undefined ? text.optional() : text.default(json.default)
  return shown.title(title).describe(json.description ?? '')
}

interface Shown {
  type?: string
  enum?: string[]
  default?: string
  description?: string
  'x-zui'?: { title?: string; secret?: boolean }
}

/** A desk's block: the switch, what the vendor needs, and what is special about the desk in routing. */
const _deskSchema = (name: string) => {
  const { title = name, config } = providers[name] ?? {}
  const connection = Object.entries(config?.shape ?? {}).map(([field, schema]) => [field, _asShown(schema)] as const)
  return z
    .object({
      enabled: z.boolean().default(true).title('Enabled').describe('Off: no new handoffs.'),
      ...Object.fromEntries(connection),
      ...deskFields(),
    })
    .optional()
    .title(title)
    .describe('Empty: not used.')
}

type DeskSchemas = {
  [Name in keyof typeof registered]: z.ZodOptional<(typeof registered)[Name]['config']>
}

const titles = providerNames.map((name) => providers[name]?.title ?? name) as [string, ...string[]]

export const configuration = {
  schema: z.object({
    ...(Object.fromEntries(providerNames.map((name) => [name, _deskSchema(name)])) as unknown as DeskSchemas),
    routing: routingSchema(titles).optional().title('Routing').describe('Which desk takes the next handoff.'),
    messages: messagesSchema().optional().title('Messages').describe('What each side sees of the other.'),
  }),
}

const _values = (title: string, description: string) =>
  z
    .record(z.union([z.string(), z.number(), z.boolean()]))
    .optional()
    .title(title)
    .describe(description)

/** What a bot may say about one handoff: the hitlSession field of the Start HITL card. */
export const hitlSession = {
  title: 'HITL session',
  description: 'What the bot may ask for in one handoff; everything is optional',
  schema: z.object({
    provider: z
      .string()
      .optional()
      .title('Desk')
      .describe(`The desk wanted: ${providerNames.join(', ')}.`),
    strict: z
      .boolean()
      .optional()
      .title('Only this desk')
      .describe('Fail instead of falling back when the desk cannot take it.'),
    language: z.string().optional().title('Language').describe('Language of the customer, such as fr or pt-BR.'),
    priority: z
      .enum(['low', 'normal', 'high', 'urgent'])
      .optional()
      .title('Priority')
      .describe('Priority of the ticket.'),
    queue: z.string().optional().title('Queue').describe('Group, team or channel id at the desk.'),
    tags: z.array(z.string()).optional().title('Tags').describe('Tags for routing rules and for the ticket.'),
    nobodyThere: z
      .enum(['refuse', 'open-anyway', 'after-hours'])
      .optional()
      .title('When nobody is there')
      .describe('What happens when no desk can take the handoff now.'),
    assignee: z.string().optional().title('Assignee').describe('Id or e-mail address of an agent at the desk.'),
    subjectPrefix: z.string().optional().title('Subject prefix').describe('Stands before the title of the ticket.'),
    fields: _values('Fields', 'The desk’s own fields by name or id, such as {"360012345": "gold", "brand": "Acme"}.'),
    summary: z.string().optional().title('Summary').describe('What agents read first, in Markdown.'),
    transcriptMessages: z
      .number()
      .optional()
      .title('Messages in the transcript')
      .describe('Only the last ones, so many. 0: no transcript.'),
    email: z.string().optional().title('Customer e-mail').describe('Address of the customer, for the desk.'),
    name: z.string().optional().title('Customer name').describe('Name of the customer, for the desk.'),
    phone: z.string().optional().title('Customer phone').describe('With its country code: +33 1 23 45 67 89.'),
    pictureUrl: z.string().optional().title('Customer picture').describe('Address of a photo of the customer.'),
    channel: z.string().optional().title('Channel').describe('Where the customer writes, such as WhatsApp.'),
    conversationUrl: z
      .string()
      .optional()
      .title('Conversation link')
      .describe('Opens the customer’s conversation, for agents.'),
    attributes: _values('Attributes', 'What else agents should know about the customer, such as {"plan": "gold"}.'),
    idleMinutes: z
      .number()
      .optional()
      .title('Idle minutes')
      .describe('End idle sessions ends this session after so long without a message.'),
  }),
}

export const entities = { hitlSession }

/** What the holder of a lock is about to do (src/session/lock.ts). */
export const operation = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('announce'),
    agentId: z.string().title('Agent').describe('Id of the agent at the desk.'),
    userId: z.string().title('User').describe('Botpress user of the agent.'),
    deskMessageId: z.string().optional().title('Message').describe('The message that announces its author.'),
  }),
  z.object({ kind: z.literal('end') }),
  z.object({
    kind: z.literal('open'),
    provider: z.string().optional().title('Desk').describe('The desk that is asked for a ticket.'),
    turn: z.number().optional().title('Turn').describe('Turn of the rotation that the session has claimed.'),
    failed: z.boolean().optional().title('Failed').describe('Whether the start has ended without a ticket.'),
  }),
  z.object({ kind: z.literal('post') }),
])

/** A lock with a lease (src/session/lock.ts). */
export const lockState = z.object({
  holder: z.string().title('Holder').describe('Random id of the caller that holds the lock.'),
  at: z.number().title('Since').describe('When the lease began, in milliseconds since the epoch.'),
  isReleased: z.boolean().optional().title('Released').describe('Whether the next caller need not wait.'),
  releasedBy: z
    .string()
    .optional()
    .title('Released by')
    .describe('The same, if it is the holder’s id: it releases nobody else’s lock.'),
  operation: operation.optional().title('Operation').describe('What the holder is about to do.'),
  inDoubt: z.array(operation).optional().title('In doubt').describe('What earlier holders may have done.'),
})

export const states = {
  /**
   * One per installation: what drivers want back for verifying webhooks, where the rotations are, the health of desks.
   */
  installation: {
    type: 'integration' as const,
    schema: z.object({
      version: z.literal(1).title('Version').describe('Version of this shape.'),
      subscriptions: z
        .record(z.record(z.string()))
        .title('Subscriptions')
        .describe('What each desk needs to verify webhooks.'),
      tails: z
        .record(z.string())
        .optional()
        .title('Rotations')
        .describe('Newest known turn of each rotation and who holds it.'),
      accounts: z
        .record(
          z.object({
            id: z.string().title('Account').describe('Id of the account at the desk.'),
            credentials: z.string().title('Credentials').describe('Hash of the configuration that was checked.'),
            botId: z.string().optional().title('Bot').describe('Author id of what the router posts there.'),
          })
        )
        .optional()
        .title('Accounts')
        .describe('The account behind the saved credentials of each desk.'),
      places: z
        .record(z.number())
        .optional()
        .title('Places')
        .describe('How many places each desk with a limit has had at most.'),
      pending: z
        .record(z.string())
        .optional()
        .title('Pending')
        .describe('Webhook address of each desk that the vendor is still setting up.'),
      webhookUrl: z.string().optional().title('Webhook address').describe('As the last save gave it.'),
      health: z.record(z.string()).optional().title('Health').describe('Circuit breaker of each desk.'),
    }),
  },
  /** Makes a repeated or overlapping start open one session. It stays when the session is open. */
  opening: { type: 'conversation' as const, schema: lockState },
  /** The turn after this session's turn in the rotation, claimed by another session. */
  successor: {
    type: 'conversation' as const,
    schema: z.object({
      conversationId: z.string().title('Session').describe('The session that holds the next turn.'),
      turn: z.number().title('Turn').describe('Number of the next turn.'),
      until: z
        .number()
        .optional()
        .title('Until')
        .describe('How long a place is held without a session, in milliseconds since the epoch.'),
    }),
  },
  /** Protects what the bot may be told only once. */
  toBot: { type: 'conversation' as const, schema: lockState },
  /** Protects what may be posted to the ticket only once. */
  toDesk: { type: 'conversation' as const, schema: lockState },
}

export const user = {
  tags: {
    email: {
      title: 'E-mail',
      description: 'E-mail address of the customer, or the stand-in that the HITL plugin makes',
    },
    agent: { title: 'Agent', description: 'Desk and id of a live agent' },
    lastDesk: { title: 'Last desk', description: 'The desk of the customer’s last session' },
    lastDeskAt: { title: 'Last session', description: 'When that session began, ISO 8601' },
    ...(Object.fromEntries(
      providerNames.map((name) => [
        contactTag(name),
        {
          title: `${providers[name]?.title ?? name} contact`,
          description: `Id of the customer at ${providers[name]?.title ?? name}`,
        },
      ])
    ) as Record<string, { title: string; description: string }>),
  },
}

export const hitlChannel = {
  title: 'HITL',
  description: 'A session between a customer and live agents of one desk',
  conversation: {
    tags: {
      provider: { title: 'Desk', description: 'The desk that owns the session' },
      ticketId: { title: 'Ticket', description: 'Id of the ticket at the desk' },
      account: { title: 'Account', description: 'Id of the account at the desk in which the ticket is' },
      ticketMemo: { title: 'Ticket memo', description: 'What the desk’s driver keeps with the ticket' },
      ticketUrl: { title: 'Ticket link', description: 'Opens the ticket in the desk' },
      contactId: { title: 'Contact', description: 'Id of the customer at the desk' },
      customerId: { title: 'Customer', description: 'Botpress user of the customer' },
      about: { title: 'About', description: 'The customer’s language, idle minutes, and why the session ended' },
      customerName: { title: 'Customer name', description: 'Name under which the customer writes' },
      status: { title: 'Status', description: 'open or closed' },
      openedAt: { title: 'Opened', description: 'When the session was opened, ISO 8601' },
      endingAt: {
        title: 'Ending',
        description: 'When an agent’s end began that is not finished, ISO 8601; empty once it is',
      },
      agentEndedAt: { title: 'Ended by an agent', description: 'When an agent ended the session, ISO 8601' },
      botEndedAt: { title: 'Ended by the bot', description: 'When the bot ended the session, ISO 8601' },
      unsolved: {
        title: 'Unsolved',
        description: 'yes: the bot has ended the session, and its ticket is not solved yet',
      },
      agents: { title: 'Agents', description: 'Announced agents, newest last: id at the desk and moment' },
      cursor: { title: 'Cursor', description: 'Where the ticket has been read up to, a few messages behind' },
      scheduled: {
        title: 'Scheduled',
        description: 'Messages that are scheduled for the bot: a short hash and the milliseconds since the start',
      },
      waiting: { title: 'Waiting', description: 'yes: messages of the bot’s side wait for the desk' },
      settledAt: {
        title: 'Settled',
        description: 'Messages of the bot’s side that are older than this do not wait, ISO 8601',
      },
      told: { title: 'Told', description: 'Notes that agents got within the last minute: their ids and moments' },
      handoff: { title: 'Handoff', description: 'Recognises a repeated start of the same handoff' },
      repeats: { title: 'Repeats', description: 'How often the start was repeated, and when last' },
      claim: {
        title: 'Claim',
        description: 'Marks a helper conversation: a rotation begins there, a lock goes on there, or it is a place',
      },
      toBotNext: { title: 'Lock to the bot', description: 'The helper conversation that this lock has moved to' },
      toDeskNext: { title: 'Lock to the desk', description: 'The helper conversation that this lock has moved to' },
      place: {
        title: 'Place',
        description: 'The place that the session holds at its desk, or the session that holds it',
      },
      reason: { title: 'Reason', description: 'Why this desk was chosen' },
    },
  },
  message: {
    tags: {
      deskMessageId: { title: 'Desk message', description: 'Id of an agent’s message at the desk' },
      cursor: {
        title: 'Cursor',
        description:
          'Where the ticket is read on when this is the newest agent’s message; only on messages that were read',
      },
      delayMs: {
        title: 'Delay',
        description: 'Milliseconds after its creation at which a scheduled message reaches the bot',
      },
      deskMessageIds: { title: 'Desk messages', description: 'Ids that this message has at the desk' },
      sentAs: { title: 'Sent as', description: 'Id of the last of the messages that go to the desk as one' },
      refused: { title: 'Refused', description: 'Why the desk will never take this message' },
    },
  },
}
