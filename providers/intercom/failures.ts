/**
 * What Intercom's error codes are about.
 * https://developers.intercom.com/docs/references/rest-api/errors/error-codes
 */
import { z } from '@botpress/sdk'
import { isProviderError, type ErrorSubject, type ProviderErrorCode } from '../errors'

const errorSchema = z.object({
  errors: z.array(
    z.object({
      code: z.string().nullish().catch(undefined),
      message: z.string().nullish().catch(undefined),
      field: z.string().nullish().catch(undefined),
    })
  ),
})

const _errorsIn = (body: unknown) => {
  const parsed = errorSchema.safeParse(body)
  return parsed.success ? parsed.data.errors : []
}

export const errorCode = (body: unknown): string | undefined => _errorsIn(body)[0]?.code ?? undefined

const TOO_LARGE = new Set([413, 414])
/** Refusals of the input. Other statuses speak of the account, or of something that the request names. */
const INPUT = new Set([400, 409, 413, 414, 415, 422])

/** The text of a message is the field `body`. Only a refusal that names it, or its length, is about the message. */
const NAMES_BODY = /(?:^|(?<!request)[^a-z])body(?:[^a-z]|$)|too[ _](?:long|large|big)/i

/** Codes that name what doesn't exist, or isn't accepted, whatever the status. */
const SUBJECTS: [RegExp, ErrorSubject][] = [
  [/^(?:user|contact|lead|visitor|customer)_/, 'contact'],
  [/^(?:admin|teammate|assignee)_/, 'agent'],
  [/^(?:conversation|ticket)_(?!state|type|attribute|part)/, 'ticket'],
]

/** Unknown codes are about the account: they wait, like an outage. */
export const classify = (
  status: number,
  body: unknown
): { code?: ProviderErrorCode; about?: ErrorSubject } | undefined => {
  const errors = _errorsIn(body)
  const isAboutBody = errors.some(({ field, code, message }) =>
    [field, code, message].some((words) => words && NAMES_BODY.test(words))
  )
  if (INPUT.has(status) && (isAboutBody || (TOO_LARGE.has(status) && errors.length > 0))) return { about: 'message' }
  const subject = SUBJECTS.find(([pattern]) => errors.some(({ code }) => code && pattern.test(code)))?.[1]
  return subject && { about: subject }
}

/** Intercom's answer for several things: the conversation, the contact or the teammate. */
export const isNotFound = (error: unknown): boolean => isProviderError(error) && error.code === 'not-found'

/**
 * Whether something that the request names may be the reason: a contact, a teammate or the conversation. A 401 speaks
 * of the token, and a refused text of itself.
 */
export const mayNameSomethingGone = (error: unknown): boolean =>
  isProviderError(error) &&
  error.outcome === 'none' &&
  (error.code === 'not-found' ||
    (error.code === 'rejected' && error.about !== 'message') ||
    (error.code === 'unauthorized' && error.status === 403))
