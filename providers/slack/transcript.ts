/** The first replies of a thread: what doesn't fit into its header, and the conversation before the handoff. */
import { isProviderError } from '../errors'
import { transcriptFile } from '../kit/notes'
import type { TicketRequest } from '../provider'
import type { App } from './app'
import { findShared, shareFiles } from './files'
import { addressToId, type MessageAddress } from './ids'
import { fitsThread, markdownToPieces, transcriptToPieces } from './pieces'
import { postTexts } from './posting'

const OPENING_KEY = 'opening'
/** Above the file. It begins with no name, so it can't pass for a customer's message. */
const FILE_COMMENT = 'The whole conversation before the handoff'
/** An earlier attempt to open the ticket isn't older. */
const EARLIER_ATTEMPT_MS = 3 * 24 * 60 * 60_000

/**
 * Posts them once: with `isEarlier` an earlier attempt may have posted some. A transcript that is too long for the
 * thread is attached as a file above its newest messages. Never throws: the thread works without it, and a failure
 * would open a second ticket at another desk. `isShortened`: the header doesn't show the whole description.
 */
export const postTranscript = async (
  app: App,
  root: MessageAddress,
  { conversationId, description = '', transcript }: TicketRequest,
  { isEarlier, isShortened }: { isEarlier: boolean; isShortened: boolean }
): Promise<void> => {
  const { api, tools } = app
  try {
    const isAttached = !fitsThread(transcript) && (await _attach(app, root, transcript, isEarlier))
    const texts = [
      ...(isShortened ? markdownToPieces(description) : []),
      ...transcriptToPieces(transcript, { isAttached }),
    ]
    if (texts.length === 0) return
    const post = { conversationId, key: OPENING_KEY, texts, authorship: {}, mayExist: isEarlier }
    await postTexts(api, tools, root, post)
  } catch (error) {
    tools.log.warn('The conversation before the handoff could not be posted', {
      conversationId,
      ticketId: addressToId(root),
      error: isProviderError(error) ? error.message : 'unknown',
    })
  }
}

/** Resolves to whether the file is in the thread. */
const _attach = async (
  app: App,
  root: MessageAddress,
  transcript: TicketRequest['transcript'],
  isEarlier: boolean
): Promise<boolean> => {
  const { api, tools } = app
  try {
    const since = tools.now() - EARLIER_ATTEMPT_MS
    const earlier = { count: 1, words: [FILE_COMMENT], since, others: new Set<string>() }
    if (isEarlier && (await findShared(app, root, earlier))) return true
    const { name, contentType, bytes } = transcriptFile(transcript)
    const { url, id } = await api.askForUpload(name, bytes.length)
    await api.upload(url, { bytes: _once(bytes), size: bytes.length, contentType })
    await shareFiles(app, root, { files: [{ id, title: name }], comment: FILE_COMMENT })
    return true
  } catch (error) {
    if (!isProviderError(error)) throw error
    tools.log.warn('The transcript could not be uploaded', { provider: 'slack', error: error.message })
    return false
  }
}

async function* _once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  await Promise.resolve()
  yield bytes
}
