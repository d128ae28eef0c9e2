/**
 * Agents change and delete messages that the customer has. A message can't be taken out of the customer's channel, so a
 * correction follows it, or it stays as it is; the agent is told which.
 */
import { shorten } from '../../providers/kit/text'
import type { Agent, AgentPart, MessagePart, SessionEvent } from '../../providers/provider'
import { fromParts } from '../botpress/messages'
import { messageSettings } from '../botpress/message-settings'
import { SESSION_LANGUAGES, sessionTexts, type SessionTexts } from '../botpress/session-texts'
import { tellAgent } from '../session/notes'
import { meaningOf, phaseOf } from '../session/life'
import { deskMessageIdOf, findDelivered, listMessages, messageTag, type StoredMessage } from '../session/progress'
import type { Session } from '../session/session'
import { agentWrote } from './agents'
import { describeMissing, hostFiles } from './files'
import type { Work } from './work'

type Edited = Extract<SessionEvent, { type: 'message-edited' }>
type Removed = Extract<SessionEvent, { type: 'message-removed' }>

/** Characters of a deleted message by which the customer recognises it. */
const EXCERPT = 40
/** Stands between a message's id and what happened to it later. No desk has it in an id. */
const MARK = '~'

/** An agent changed a message. Resolves to the session after that. Idempotent by the event's version. */
export const agentEdited = async (work: Work, session: Session, event: Edited): Promise<Session> => {
  const { call, desk } = work
  const last = await _lastVersion(work, session, event.id)
  // Whatever delivers the message delivers its newest text. A desk that can't be read has no other chance.
  if (!last) {
    return desk.driver.catchUp
      ? session
      : agentWrote(work, session, { event: { ...event, type: 'message-posted' }, cursor: undefined }, [])
  }
  const correctionId = `${event.id}${MARK}${event.version}`
  const tell = (note: string): Promise<void> => tellAgent(call, desk, session.ticket, `edit-${correctionId}`, note)
  const isOver = _isOver(work, session)
  if (deskMessageIdOf(last) === messageTag(desk, correctionId)) {
    // Whoever delivered the correction may have died over the note.
    if (!isOver) await tell(CORRECTED)
    return session
  }
  const { parts, missing } = isOver ? { parts: event.parts, missing: [] } : await hostFiles(work, session, event)
  const texts = await _textsFor(work, session, parts)
  const corrected = _correction(parts, texts)
  if (_isSame(last, parts) || _isSame(last, corrected)) return session
  if (!messageSettings(call.context.configuration).sendEdits) {
    await tell(KEPT)
    return session
  }
  // The files have been stored under the message's own id.
  const undelivered = describeMissing(missing)
  const posted = { ...event, type: 'message-posted' as const, id: correctionId, parts: corrected, undelivered }
  const after = await agentWrote(work, session, { event: posted, cursor: undefined }, [])
  if (!_isOver(work, after)) await tell(CORRECTED)
  return after
}

/** An agent deleted a message. Resolves to the session after that. Idempotent. */
export const agentRemoved = async (work: Work, session: Session, event: Removed): Promise<Session> => {
  const { call, desk } = work
  const last = await _lastVersion(work, session, event.id)
  const removalId = `${event.id}${MARK}removed`
  const agent = event.agent ?? _lastAgent(session)
  if (!last || _isOver(work, session)) return session
  const id = `removed-${event.id}`
  if (deskMessageIdOf(last) === messageTag(desk, removalId)) {
    await tellAgent(call, desk, session.ticket, id, WITHDRAWN)
    return session
  }
  if (!messageSettings(call.context.configuration).sendEdits || !agent) {
    await tellAgent(call, desk, session.ticket, id, KEPT_ALTHOUGH_DELETED)
    return session
  }
  const text = _textOf(last)
  const texts = await _textsFor(work, session, [{ type: 'text', text }])
  const words = text ? texts.withdrawn.replace('{message}', () => shorten(text, EXCERPT)) : texts.withdrawnFile
  const parts: MessagePart[] = [{ type: 'text', text: words, format: 'plain' }]
  const posted = { type: 'message-posted' as const, ticket: event.ticket, id: removalId, agent, parts }
  const after = await agentWrote(work, session, { event: posted, cursor: undefined }, [])
  if (!_isOver(work, after)) await tellAgent(call, desk, session.ticket, id, WITHDRAWN)
  return after
}

const CORRECTED = 'The customer has the earlier text too: they were sent the changed one as a correction.'
const KEPT = 'The customer still has the earlier text: changes are not sent.'
const WITHDRAWN = 'The customer has already got the deleted message: they were asked to disregard it.'
const KEPT_ALTHOUGH_DELETED = 'The customer has already got the deleted message, and keeps it.'

const _isOver = ({ call }: Work, session: Session): boolean =>
  meaningOf('agent-message', phaseOf(session, call.clock.now())) === 'tell-agent'

const _lastAgent = ({ agents }: Session): Agent | undefined => {
  const last = agents.at(-1)
  return last && { id: last.agentId }
}

/** The newest message that the customer has of it: a correction, or the message itself. */
const _lastVersion = async (
  { call, desk }: Work,
  { conversationId }: Session,
  id: string
): Promise<StoredMessage | undefined> => {
  const tag = messageTag(desk, id)
  const { messages } = await listMessages(call, conversationId)
  const isOfMessage = (message: StoredMessage): boolean => {
    const known = deskMessageIdOf(message)
    return known === tag || (known?.startsWith(tag + MARK) ?? false)
  }
  return messages.find(isOfMessage) ?? findDelivered(call, conversationId, tag)
}

const _correction = (parts: AgentPart[], { correction }: SessionTexts): AgentPart[] => {
  const [first, ...others] = parts
  if (first?.type !== 'text') return [{ type: 'text', text: correction, format: 'plain' }, ...parts]
  // A list, a quotation or a table begins a line.
  const isBlock = first.format !== 'plain' && /^\s*(?:[-*+>|#`~]|\d+[.)])/.test(first.text)
  const gap = isBlock ? '\n\n' : correction.endsWith('：') ? '' : ' '
  return [{ ...first, text: `${correction}${gap}${first.text}` }, ...others]
}

const _isSame = ({ type, payload }: StoredMessage, parts: AgentPart[]): boolean => {
  const message = fromParts(parts)
  if (!message || message.type !== type) return false
  // Botpress and channels may add fields of their own.
  const stored = payload as Record<string, unknown>
  return Object.entries(message.payload).every(
    ([name, value]) => JSON.stringify(stored[name]) === JSON.stringify(value)
  )
}

const _textOf = ({ payload }: StoredMessage): string => {
  const { text, items } = payload as { text?: unknown; items?: { payload?: { text?: unknown } }[] }
  const found = [text, ...(Array.isArray(items) ? items.map((item) => item.payload?.text) : [])]
  const first = found.find((candidate): candidate is string => typeof candidate === 'string')
  return (first ?? '').replaceAll(/\s+/g, ' ').trim()
}

/** In the language of the session, or else of the words themselves. */
const _textsFor = async ({ call }: Work, { language }: Session, parts: readonly AgentPart[]): Promise<SessionTexts> => {
  const words = parts.flatMap((part) => (part.type === 'text' ? [part.text] : []))
  if (language || words.join('').trim() === '') return sessionTexts(language)
  try {
    // The detector is large: it is only loaded when it is used.
    const { detectLanguage } = await import('../routing/detect-language')
    return sessionTexts((await detectLanguage(words, SESSION_LANGUAGES))?.language)
  } catch {
    call.log.debug('The language of a correction is not known')
    return sessionTexts(undefined)
  }
}
