/**
 * THE CONTRACT between the core and a live-agent desk.
 *
 * A vendor has two halves. The static half, `Provider`, is imported by integration.definition.ts: it names the vendor and
 * describes its configuration. The connected half, `Driver`, turns calls into vendor HTTP and vendor webhooks into events.
 *
 * Rules that hold for every driver:
 *
 * 1. A driver keeps no state. What must be remembered it returns, and the core keeps it (tags of the Botpress conversation and
 *    user, one integration state). Any instance can serve any request. An instance may cache what can be fetched again.
 * 2. `connect` does no I/O and does not throw for a configuration that its schema accepts.
 * 3. Ids of a vendor are opaque strings to everyone else. Codecs stay in the driver.
 * 4. A webhook is verified on its raw body before anything in it is read. The core calls `verifyWebhook`; a driver cannot be
 *    reached around it.
 * 5. `parseWebhook` is pure and total: an unknown payload is a value (`ignored`), never an exception.
 * 6. A write whose outcome is unknown is settled by reading, never by repeating blindly. That happens inside the driver, which
 *    knows what its vendor lets it look up; what cannot be settled is thrown with `outcome: 'unknown'`.
 * 7. Whatever leaves a driver as an exception is a `ProviderError`. No credential and no customer text in messages or logs.
 * 8. An optional member is a capability. It is absent where a vendor lacks it, never present and throwing.
 */
import type { z } from '@botpress/sdk'
import type { Tools } from './kit/tools'

// -------------------------------------------------------------------------------------------------------------- provider

/** The schema of a desk's block in the configuration. Each field has a title and a description, each credential is `.secret()`. */
export type ConfigSchema = z.ZodObject<z.ZodRawShape>

/** A vendor, before credentials. Static, free of I/O: safe to import from the definition. */
export interface Provider<Schema extends ConfigSchema = ConfigSchema> {
  /** Registry key, webhook path segment, tag value. Lower case letters and dashes; never changes once released. */
  readonly name: string
  /** As people call the desk: in Studio, in errors, in logs. */
  readonly title: string
  readonly config: Schema
  /**
   * What is wrong with a configuration that its schema accepts (two fields that exclude each other …), one sentence each.
   * `field` is the key in `config`. Pure.
   */
  checkConfig?(config: z.infer<Schema>): ConfigProblem[]
  /**
   * The answer that makes this vendor deliver the same webhook again (Zendesk repeats a 409 but not a 500).
   * The core gives it when an effect could not be had.
   */
  readonly retryReply: WebhookReply
  /** How long this vendor waits for the answer to a webhook, in milliseconds, with a margin for the way. After that `retryReply` is given. */
  readonly answerWithinMs: number
  connect(config: z.infer<Schema>, tools: Tools): Driver
}

export interface ConfigProblem {
  field: string
  problem: string
}

/** Keeps the schema's type while checking the shape. */
export const defineProvider = <Schema extends ConfigSchema>(provider: Provider<Schema>): Provider<Schema> => provider

// ---------------------------------------------------------------------------------------------------------------- driver

/** A vendor, with credentials. Stateless. */
export interface Driver {
  /**
   * Checks that the credentials work and suffice, called when the configuration is saved. Resolves to who we are there, for the log
   * ("acme.zendesk.com as Botpress"). Throws `unauthorized`, or `misconfigured` with a sentence that says what to change.
   */
  checkCredentials(): Promise<string>

  /**
   * Opens a ticket that carries `request.conversationId`, from the first call on where the vendor lets it, else its customer and the moment (`TicketOrigin`). Called once per handoff and desk; with
   * `request.mayExist` when an earlier attempt may have got through: then it looks first and returns what is there.
   * An unknown outcome is settled by looking `request.conversationId` up.
   */
  openTicket(request: TicketRequest): Promise<OpenedTicket>

  /**
   * Appends one message to the ticket. `author.type: 'bot'` is the bot or the router speaking: agents see it, the customer never does
   * (an internal note where the vendor has them), and it never comes back as an event.
   * Throws `ended` when the ticket takes no more messages. Of any other error `outcome` says what is at the desk: `none`, nothing of this message; `unknown`, perhaps all or part of it, and only an
   * attempt with `mayExist` is safe.
   */
  postMessage(ticket: Ticket, message: OutboundMessage): Promise<PostedMessage>

  /**
   * Solves the ticket (never destroys it). Closing one that is closed or gone succeeds. A message of ours that arrives after it, or at the same moment, leaves the ticket solved: last words and the
   * end are sent side by side.
   * The webhook that our own close causes may come back as `ticket-closed`; the core knows that the session has ended.
   */
  closeTicket(ticket: Ticket): Promise<void>

  /**
   * Whether the request was signed by this vendor with our secret. Constant time, fail closed: no secret, no header, a stale or future
   * timestamp: false. `subscription` is what `subscribe` returned, for a vendor that makes the secret itself.
   */
  verifyWebhook(request: WebhookRequest, subscription: Subscription | undefined): boolean

  /** What a verified webhook means. Pure and total. */
  parseWebhook(request: WebhookRequest): ParsedWebhook

  // Capabilities ---------------------------------------------------------------------------------------------------------

  /**
   * Answers a request that cannot be signed and asks for nothing (Intercom validates a URL by HEAD). Sees method and path only; anything but a
   * constant answer is out of place here.
   */
  answerUnsigned?(request: { method: string; path: string }): WebhookReply | undefined

  /** Finds or makes the person at the desk. The id is kept on the Botpress user, one tag per vendor, and comes back in `customer.contactId`. */
  ensureContact?(customer: Customer): Promise<string>

  /**
   * Reads what happened in the ticket after `cursor` (undefined: since the ticket's beginning): people's doings only, as in `SessionEvent`. Webhooks come late, twice and in any order; the core shows
   * agents' messages in the order of this reading.
   *
   * - Every message of an agent after the cursor is in it, whoever of them wrote it, in the desk's own order: the order in which agents see them in the ticket.
   * - Their ids and contents are those that the webhook tells. What was edited since is told as it is now; what was deleted since is left out.
   * - A message that a webhook has announced is in every reading that begins after it. No vendor promises that all its copies agree at once: where one lags, the message may be missing and the cursor may
   *   move past it. Then the webhook is all there is of it, so what is pushed and was not read counts.
   * - Reading has no effect and can be repeated, also side by side: the same cursor gives the same messages under the same ids, and behind them what came since. The cursor may be older than
   *   what has been delivered.
   * - The cursor moves only past what was returned, together with an event; unchanged, when there is none.
   * - Assigned, closed and reopened are states: told as they are at the moment of reading where they differ from what the cursor knows. The end comes behind every message that was written before it. A
   *   desk that knows an end only as a button pressed (Slack) tells it by webhook alone.
   * - A ticket that is gone is `ticket-closed` with the reason `deleted`, and no exception. What cannot be read is thrown: part of a reading is none.
   */
  catchUp?(ticket: Ticket, cursor: string | undefined): Promise<CaughtUp>

  /**
   * Whose ticket this is, read from the desk: for a ticket that no session knows, when a webhook says that it may be ours and not whose (`TicketKey.origin`). A start that gave up without knowing whether it had opened a ticket
   * leaves such a one. Undefined: it is not ours, or gone. What cannot be read is thrown.
   */
  findOrigin?(ticketId: string): Promise<TicketOrigin | undefined>

  /** Name and photo of an agent whose event did not carry them. */
  describeAgent?(agentId: string): Promise<Agent>

  /** Shows agents where the session stands (a header that says who claimed it). Never throws for what is only cosmetic. */
  reflect?(ticket: Ticket, change: SessionChange): Promise<void>

  /**
   * Finds or creates the vendor's webhooks, named so that two installations in one account do not clash (`installation`). Called at every save:
   * what is right already is left alone. Returns what `verifyWebhook` needs.
   */
  subscribe?(target: SubscriptionTarget): Promise<Subscription>
  /** Removes what `subscribe` made for this installation, and nothing else. */
  unsubscribe?(target: SubscriptionTarget): Promise<void>

  /** For a vendor whose webhooks are pasted by hand: the steps, URLs, topics or manifest, ready to copy. */
  instructions?(target: SubscriptionTarget): string
}

// --------------------------------------------------------------------------------------------------------------- to the desk

/** What identifies a ticket. `memo` is up to 400 characters that the driver wants back (a channel id); opaque to the core. */
export interface Ticket {
  id: string
  memo?: string
  /** Botpress conversation of the session. */
  conversationId: string
  /** The customer's contact at this desk, for a driver with `ensureContact`. */
  contactId?: string
}

export interface OpenedTicket {
  id: string
  memo?: string
  /** Where `catchUp` starts, when the ticket's own opening must not come back as news. */
  cursor?: string
  /** For people: opens the ticket in the desk's own interface. */
  url?: string
  /**
   * This desk's webhooks name nothing but the ticket, so what happened before its id was written down went by unheard: the core calls `catchUp`
   * once when it is.
   */
  readBack?: boolean
}

export interface Customer {
  /** Botpress user id: stable, unique, safe as the vendor's external id. */
  id: string
  name: string
  /** A real address, or absent: the address that the plugin invents never gets here. */
  email?: string
  pictureUrl?: string
  contactId?: string
}

export interface TicketRequest {
  /** Botpress conversation of the session: the handoff's identity at every desk, the same over retries. */
  conversationId: string
  botId: string
  title: string
  description?: string
  customer: Customer
  /** Oldest first, already shortened to what a ticket takes. */
  transcript: TranscriptEntry[]
  /** What routing or the session asks of the ticket. A driver maps what its vendor has and ignores the rest. */
  options: TicketOptions
  /** An earlier attempt may have opened it: look before opening. */
  mayExist: boolean
}

export interface TicketOptions {
  /** Zendesk group id, Intercom team id, Slack channel id. */
  queue?: string
  priority?: 'low' | 'normal' | 'high' | 'urgent'
  tags?: string[]
}

export interface TranscriptEntry {
  author: 'customer' | 'bot'
  /** Display name of the author. */
  name: string
  parts: MessagePart[]
}

/** A piece of a message. `text` is Markdown. A file's URL can be opened without credentials. */
export type MessagePart =
  | { type: 'text'; text: string }
  | { type: 'file'; kind: 'image' | 'audio' | 'video' | 'file'; url: string; title?: string }
  | { type: 'location'; latitude: number; longitude: number; title?: string; address?: string }

export interface OutboundMessage {
  /** Botpress message id: stable over retries; the driver marks the message with it where the vendor lets it. */
  id: string
  author: { type: 'customer'; customer: Customer } | { type: 'bot' }
  /** At least one; in order. */
  parts: MessagePart[]
  /** An earlier attempt may have got through: look before posting. */
  mayExist: boolean
  /** When it was said, in milliseconds since the epoch: no attempt to post it is older, so none is looked for before. Given with `mayExist`, looking is exact and short. */
  createdAt?: number
  /**
   * Ids at the desk (`PostedMessage.messageIds`) that are known to be other messages of ours in this ticket. A driver that can only recognise its own messages by their words takes none of these for this one:
   * customers say “yes” twice.
   */
  others?: readonly string[]
}

/** Ids of what was posted, in the vendor's terms: kept on the Botpress message, and they recognise an echo. At least one. */
export interface PostedMessage {
  messageIds: string[]
}

export type SessionChange = { type: 'assigned'; agent: Agent } | { type: 'closed'; by: 'agent' | 'bot' }

// ------------------------------------------------------------------------------------------------------------- from the desk

/** A request as Botpress passes it on: raw body, header names in lower case, query without its question mark. */
export interface WebhookRequest {
  method: string
  path: string
  query: string
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
  /** Why nothing (or not everything) became an event; for the log, no customer text. */
  ignored?: string
  /** The answer a handshake wants instead of the plain 200. */
  reply?: WebhookReply
}

/** Which session an event is about. */
export interface TicketKey {
  ticketId: string
  /** Our conversation id, where the webhook carries it: found without a search, and before the ticket's id is known. */
  conversationId?: string
  /**
   * What the payload tells about where the ticket comes from, for a ticket that no session knows. Either way the core asks
   * `findOrigin`, unless `conversationId` answers it.
   *
   * - `recent`: the payload carries our mark, and the ticket is no older than a start can take. Its session may not be
   *   written down yet, so the delivery is asked for again instead of dropped.
   * - `possible`: it looks like a ticket of ours, of any age.
   *
   * Absent: it was not opened by the router.
   */
  origin?: 'recent' | 'possible'
}

/** What a ticket itself says of the handoff that opened it: the conversation, or as long as that is not written on it, its customer and when. */
export type TicketOrigin = { isSolved: boolean } & (
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
 * What happened at the desk, in the order in which it is to be shown. Only people's doings: own echoes, internal notes, bots and the customer's own
 * replies are left out by the driver.
 */
export type SessionEvent =
  /** An agent wrote to the customer. `id` is the vendor's message id, the same in every redelivery and in `catchUp`. */
  | { type: 'message-posted'; ticket: TicketKey; id: string; agent: Agent; parts: MessagePart[]; undelivered?: string }
  /** An agent took the ticket. `ifUnassigned`: only the first one counts (a claim button). */
  | { type: 'agent-assigned'; ticket: TicketKey; agent: Agent; ifUnassigned?: boolean }
  | { type: 'ticket-closed'; ticket: TicketKey; reason: 'solved' | 'deleted' | 'merged' }
  | { type: 'ticket-reopened'; ticket: TicketKey }
  /** Something happened: `catchUp` tells what. Only from drivers that have it. */
  | { type: 'ticket-changed'; ticket: TicketKey }

export interface CaughtUp {
  events: SessionEvent[]
  /** Where the next call continues. Unchanged when nothing came. */
  cursor: string | undefined
}

// ------------------------------------------------------------------------------------------------------------- subscriptions

export interface SubscriptionTarget {
  /** This desk's webhook address: the installation's URL and the provider's name. */
  url: string
  /** Short, stable, unique per installation; made to be part of a name. */
  installation: string
  /** As the bot builder knows the bot; for names that people read. */
  botId: string
}

/** What the core stores for a driver between `subscribe` and `verifyWebhook`. String values only; may hold a secret. */
export type Subscription = Record<string, string>
