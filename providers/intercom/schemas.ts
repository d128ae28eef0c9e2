/** What the driver reads of Intercom's objects. Each field is read on its own: one that can't be read is absent. */
import { z } from '@botpress/sdk'

export const idSchema = z.union([z.string().min(1), z.number()]).transform(String)

const text = z.string().nullish().catch(undefined)
const time = z.number().nullish().catch(undefined)
const personSchema = z.object({ type: text, id: idSchema.nullish().catch(undefined), name: text })
const attachmentSchema = z.object({ name: text, url: text, content_type: text, filesize: time })

/** One entry of a conversation or a ticket, in the API and in webhooks. */
const partSchema = z.object({
  id: idSchema,
  part_type: text,
  body: text,
  created_at: time,
  redacted: z.boolean().nullish().catch(undefined),
  author: personSchema.nullish().catch(undefined),
  assigned_to: personSchema.nullish().catch(undefined),
  /** An entry that can't be read stands for a file without name and address. */
  attachments: z.array(attachmentSchema.catch({})).nullish().catch(undefined),
  metadata: z
    .object({ quick_reply_options: z.array(z.object({ text }).catch({})).nullish() })
    .nullish()
    .catch(undefined),
  /** In tickets: the state after this part. */
  ticket_state: text,
})

export type Part = z.infer<typeof partSchema>

/** The parts in a list. An entry without an id can't be told from others and is left out. */
export const partsIn = (list: unknown): Part[] =>
  (Array.isArray(list) ? list : []).flatMap((entry) => {
    const part = partSchema.safeParse(entry)
    return part.success ? [part.data] : []
  })

export const partListSchema = z.object({ conversation_parts: z.unknown() }).nullish().catch(undefined)

/** The contacts of a conversation. For contacts created by the router, `external_id` is the Botpress user id. */
export const contactListSchema = z
  .object({
    contacts: z
      .array(z.object({ id: idSchema.nullish().catch(undefined), external_id: text }).catch({}))
      .nullish()
      .catch(undefined),
  })
  .nullish()
  .catch(undefined)

export type ContactList = z.infer<typeof contactListSchema>

const ticketSchema = z
  .object({ state: text, ticket_state: z.union([z.string(), z.object({ category: text })]).catch('') })
  .nullish()
  .catch(undefined)

export const conversationSchema = z.object({
  id: idSchema,
  state: text,
  created_at: time,
  source: z
    .object({ body: text, author: personSchema.nullish().catch(undefined) })
    .nullish()
    .catch(undefined),
  contacts: contactListSchema,
  conversation_parts: partListSchema,
  /** Set when the conversation was converted to a ticket. */
  ticket: ticketSchema,
  linked_objects: z
    .object({
      data: z.array(z.object({ type: text, id: idSchema.nullish().catch(undefined) }).catch({})),
    })
    .nullish()
    .catch(undefined),
})

export type Conversation = z.infer<typeof conversationSchema>

/** In chronological order. */
export const partsOf = (conversation: Conversation): Part[] =>
  partsIn(conversation.conversation_parts?.conversation_parts).toSorted(byTime)

/** Chronological order. Times are whole seconds, so ids, which increase, break ties. */
export const byTime = (a: Part, b: Part): number => (a.created_at ?? 0) - (b.created_at ?? 0) || compareIds(a.id, b.id)

export const compareIds = (a: string, b: string): number => a.length - b.length || (a < b ? -1 : a > b ? 1 : 0)

/** `created_at:id` of a part: where reading continues after it. */
export const cursorAfter = (part: Part): string => `${part.created_at ?? 0}:${part.id}`

export const isAfter = (part: Part, cursor: string | undefined): boolean => {
  const [time = '', id = ''] = cursor?.split(':') ?? []
  if (!/^\d+$/.test(time)) return true
  return ((part.created_at ?? 0) - Number(time) || compareIds(part.id, id)) > 0
}

export const isNote = (part: Part): boolean => part.part_type?.startsWith('note') ?? false

/** Reopened by a teammate. A customer's reply also reopens, but isn't reported. */
export const isReopening = (part: Part): boolean =>
  part.author?.type === 'admin' && (part.part_type === 'open' || part.part_type === 'assign_and_reopen')

export const adminSchema = z.object({
  id: idSchema,
  name: text,
  // A URL in `/admins`, an object in `/me`.
  avatar: z
    .union([z.string(), z.object({ image_url: z.string().nullish() })])
    .nullish()
    .catch(undefined),
  email: text,
  has_inbox_seat: z.boolean().nullish().catch(undefined),
  away_mode_enabled: z.boolean().nullish().catch(undefined),
})

/** An attribute of conversations. */
export const attributeSchema = z.object({
  name: z.string().min(1),
  label: text,
  data_type: text,
  options: z.array(z.string()).nullish().catch(undefined),
  api_writable: z.boolean().nullish().catch(undefined),
})

/** `GET /me` returns null for a token without a teammate. */
export const meSchema = adminSchema
  .extend({ app: z.object({ id_code: text, name: text, region: text }).nullish().catch(undefined) })
  .nullable()

export const contactSchema = z.object({
  id: idSchema.nullish().catch(undefined),
  external_id: text,
  archived: z.boolean().nullish().catch(undefined),
  errors: z
    .array(z.object({ code: text, message: text }).catch({}))
    .nullish()
    .catch(undefined),
})
