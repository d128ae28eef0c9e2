/**
 * THE CONTRACT between the core and a live-agent desk.
 *
 * A vendor has two halves. The static half, `Provider`, names the vendor and describes its configuration; the
 * definition imports it. The connected half, `Driver`, turns calls into requests to the vendor, and webhooks into
 * events.
 *
 * Rules for every driver:
 *
 * 1. A driver keeps no state. It returns what must be remembered, and the core stores it in tags of the Botpress
 *    conversation and user, and in one integration state. Any instance can serve any request. A driver may cache what
 *    it can fetch again.
 * 2. `connect` does no I/O and doesn't throw for a configuration that its schema accepts.
 * 3. A vendor's ids are opaque strings to everyone else. Codecs stay in the driver.
 * 4. A webhook is verified on its raw body before anything in it is read. The core calls `verifyWebhook` first.
 * 5. `parseWebhook` is pure and total. An unknown payload is a value (`ignored`), never an exception.
 * 6. A write with an unknown outcome is settled by reading, never by a blind retry. Only the driver knows what its
 *    vendor lets it look up. What can't be settled is thrown with `outcome: 'unknown'`.
 * 7. Every exception that leaves a driver is a `ProviderError`. Its message holds no credential and no customer text.
 * 8. An optional member is a capability. Where a vendor lacks it, it is absent, never present and throwing.
 */
import type { z } from '@botpress/sdk'
import type { Tools } from './kit/tools'

// --------------------------------------------------------------------------------------------------------- provider

/**
 * The schema of a desk's block in the configuration. Each field has a title and a description, credentials are
 * `.secret()`.
 */
export type ConfigSchema = z.ZodObject<z.ZodRawShape>

/** A vendor before credentials. Static and free of I/O, so that the definition can import it. */
export interface Provider<Schema extends ConfigSchema = ConfigSchema> {
  /** Registry key, webhook path segment and tag value: lower-case letters and dashes. Never changes once released. */
  readonly name: string
  /** What people call the desk, in Studio, errors and logs. */
  readonly title: string
  readonly config: Schema
  /**
   * Finds problems in a configuration that its schema accepts, such as two fields that exclude each other: one sentence
   * each. `field` is a key of `config`. Pure.
   */
  checkConfig?(config: z.infer<Schema>): ConfigProblem[]
  /**
   * The answer that makes this vendor deliver the same webhook again. (Zendesk retries after 409, but not after 500.)
   * The core gives it when an effect couldn't be achieved.
   */
  readonly retryReply: WebhookReply
  /** How long the vendor waits for the answer to a webhook, less a margin for the network, in milliseconds. */
  readonly answerWithinMs: number
  /**
   * Whether the vendor delivers a webhook again that wasn't answered with a 2xx. Where it delivers once, the core reads
   * the ticket after every event that it could not apply, with the next event or message of the session at the latest.
   */
  readonly redelivers: boolean
  /** Whether the driver's calls need what `subscribe` returned. Without it, the core reads it for webhooks alone. */
  readonly connectsWithSubscription?: true
  /** `subscription` is what `subscribe` returned at the last save, for a provider with `connectsWithSubscription`. */
  connect(config: z.infer<Schema>, tools: Tools, subscription?: Subscription): Driver
}

export interface ConfigProblem {
  field: string
  problem: string
  /**
   * The field is still to be filled in, after steps that the driver's `instructions` describe. A block with no other
   * problems can be saved; its desk takes no handoffs until then.
   */
  notReady?: true
}

/** Keeps the type of the schema while checking the shape. */
export const defineProvider = <Schema extends ConfigSchema>(provider: Provider<Schema>): Provider<Schema> => provider

// ----------------------------------------------------------------------------------------------------------- driver

/** A vendor with credentials. Stateless. */
export interface Driver {
  /**
   * Checks that the credentials work and suffice. Called when the configuration is saved. Resolves to the account.
   * Throws `unauthorized`, or `misconfigured` with a sentence that says what to change.
   */
  checkCredentials(): Promise<Account>

  /**
   * Opens a ticket. The ticket carries `request.conversationId`, from the first call on where the vendor allows it;
   * otherwise its customer and its time identify it (`TicketOrigin`). With `request.mayExist` an earlier attempt may
   * have succeeded, so the driver looks for that ticket first. An unknown outcome is settled by looking up the
   * conversation id.
   */
  openTicket(request: TicketRequest): Promise<OpenedTicket>

  /**
   * Appends one message to the ticket. With `author.type: 'bot'` the bot or the router speaks: agents see it, the
   * customer never does (an internal note, where the vendor has them), and it never returns as an event.
   *
   * Throws `ended` when the ticket takes no more messages. For any other error, `outcome` says what reached the desk:
   * `none` is nothing of this message; `unknown` is maybe all or part of it, and only an attempt with `mayExist` is
   * safe.
   */
  postMessage(ticket: Ticket, message: OutboundMessage): Promise<PostedMessage>

  /**
   * Solves the ticket, never destroys it. Closing a ticket that is closed or gone succeeds. The customer's last words
   * and the close are sent side by side, so a message that arrives with or after the close leaves the ticket solved.
   * The close may come back as a `ticket-closed` webhook; the core knows that the session has ended.
   */
  closeTicket(ticket: Ticket): Promise<void>

  /**
   * Whether this vendor signed the request with our secret. Compares in constant time and fails closed: a missing
   * secret or header, or a stale or future timestamp, is false. `subscription` is what `subscribe` returned, for a
   * vendor that makes the secret itself. A signature over the address uses `request.url`.
   */
  verifyWebhook(request: WebhookRequest, subscription: Subscription | undefined): boolean

  /** What a verified webhook means. Pure and total. */
  parseWebhook(request: WebhookRequest): ParsedWebhook

  // Capabilities
  // -----------------------------------------------------------------------------------------------------------------

  /** Answers a request that can't be signed, such as a HEAD that validates a URL. The answer is constant. */
  answerUnsigned?(request: { method: string; path: string }): WebhookReply | undefined

  /**
   * Finds or creates the customer at the desk. The core keeps the id on the Botpress user and returns it as
   * `contactId`.
   */
  ensureContact?(customer: Customer): Promise<string>

  /**
   * Reads what people did in the ticket after `cursor` (undefined: since its beginning), as `SessionEvent`s. Webhooks
   * arrive late, in duplicate and out of order; the core delivers agents' messages in the order of this reading.
   *
   * - It has every agent message after the cursor, in the order in which agents see them in the ticket.
   * - Ids and contents match the webhooks'. Edited messages have their current text. Deleted messages are left out.
   * - A message that a webhook has announced is in every reading that starts later. A vendor's replica may lag: then
   *   the message may be missing and the cursor may move past it, so the core also counts a pushed message that wasn't
   *   read.
   * - Reading has no effect. The same cursor gives the same messages with the same ids, followed by newer ones.
   *   Readings may run side by side, and the cursor may be older than what was delivered.
   * - The cursor moves only past what was returned, together with an event. Without an event it stays the same.
   * - Assigned, closed and reopened are states: the reading reports them as they are now, where they differ from the
   *   cursor. The end follows every message that was written before it. A desk that doesn't record ends in its tickets
   *   (Slack, where it is a button) reports them by webhook alone.
   * - A deleted ticket is `ticket-closed` with the reason `deleted`, not an exception. Anything else that can't be read
   *   is thrown: a partial reading is none.
   */
  catchUp?(ticket: Ticket, cursor: string | undefined): Promise<CaughtUp>

  /**
   * Reads from the desk whose ticket this is. The core asks when no session knows the ticket and `TicketKey.origin`
   * says that the router may have opened it: a handoff that gave up, or a crash, leaves such orphans. Undefined: the
   * ticket isn't ours, or is gone. Throws when it can't be read.
   */
  findOrigin?(ticketId: string): Promise<TicketOrigin | undefined>

  /**
   * Opens a file that an event names (`DeskFilePart.handle`), with the desk's credentials, which are sent to the
   * vendor's hosts only. The core hosts it anew, because the customer can't open it, or not for long.
   *
   * Throws `not-found` or `rejected` with `about: 'message'` when the file can't be had, now or later.
   */
  readFile?(handle: string): Promise<DeskFile>

  /**
   * Shows at an agent's message what became of it. `messageId` is the id of its event. Cosmetic, so it never throws;
   * what wasn't delivered is also told in a note.
   */
  reportFate?(ticket: Ticket, messageId: string, fate: MessageFate): Promise<void>

  /** Reads an agent's name and photo, for events that don't carry them. */
  describeAgent?(agentId: string): Promise<Agent>

  /**
   * Whether an agent is there who could answer: signed in, and not away. Undefined: that isn't known. Throws when it
   * can't be read.
   */
  agentsAvailable?(): Promise<boolean | undefined>

  /** Shows agents where the session stands, such as who claimed it. Cosmetic, so it never throws. */
  reflect?(ticket: Ticket, change: SessionChange): Promise<void>

  /**
   * Finds or creates the vendor's webhooks. Their name holds `installation`, so that two installations in one account
   * don't clash. Called at every save: whatever is right already stays as it is. Returns what `verifyWebhook` and
   * `connect` need. Throws `pending` while the vendor is still setting up.
   */
  subscribe?(target: SubscriptionTarget): Promise<Subscription>
  /** Removes what `subscribe` made for this installation, and nothing else. */
  unsubscribe?(target: SubscriptionTarget): Promise<void>

  /**
   * The steps for webhooks that people must set up by hand: URLs, topics or a manifest, ready to copy. Works with a
   * configuration that isn't complete yet.
   */
  instructions?(target: SubscriptionTarget): string

  /**
   * Looks at everything that handoffs need at this desk: credentials, permissions, the place of tickets, webhooks. It
   * reads only, and never throws: a failure is a finding. Without `installation` and `url` it tells what any router has
   * set up in the account; without `botId` it takes the bot that it finds there.
   */
  diagnose?(target: Partial<SubscriptionTarget>): Promise<Finding[]>
}

/**
 * What `diagnose` has found, for people.
 *
 * - `right`: as it should be.
 * - `look`: it works, but not as well as it could or not for ever; or the desk tells nobody, so people have to look.
 * - `wrong`: handoffs fail, or something of them gets lost.
 */
export interface Finding {
  state: 'right' | 'look' | 'wrong'
  /** What was looked at, in a word or two: “Credentials”. */
  about: string
  /** What is so, in a sentence without a full stop. */
  found: string
  /** What to do about it. Present unless everything is right. */
  advice?: string
}

/** The vendor's account behind the credentials. */
export interface Account {
  /**
   * Stable and unique among the vendor's accounts, whoever's credentials are used and whatever it is renamed to. A
   * ticket's id means something in this account only: the core never touches a ticket of another one.
   */
  id: string
  /** For the log: "acme.zendesk.com as Botpress". */
  description: string
  /**
   * The author id under which our own posts come back, where no person writes under it (a bot user). The core ignores
   * its messages, marked or not.
   */
  botId?: string
}

// ------------------------------------------------------------------------------------------------------ to the desk

/** Identifies a ticket. */
export interface Ticket {
  id: string
  /** Up to 400 characters that the driver wants back, such as a channel id. Opaque to the core. */
  memo?: string
  /** The session's Botpress conversation. */
  conversationId: string
  /** The customer's contact at this desk, for a driver with `ensureContact`. */
  contactId?: string
}

export interface OpenedTicket {
  id: string
  memo?: string
  /** Where `catchUp` starts, when the ticket's own opening must not come back as an event. */
  cursor?: string
  /** Opens the ticket in the desk's own interface. For people. */
  url?: string
  /** What of `options` and `customer` the desk didn't take: a sentence each, naming the field. For log and agents. */
  leftOut?: string[]
  /**
   * This desk's webhooks carry only the ticket's id, so the router couldn't match those that came before the id was
   * stored. The core calls `catchUp` once, when it is.
   */
  readBack?: boolean
}

export interface Customer {
  /** Botpress user id: stable, unique and safe as the vendor's external id. */
  id: string
  name: string
  /** A real address, or absent: the address that the plugin invents never gets here. */
  email?: string
  pictureUrl?: string
  /** As the channel or the session gives it, with its country code. */
  phone?: string
  /** BCP 47. */
  language?: string
  /** What else the session tells about the person, by name. At most 20, up to 200 characters each. */
  attributes?: Record<string, string>
  contactId?: string
}

export interface TicketRequest {
  /** The session's Botpress conversation. It identifies the handoff at every desk, over all retries. */
  conversationId: string
  botId: string
  title: string
  description?: string
  /** What the bot tells agents first, Markdown. */
  summary?: string
  /** The channel through which the customer writes ("WhatsApp"), for people. */
  channel?: string
  /** Opens the customer's conversation in Botpress. For agents. */
  conversationUrl?: string
  customer: Customer
  /** Oldest first, already shortened to what a ticket takes. */
  transcript: TranscriptEntry[]
  /** What routing or the session asks for. A driver maps what its vendor has and ignores the rest. */
  options: TicketOptions
  /** An earlier attempt may have opened the ticket: look before opening. */
  mayExist: boolean
}

export interface TicketOptions {
  /** Zendesk group id, Intercom team id or Slack channel id. */
  queue?: string
  /** The agent who gets the ticket: an id or an e-mail address at the desk. */
  assignee?: string
  /** Stands before the title. */
  subjectPrefix?: string
  /**
   * The desk's own fields by name or id. A field that the desk doesn't have, or a value that it refuses, is left out of
   * the ticket and named in `OpenedTicket.leftOut`; it never keeps a ticket from being opened.
   */
  fields?: Record<string, string>
  priority?: 'low' | 'normal' | 'high' | 'urgent'
  tags?: string[]
}

export interface TranscriptEntry {
  author: 'customer' | 'bot'
  /** Display name of the author. */
  name: string
  /** Milliseconds since the epoch, where the history tells it. */
  at?: number
  parts: MessagePart[]
}

/**
 * A piece of a message. The URL of a file opens without credentials: a driver brings the file to the desk
 * (`kit/files.ts`), or a titled link with the reason where it can't.
 *
 * A text is Markdown, unless its format is `plain`: then it is what a person typed, and each sign in it stands for
 * itself. Customers write plain text. So do agents, as far as they use no formatting.
 */
export type MessagePart =
  | { type: 'text'; text: string; format?: 'plain' }
  | { type: 'file'; kind: 'image' | 'audio' | 'video' | 'file'; url: string; title?: string }
  | { type: 'location'; latitude: number; longitude: number; title?: string; address?: string }

/**
 * A file of an agent that lies at the desk, behind its login or for a short time. The core reads it (`readFile`) and
 * hosts it anew before the message goes to the customer.
 */
export interface DeskFilePart {
  type: 'desk-file'
  /** Up to 1,000 characters, the same in the webhook and in every reading. Opaque to the core; no credential. */
  handle: string
  name?: string
  contentType?: string
  /** Bytes. */
  size?: number
}

/** A piece of an agent's message. */
export type AgentPart = MessagePart | DeskFilePart

/** A file while it is being read. */
export interface DeskFile {
  name: string
  contentType?: string
  /** Bytes, where the vendor says so. */
  size?: number
  bytes: AsyncIterable<Uint8Array>
}

export type MessageFate = { type: 'delivered' } | { type: 'failed'; why: string }

export interface OutboundMessage {
  /** Botpress message id, the same over retries. The driver marks the message with it where the vendor allows it. */
  id: string
  author: { type: 'customer'; customer: Customer } | { type: 'bot' }
  /** At least one, in order. */
  parts: MessagePart[]
  /** An earlier attempt may have succeeded: look before posting. */
  mayExist: boolean
  /** When it was written, in milliseconds since the epoch. With `mayExist`: no earlier attempt is older than this. */
  createdAt?: number
  /**
   * Ids at the desk (`PostedMessage.messageIds`) of other messages in this ticket. A driver that recognises its
   * messages by their text alone never takes one of these for this message: customers say “yes” twice.
   */
  others?: readonly string[]
}

/**
 * The vendor's ids of what was posted, at least one. The core keeps them on the Botpress message; they identify an
 * echo.
 */
export interface PostedMessage extends TicketChange {
  messageIds: string[]
}

/** What the driver found changed about the ticket. The core remembers it. */
export interface TicketChange {
  /** The contact behind the ticket, if it isn't `Ticket.contactId` any more: contacts are merged or made anew. */
  contactId?: string
  /**
   * Where the ticket is now, if its id has changed: a channel that was shared, a ticket that agents merged into another
   * one of the same customer. `cursor` is where its reading continues.
   */
  movedTo?: { id: string; memo?: string; cursor?: string }
}

export type SessionChange = { type: 'assigned'; agent: Agent } | { type: 'closed'; by: 'agent' | 'bot' }

// ---------------------------------------------------------------------------------------------------- from the desk

/** A request as Botpress passes it on: raw body, lower-case header names, query without its question mark. */
export interface WebhookRequest {
  method: string
  path: string
  query: string
  /** The public address as the vendor called it, where the platform tells it. */
  url?: string
  headers: Record<string, string | undefined>
  body: string
}

export interface WebhookReply {
  status: number
  headers?: Record<string, string>
  body?: string
}

export interface ParsedWebhook {
  events: SessionEvent[]
  /** Why some or all of the payload became no event. For the log, without customer text. */
  ignored?: string
  /** The answer that a handshake wants instead of a plain 200. */
  reply?: WebhookReply
}

/** Which session an event is about. */
export interface TicketKey {
  ticketId: string
  /** Our conversation id, where the webhook carries it: it finds the session without a search. */
  conversationId?: string
  /** The bot that the handoff was for, where the webhook carries it. */
  botId?: string
  /**
   * What the payload tells about where the ticket comes from, for a ticket that no session knows. Either way the core
   * asks `findOrigin`, unless `conversationId` answers it.
   *
   * - `recent`: the payload carries our mark, and the ticket is no older than a start can take. Its session may not be
   *   written down yet, so the vendor is asked to deliver again.
   * - `possible`: it looks like a ticket of ours, of any age.
   *
   * Absent: the router didn't open it.
   */
  origin?: 'recent' | 'possible'
}

/**
 * What a ticket says about the handoff that opened it: its conversation or, before that is on the ticket, its customer
 * and time. `botId`: the bot that it was for, if the ticket says so.
 */
export type TicketOrigin = { isSolved: boolean; botId?: string } & (
  | { conversationId: string }
  | {
      /** As in `Customer.id`. */
      customerId: string
      /** Milliseconds since the epoch, by the desk's clock. */
      openedAt: number
    }
)

export interface Agent {
  /** The vendor's id of the person. */
  id: string
  name?: string
  pictureUrl?: string
}

/**
 * What people did at the desk, in the order in which it is shown. The driver leaves out our own echoes, internal notes,
 * bots and the customer's own replies.
 */
export type SessionEvent =
  /** An agent wrote to the customer. `id` is the vendor's message id, the same in every redelivery and in `catchUp`. */
  | { type: 'message-posted'; ticket: TicketKey; id: string; agent: Agent; parts: AgentPart[]; undelivered?: string }
  /** An agent changed a message: `parts` are what it says now. `version` differs with each change. */
  | { type: 'message-edited'; ticket: TicketKey; id: string; version: string; agent: Agent; parts: AgentPart[] }
  /** An agent deleted a message. */
  | { type: 'message-removed'; ticket: TicketKey; id: string; agent?: Agent }
  /** An agent gives the conversation back to the bot, by the phrase of the configuration in an internal note. */
  | { type: 'handed-back'; ticket: TicketKey; id: string; agent: Agent }
  /** An agent took the ticket. With `ifUnassigned` only the first one counts (a claim button). */
  | { type: 'agent-assigned'; ticket: TicketKey; agent: Agent; ifUnassigned?: boolean }
  | { type: 'ticket-closed'; ticket: TicketKey; reason: 'solved' | 'deleted' | 'merged' }
  | { type: 'ticket-reopened'; ticket: TicketKey }
  /** A hint that something happened: `catchUp` tells what. Only from drivers that have it. */
  | { type: 'ticket-changed'; ticket: TicketKey }

export interface CaughtUp extends TicketChange {
  events: SessionEvent[]
  /** Where the next call continues. Unchanged when there was nothing new. */
  cursor: string | undefined
  /**
   * Ids of messages that agents have deleted, as far as the desk still lists them. A webhook that is older than the
   * reading may still announce one.
   */
  removed?: string[]
}

// ---------------------------------------------------------------------------------------------------- subscriptions

export interface SubscriptionTarget {
  /** This desk's webhook address: the installation's URL and the provider's name. */
  url: string
  /** Short, stable, unique per installation. Made to be part of a name. */
  installation: string
  /** The bot's id as the bot builder knows it, for names that people read. */
  botId: string
}

/** What the core stores for a driver between `subscribe` and `verifyWebhook`. Strings only; may hold a secret. */
export type Subscription = Record<string, string>
