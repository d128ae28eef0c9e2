/** The notes that begin a conversation. */
import { isProviderError } from '../errors'
import { htmlToText } from '../kit/html-to-markdown'
import { transcriptFile } from '../kit/notes'
import type { TicketRequest } from '../provider'
import { settling, type Desk } from './desk'
import { notesOf, saysTheSame, withGap } from './format'
import { isNote, partsOf } from './schemas'
import { attachment } from './sending'

/** Writes the notes in order, each once. Where they can't show the whole conversation, it is attached as a file. */
export const addNotes = async (desk: Desk, id: string, adminId: string, request: TicketRequest): Promise<void> => {
  const { notes, omitted } = notesOf(request)
  for (const [index, note] of notes.entries()) {
    const isLast = index === notes.length - 1
    if (omitted === 0) await _write(desk, id, adminId, note)
    else if (!isLast) await _write(desk, id, adminId, withGap(note, omitted, true))
    else await _writeWithFile(desk, id, adminId, request, (isAttached) => withGap(note, omitted, isAttached))
  }
}

const _writeWithFile = async (
  desk: Desk,
  id: string,
  adminId: string,
  request: TicketRequest,
  noteWith: (isAttached: boolean) => string
): Promise<void> => {
  try {
    await _write(desk, id, adminId, noteWith(true), attachment(transcriptFile(request.transcript)))
  } catch (error) {
    if (!isProviderError(error) || error.outcome !== 'none' || error.code !== 'rejected') throw error
    // The note counts, also without the file.
    await _write(desk, id, adminId, noteWith(false))
  }
}

const _write = async (desk: Desk, id: string, adminId: string, note: string, file?: object): Promise<void> => {
  const write = () =>
    desk.api.reply(
      id,
      {
        message_type: 'note',
        type: 'admin',
        admin_id: adminId,
        body: note,
        ...(file ? { attachment_files: [file] } : {}),
      },
      'write the note'
    )
  try {
    await write()
  } catch (error) {
    if (!isProviderError(error) || error.outcome !== 'unknown') throw error
    const conversation = await settling(() => desk.api.conversation(id))
    const said = htmlToText(note)
    if (!partsOf(conversation).some((part) => isNote(part) && saysTheSame(part.body ?? '', said))) await write()
  }
}
