/** What Zendesk's refusals say, and what they are about. */
import { z } from '@botpress/sdk'
import type { ErrorSubject, ProviderErrorCode } from '../errors'

const errorSchema = z.object({
  error: z.union([z.string(), z.object({ title: z.string().nullish() })]).nullish(),
  details: z.record(z.unknown()).nullish().catch(undefined),
})

/**
 * The error code and the names of the refused fields, for example `RecordInvalid requester/group_id`.
 * Leaves the descriptions out, because they quote customer text.
 */
export const errorCode = (body: unknown): string | undefined => {
  const parsed = errorSchema.safeParse(body)
  if (!parsed.success) return undefined
  const { error, details } = parsed.data
  const code = typeof error === 'string' ? error : error?.title
  if (!code || !/^\w{1,40}$/.test(code)) return undefined
  const fields = Object.keys(details ?? {}).filter((name) => /^\w{1,30}$/.test(name))
  return fields.length > 0 && fields.length < 4 ? `${code} ${fields.join('/')}`.slice(0, 80) : code
}

/** Fields of a refused ticket by what they are about. Any other field is the ticket's. */
const FIELDS: Partial<Record<ErrorSubject, string[]>> = {
  contact: ['author', 'author_id', 'requester', 'requester_id', 'submitter', 'submitter_id', 'user', 'email'],
  agent: ['assignee', 'assignee_id'],
  message: ['body', 'comment', 'description', 'html_body', 'uploads'],
}
/** With several refused fields, the message is only at fault if no other field is. */
const PRECEDENCE: ErrorSubject[] = ['contact', 'ticket', 'agent', 'message']

/**
 * A 404 with an object for an error is of the address: “No help desk at acme.zendesk.com”. A 403 refuses the user who
 * acts, and a 422 or 400 names the fields that it refuses. Without names it may be about anything: the default stays.
 * https://developer.zendesk.com/documentation/api-basics/best-practices/handling-errors-and-warnings/
 */
export const classify = (
  status: number,
  body: unknown
): { code?: ProviderErrorCode; about?: ErrorSubject } | undefined => {
  const parsed = errorSchema.safeParse(body)
  if (!parsed.success) return undefined
  const { error, details } = parsed.data
  if (status === 404 && typeof error === 'object' && error !== null) return { code: 'unavailable', about: 'account' }
  if (status === 403) return { about: 'agent' }
  if (status === 409) return { about: 'ticket' }
  if (status === 413) return { about: 'message' }
  const fields = Object.keys(details ?? {})
  if ((status !== 422 && status !== 400) || fields.length === 0) return undefined
  const subjects = new Set(fields.map(_subjectOf))
  const about = PRECEDENCE.find((subject) => subjects.has(subject))
  return about === undefined ? undefined : { about }
}

const _subjectOf = (field: string): ErrorSubject =>
  (['contact', 'agent', 'message'] as const).find((subject) => FIELDS[subject]?.includes(field)) ?? 'ticket'

/** The fields that a refused ticket names. */
export const refusedFields = (body: unknown): string[] => {
  const parsed = errorSchema.safeParse(body)
  return parsed.success ? Object.keys(parsed.data.details ?? {}) : []
}
