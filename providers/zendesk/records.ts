/**
 * What is read of Zendesk's records. Only an id is indispensable: any other field that has another form than documented
 * counts as absent, so that one odd record never makes a whole answer unreadable.
 */
import { z } from '@botpress/sdk'

/** Ids are numbers in most of Zendesk's responses and strings in some. */
export const idSchema = z.union([z.number(), z.string().min(1)]).transform(String)

const _text = z.string().nullish().catch(undefined)
const _flag = z.boolean().nullish().catch(undefined)
const _id = idSchema.nullish().catch(undefined)

const _readableOf = <Schema extends z.ZodTypeAny>(entry: Schema, list: unknown[]): z.infer<Schema>[] =>
  list.flatMap((value) => {
    const parsed = entry.safeParse(value)
    return parsed.success ? [parsed.data as z.infer<Schema>] : []
  })

/** A list whose unreadable entries are left out. An absent list is empty. */
const _readable = <Schema extends z.ZodTypeAny>(entry: Schema) =>
  z
    .array(z.unknown())
    .nullish()
    .catch(undefined)
    .transform((list) => _readableOf(entry, list ?? []))

/** Where a list continues, with cursor pagination. */
export const metaSchema = z.object({ has_more: z.boolean().nullish(), after_cursor: z.string().nullish() }).nullish()

export const userSchema = z.object({
  id: _id,
  external_id: _text,
  name: _text,
  /** Shown to customers instead of the name, if the agent has set it. */
  alias: _text,
  email: _text,
  role: _text,
  /** False for a user who was deleted or merged into another. */
  active: _flag,
  /** A suspended user stays readable and can't write. */
  suspended: _flag,
  photo: z.object({ content_url: _text }).nullish().catch(undefined),
})
export type User = z.infer<typeof userSchema>
export const usersSchema = _readable(userSchema)

export const ticketSchema = z.object({
  id: idSchema,
  status: z.string(),
  external_id: _text,
  requester_id: _id,
  assignee_id: _id,
  updated_at: _text,
  tags: _readable(z.string()),
})
export type TicketRecord = z.infer<typeof ticketSchema>

export const auditSchema = z.object({ events: _readable(z.object({ id: _id, type: _text })) })

/** https://developer.zendesk.com/documentation/ticketing/reference-guides/via-object-reference/ */
const _ticketReference = z
  .object({ ticket_id: _id, ticket_ids: _readable(idSchema) })
  .nullish()
  .catch(undefined)
const _viaSchema = z
  .object({
    /** A word or its number: both are documented. */
    channel: z.union([z.string(), z.number()]).nullish().catch(undefined),
    source: z.object({ rel: _text, from: _ticketReference, to: _ticketReference }).nullish().catch(undefined),
  })
  .nullish()
  .catch(undefined)

export const attachmentSchema = z.object({
  id: _id,
  file_name: _text,
  content_url: _text,
  /** The same file at the account's own host name. */
  mapped_content_url: _text,
  content_type: _text,
  size: z.number().nullish().catch(undefined),
  deleted: _flag,
  malware_scan_result: _text,
  /** An admin has allowed the file although Zendesk found malware in it. */
  malware_access_override: _flag,
})
export type Attachment = z.infer<typeof attachmentSchema>

export const commentSchema = z.object({
  id: idSchema,
  /** `Comment`, or `VoiceComment` for the protocol of a call. */
  type: _text,
  author_id: _id,
  body: _text,
  plain_body: _text,
  html_body: _text,
  public: _flag,
  created_at: _text,
  via: _viaSchema,
  metadata: z
    .object({ custom: z.record(z.unknown()).nullish() })
    .nullish()
    .catch(undefined),
  /** An entry that can't be read stays in the list, so that a file is never missing without a word. */
  attachments: z.array(attachmentSchema.catch({})).nullish().catch([{}]),
})
export type Comment = z.infer<typeof commentSchema>
/** An answer without the list is no answer: a reading is never partial. */
export const commentsSchema = z.array(z.unknown()).transform((list) => _readableOf(commentSchema, list))
