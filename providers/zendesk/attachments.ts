/** Files in agents' comments. Their handles name the attachment or the image's place, never its address. */
import { z } from '@botpress/sdk'
import { fileKey } from '../kit/addresses'
import { shorten } from '../kit/message-text'
import type { DeskFilePart } from '../provider'
import type { Api } from './api'
import { attachmentSchema, type Attachment } from './records'

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
