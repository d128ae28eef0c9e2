/** Files in agents' comments. Their handles name the attachment or the image's place, never its address. */
import { z } from '@botpress/sdk'
import { ProviderError, withDetails } from '../errors'
import { fileKey } from '../kit/addresses'
import { nameInAddress } from '../kit/file-names'
import { htmlToParts } from '../kit/html-to-markdown'
import { shorten } from '../kit/message-text'
import type { DeskFile, DeskFilePart } from '../provider'
import { hasCode, PROVIDER, type Api } from './api'
import { readComments } from './reading'
import { attachmentSchema, type Attachment, type Comment } from './records'

/** In UTF-16 units. Longer names help nobody. */
const LONGEST_FILE_NAME = 200

export const attachmentHandle = (attachmentId: string): string => `attachment/${attachmentId}`

/** An image in a comment's text that Zendesk doesn't list as an attachment. */
export const imageHandle = (ticketId: string, commentId: string, index: number): string =>
  `image/${ticketId}/${commentId}/${index}`

export const nameOf = ({ file_name: name }: Attachment): string =>
  shorten((name ?? '').replace(/\s+/g, ' ').trim(), LONGEST_FILE_NAME) || 'attachment'

export const deskFile = (handle: string, attachment: Attachment): DeskFilePart => ({
  type: 'desk-file',
  handle,
  name: nameOf(attachment),
  ...(attachment.content_type ? { contentType: attachment.content_type } : {}),
  ...(attachment.size == null ? {} : { size: attachment.size }),
})

export const isInfected = (attachment: Attachment): boolean =>
  attachment.malware_scan_result === 'malware_found' && attachment.malware_access_override !== true

/** Identifies a file by its address. At Zendesk a token names it, and what follows is only its name. */
export const fileOf = (address: string): string =>
  /\/attachments\/token\/([^/?#]+)/.exec(address)?.[1] ?? fileKey(address)

export const isAtAccount = (api: Api, address: string): boolean =>
  URL.canParse(address) && new URL(address).origin === api.origin && address.includes('/attachments/')

/** https://developer.zendesk.com/api-reference/ticketing/tickets/ticket-attachments/#show-attachment */
export const readAttachment = async (api: Api, attachmentId: string): Promise<Attachment> =>
  (
    await api.request({
      method: 'GET',
      path: `/api/v2/attachments/${encodeURIComponent(attachmentId)}`,
      schema: z.object({ attachment: attachmentSchema }),
      purpose: 'read the attachment',
      about: 'message',
    })
  ).attachment

const _missing = (why: string): ProviderError =>
  new ProviderError(PROVIDER, 'not-found', `Could not read the file: ${why}`, { about: 'message' })

/** Opens the file behind a handle, whatever became of its address since. */
export const readFile = async (api: Api, handle: string): Promise<DeskFile> => {
  const [, attachmentId] = /^attachment\/(\d{1,20})$/.exec(handle) ?? []
  if (attachmentId !== undefined) {
    const attachment = await _asMissing(readAttachment(api, attachmentId))
    if (attachment.deleted === true) throw _missing('it was deleted')
    if (attachment.file_name === 'redacted.txt' && (attachment.size ?? 0) === 0) throw _missing('it was redacted')
    if (isInfected(attachment)) {
      throw new ProviderError(PROVIDER, 'rejected', 'Could not read the file: Zendesk found malware in it', {
        about: 'message',
      })
    }
    return _opened(api, attachment.content_url ?? '', attachment)
  }
  const [, ticketId = '', commentId = '', index = ''] = /^image\/(\d{1,20})\/(\d{1,20})\/(\d{1,4})$/.exec(handle) ?? []
  if (ticketId === '') throw _missing('its handle is not one of this desk')
  const isIt = ({ id }: Comment): boolean => id === commentId
  const { comments } = await _asMissing(readComments(api, ticketId, (page) => page.some(isIt)))
  const html = comments.find(isIt)?.html_body ?? ''
  const image = htmlToParts(html).filter((part) => part.type === 'file')[Number(index)]
  if (!image) throw _missing('the comment does not show it any more')
  return _opened(api, image.url, { file_name: image.title ?? nameInAddress(new URL(image.url)) })
}

const _opened = async (api: Api, url: string, attachment: Attachment): Promise<DeskFile> => {
  const file = await api.download(url)
  const contentType = attachment.content_type ?? file.contentType
  return {
    name: attachment.file_name ? nameOf(attachment) : (file.name ?? 'attachment'),
    ...(contentType ? { contentType } : {}),
    ...(file.size === undefined ? {} : { size: file.size }),
    bytes: file.bytes,
  }
}

/** Nothing else than the file, or its ticket, is missing. */
const _asMissing = async <T>(reading: Promise<T>): Promise<T> => {
  try {
    return await reading
  } catch (error) {
    throw hasCode(error, 'not-found') ? withDetails(error, { about: 'message' }) : error
  }
}
