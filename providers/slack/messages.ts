/** Posts messages of the customer and the bot into a thread. */
import { asUnknown } from '../errors'
import { linkInstead } from '../kit/files'
import { shorten } from '../kit/message-text'
import type { Customer, MessagePart, OutboundMessage, PostedMessage, Ticket } from '../provider'
import type { App } from './app'
import { commentOf, findShared, MAX_COMMENT_LENGTH, shareFiles, uploadFiles } from './files'
import { idToAddress, messageId, type MessageAddress } from './ids'
import { atThread } from './moves'
import { isPlain, partsToPieces, piecesWithMarks } from './pieces'
import { findPosts, postTexts, type Authorship } from './posting'
import { plainName } from './to-mrkdwn'

/** How far back to search the thread for an earlier attempt to post a message without `createdAt`. */
const EARLIER_POST_MS = 24 * 60 * 60_000
const MAX_NAME_LENGTH = 80

/** Posts the customer's messages under the customer's name and picture, the bot's under the app's own. */
export const postMessage = async (app: App, ticket: Ticket, message: OutboundMessage): Promise<PostedMessage> => {
  const { ts } = idToAddress(ticket.id)
  const { result, movedTo } = await atThread(app, ticket, (root, isAgain) =>
    _post(app, ticket, isAgain ? { ...message, mayExist: true } : message, root)
  )
  return { messageIds: result.map((part) => messageId(ts, part)), ...(movedTo ? { movedTo } : {}) }
}

/** Resolves to the timestamps of the posts. Files go out together, with the message's words above them. */
const _post = async (app: App, ticket: Ticket, message: OutboundMessage, root: MessageAddress): Promise<string[]> => {
  const { api, tools } = app
  const { author, mayExist, createdAt } = message
  const since = createdAt ?? tools.now() - EARLIER_POST_MS
  const asTexts = (parts: MessagePart[], isRepeated: boolean): Promise<string[]> => {
    const texts = partsToPieces(parts)
    const authorship = author.type === 'customer' ? _authorshipOf(author.customer) : {}
    const { conversationId } = ticket
    const post = { conversationId, key: message.id, texts, isPlain: isPlain(parts), authorship, since }
    return postTexts(api, tools, root, { ...post, mayExist: isRepeated })
  }
  const files = message.parts.filter((part) => part.type === 'file')
  if (files.length === 0) return asTexts(message.parts, mayExist)
  const name = author.type === 'customer' ? author.customer.name : undefined
  if (mayExist) {
    const earlier = await _findEarlierFiles(app, root, message, { since, name }).catch((error: unknown) => {
      throw asUnknown(error)
    })
    if (earlier.kind === 'shared') return earlier.posts
    if (earlier.kind === 'linked') return asTexts(message.parts.map(_asLink), true)
  }
  const uploads = await uploadFiles(app, message.parts)
  if (uploads.files.length === 0) return asTexts(uploads.parts, mayExist)
  const { comment, texts } = _wordsFor(uploads.parts, name)
  const above = texts.length > 0 ? await asTexts(uploads.parts, mayExist) : []
  try {
    return [...above, await shareFiles(app, root, { files: uploads.files, comment })]
  } catch (error) {
    throw above.length > 0 ? asUnknown(error) : error
  }
}

/** Words that are too long for the place above the files are posted before them. */
const _wordsFor = (parts: MessagePart[], name: string | undefined): { comment: string; texts: string[] } => {
  const texts = parts.length === 0 ? [] : piecesWithMarks(parts)
  const [only = ''] = texts
  if (texts.length <= 1 && only.length <= MAX_COMMENT_LENGTH) return { comment: commentOf(name, only), texts: [] }
  return { comment: commentOf(name, ''), texts }
}

/** An earlier attempt has shared the files, or has posted links in their place, or neither. */
type EarlierFiles = { kind: 'shared'; posts: string[] } | { kind: 'linked' } | { kind: 'none' }

const _findEarlierFiles = async (
  app: App,
  root: MessageAddress,
  { id, parts, others = [] }: OutboundMessage,
  { since, name }: { since: number; name: string | undefined }
): Promise<EarlierFiles> => {
  const words = parts.filter(({ type }) => type !== 'file')
  const { texts } = _wordsFor(words, name)
  const above = await findPosts(app.api, root, { key: id, since, count: Math.max(1, texts.length) })
  // Words that stand above the files have no post of their own.
  if (texts.length === 0 && above.size > 0) return { kind: 'linked' }
  const shared = await findShared(app, root, {
    count: parts.length - words.length,
    words: texts.length > 0 ? [name ?? ''] : [name ?? '', ...words.map((part) => partsToPieces([part]).join(''))],
    since,
    others: new Set(others.map((other) => other.slice(other.indexOf(':') + 1))),
  })
  return shared === undefined ? { kind: 'none' } : { kind: 'shared', posts: [...above.values(), shared] }
}

const _asLink = (part: MessagePart): MessagePart =>
  part.type === 'file'
    ? { type: 'text', text: linkInstead(part, 'could not be uploaded to Slack'), format: 'plain' }
    : part

const LONGEST_PICTURE_URL = 1_000

/** https://docs.slack.dev/reference/methods/chat.postMessage#authorship */
const _authorshipOf = ({ name, pictureUrl = '' }: Customer): Authorship => ({
  username: plainName(shorten(name, MAX_NAME_LENGTH)) || 'Customer',
  // Slack refuses the whole message for a picture that it can't take.
  ...(/^https:\/\/[^\s<>"]+$/.test(pictureUrl) && pictureUrl.length <= LONGEST_PICTURE_URL
    ? { iconUrl: pictureUrl }
    : {}),
})
