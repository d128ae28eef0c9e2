/**
 * What agents take back of comments that were read before. No trigger fires on a redaction, so it is noticed with the
 * ticket's next event or message.
 * https://developer.zendesk.com/api-reference/ticketing/tickets/comment_redactions/
 */
import { createHash } from 'node:crypto'
import type { Tools } from '../kit/tools'
import type { Agent, AgentPart, Ticket } from '../provider'
import { PROVIDER, type Api } from './api'
import type { Cursor } from './cursor'
import { contactIn } from './memo'
import type { Comment, User } from './records'
import { agentBehind, contentOf, isRedacted, isReply } from './replies'

/** A ticket while it is being read. */
export interface Reader {
  api: Api
  tools: Tools
  ticket: Ticket
  /** By id, as far as Zendesk has sent them along. */
  people: Map<string, User>
  /** Agents who are known from the ticket. */
  colleagues: readonly string[]
  /** The phrase by which agents give the conversation back. */
  handBack: string
}

/** The newest redacted comments are remembered in the cursor, older ones are not looked at. */
export const MOST_REDACTED = 8
const GONE = 'gone'

/** Undefined for anybody but agents. */
export const agentOf = async (reader: Reader, comment: Comment): Promise<Agent | undefined> => {
  const { agent, isUnknown } = await agentBehind(reader.api, comment.author_id ?? '', reader)
  if (isUnknown) {
    reader.tools.log.warn('A comment is not shown to the customer: Zendesk does not say who wrote it', {
      provider: PROVIDER,
      ticketId: reader.ticket.id,
      commentId: comment.id,
    })
  }
  return agent
}

/** The redacted replies among these comments, each with what is left of it. */
export const formsOf = ({ api, ticket }: Reader, comments: Comment[]): [id: string, form: string][] =>
  comments
    .filter((comment) => isRedacted(comment) && isReply(comment, contactIn(ticket)))
    .map((comment) => [comment.id, _formOf(contentOf(api, ticket.id, comment).parts)])

const _formOf = (parts: AgentPart[]): string =>
  parts.length === 0 ? GONE : createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 8)

type Redaction =
  | { type: 'message-edited'; id: string; version: string; agent: Agent; parts: AgentPart[] }
  | { type: 'message-removed'; id: string; agent: Agent }

/** What has been redacted since the cursor among the comments that were read before it. */
export const redactionsIn = async (
  reader: Reader,
  earlier: Comment[],
  seen: Cursor
): Promise<{ events: Redaction[]; forms: [id: string, form: string][] }> => {
  const events: Redaction[] = []
  const forms = formsOf(reader, earlier).slice(-MOST_REDACTED)
  for (const [id, form] of forms) {
    const comment = earlier.find((candidate) => candidate.id === id)
    const agent = comment && seen.redacted.get(id) !== form ? await agentOf(reader, comment) : undefined
    if (!comment || !agent) continue
    if (form === GONE) events.push({ type: 'message-removed', id, agent })
    else {
      const { parts } = contentOf(reader.api, reader.ticket.id, comment)
      events.push({ type: 'message-edited', id, version: form, agent, parts })
    }
  }
  return { events, forms }
}
