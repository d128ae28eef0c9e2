/** The internal notes that follow a ticket's first comment. */
import { isProviderError } from '../errors'
import { transcriptFile } from '../kit/notes'
import type { Tools } from '../kit/tools'
import type { TicketRequest } from '../provider'
import { PROVIDER, type Api } from './api'
import { postComment } from './comments'
import { toNotes, withGap, writingOf } from './format'
import { sendUpload } from './uploads'

/**
 * Adds summary, facts and the conversation before the handoff. A failure is only logged: the ticket is open, and
 * failing now would open the conversation at another desk and leave an orphan ticket here.
 */
export const addNotes = async (
  api: Api,
  tools: Tools,
  request: TicketRequest,
  ticket: { ticketId: string; isExisting: boolean }
): Promise<void> => {
  try {
    const { notes, omitted } = toNotes(request)
    const file = omitted === 0 ? undefined : await _upload(api, tools, request)
    for (const [index, note] of notes.entries()) {
      const isLast = index === notes.length - 1
      await postComment(api, tools, {
        ticketId: ticket.ticketId,
        marker: `${request.conversationId}/transcript${index === 0 ? '' : `/${index}`}`,
        post: [omitted === 0 ? note : withGap(note, omitted, file !== undefined)],
        writing: writingOf('bot'),
        isFormatted: true,
        ...(isLast && file !== undefined ? { uploads: [file] } : {}),
        public: false,
        mayExist: ticket.isExisting,
      })
    }
  } catch (error) {
    tools.log.warn('The transcript could not be added to the ticket', {
      provider: PROVIDER,
      ticketId: ticket.ticketId,
      code: isProviderError(error) ? error.code : 'unknown',
      status: isProviderError(error) ? error.status : undefined,
    })
  }
}

/** The whole conversation as a file. Undefined: it could not be uploaded. */
const _upload = async (api: Api, tools: Tools, { transcript }: TicketRequest): Promise<string | undefined> => {
  const file = transcriptFile(transcript)
  try {
    const size = file.bytes.byteLength
    return await sendUpload(api, { ...file, size }, { deadline: undefined, token: undefined })
  } catch (error) {
    if (!isProviderError(error)) throw error
    tools.log.warn('The transcript could not be uploaded', { provider: PROVIDER, error: error.message })
    return undefined
  }
}
