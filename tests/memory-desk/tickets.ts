/** What the memory desk's driver writes: tickets with fields, and messages with files. */
import { z } from '@botpress/sdk'
import { asUnknown, isProviderError, ProviderError } from '../../providers/errors'
import { collect, fileFailureIn, linkInstead, takeFile } from '../../providers/kit/files'
import type { Http } from '../../providers/kit/http'
import { partToText, shorten, transcriptToText } from '../../providers/kit/message-text'
import type { Tools } from '../../providers/kit/tools'
import type { MessagePart, OpenedTicket, OutboundMessage, Ticket, TicketRequest } from '../../providers/provider'

const entry = z.object({ id: z.string(), mark: z.string().nullish() })
const ticket = z.object({ id: z.string(), entries: z.array(entry), unknown: z.array(z.string()).nullish() })

export const openTicket = async (http: Http, request: TicketRequest): Promise<OpenedTicket> => {
  const find = async () => {
    const { data } = await http.request({
      method: 'GET',
      path: '/tickets',
      query: { conversation: request.conversationId },
      schema: z.array(ticket),
      purpose: 'look a ticket up',
    })
    return data[0]
  }
  const { subjectPrefix, fields, assignee } = request.options
  const create = async () => {
    const { data } = await http.request({
      method: 'POST',
      path: '/tickets',
      json: {
        conversation: request.conversationId,
        title: shorten([subjectPrefix, request.title].filter(Boolean).join(' '), 200),
        customer: request.customer.name,
        text: [request.summary, request.title, request.description, transcriptToText(request.transcript)]
          .filter(Boolean)
          .join('\n\n'),
        fields,
        assignee,
      },
      schema: ticket,
      purpose: 'open a ticket',
    })
    return data
  }
  const found = request.mayExist ? await find() : undefined
  const { id, unknown } = found ?? (await _createOnce(create, find))
  const leftOut = (unknown ?? []).map((name) => `The memory desk has no field or agent “${name}”.`)
  return { id, ...(leftOut.length > 0 ? { leftOut } : {}) }
}

interface Posting {
  http: Http
  tools: Tools
  maxBytes: number
}

export const postMessage = async (posting: Posting, { id }: Ticket, message: OutboundMessage) => {
  const { http } = posting
  const path = `/tickets/${encodeURIComponent(id)}`
  const find = async () => {
    const { data } = await http.request({ method: 'GET', path, schema: ticket, purpose: 'read a ticket' })
    return data.entries.find(({ mark }) => mark === message.id)
  }
  const create = async () => {
    const { text, files } = await _contentOf(posting, message.parts)
    const { data } = await http.request({
      method: 'POST',
      path: `${path}/entries`,
      json: { mark: message.id, internal: message.author.type === 'bot', text, files },
      schema: entry,
      purpose: 'post a message',
      about: 'message',
    })
    return data
  }
  /** Only the desk's word on the ticket itself ends it. */
  const explain = async (error: unknown): Promise<never> => {
    if (!isProviderError(error) || error.code !== 'not-found') throw error
    const isThere = await find().then(
      () => true,
      (failure: unknown) => !(isProviderError(failure) && failure.code === 'not-found')
    )
    throw isThere ? error : new ProviderError('memory-desk', 'ended', 'The ticket no longer exists')
  }
  const found = message.mayExist ? await find() : undefined
  return { messageIds: [(found ?? (await _createOnce(create, find).catch(explain))).id] }
}

interface Content {
  text: string
  files: { name: string; type: string; data: string }[]
}

/** The texts in order, and the files beside them. A file that can't be had is a link with the reason. */
const _contentOf = async ({ tools, maxBytes }: Posting, parts: MessagePart[]): Promise<Content> => {
  const texts: string[] = []
  const files: Content['files'] = []
  for (const part of parts) {
    if (part.type !== 'file') {
      texts.push(partToText(part))
      continue
    }
    const taken = await takeFile(tools, part, { maxBytes })
    if (!taken.ok) {
      texts.push(linkInstead(part, taken.why))
      continue
    }
    try {
      const bytes = await collect(taken.bytes, maxBytes)
      files.push({ name: taken.name, type: taken.contentType, data: bytes.toString('base64') })
      if (part.title) texts.push(part.title)
    } catch (error) {
      texts.push(linkInstead(part, fileFailureIn(error) ?? 'could not be opened'))
    }
  }
  return { text: texts.join('\n'), files }
}

/** After an unknown outcome, searches for the result before it writes again. */
const _createOnce = async <T>(create: () => Promise<T>, find: () => Promise<T | undefined>): Promise<T> => {
  try {
    return await create()
  } catch (error) {
    if (!isProviderError(error) || error.outcome !== 'unknown') throw error
    const found = await find().catch((failure: unknown) => {
      throw asUnknown(failure)
    })
    return found ?? create()
  }
}

export const closeTicket = async (http: Http, { id }: Ticket) => {
  try {
    await http.request({
      method: 'PUT',
      path: `/tickets/${encodeURIComponent(id)}/solved`,
      json: {},
      schema: z.unknown(),
      purpose: 'solve a ticket',
      repeatable: true,
    })
  } catch (error) {
    if (!isProviderError(error) || error.code !== 'not-found') throw error
  }
}
