/**
 * Request parsing and error responses of the sandbox. https://developers.intercom.com/docs/references/rest-api/errors
 */
import { z } from '@botpress/sdk'
import { jsonBody, type SandboxRequest, type SandboxResponse } from '../../kit/sandbox'

/** `id` is the path's first group, or empty. */
export type Route = [method: string, pattern: RegExp, handle: (request: SandboxRequest, id: string) => SandboxResponse]

/** Becomes a response in Intercom's error format. */
export class Refusal extends Error {
  public constructor(
    public readonly status: number,
    public readonly code: string,
    message: string
  ) {
    super(message)
  }
}

export const notFound = (message = 'Resource Not Found') => new Refusal(404, 'not_found', message)
export const invalid = (message: string) => new Refusal(400, 'parameter_invalid', message)

/** Parses a JSON body. Missing or invalid fields are a 400, as at Intercom. */
export const read = <Schema extends z.ZodTypeAny>(request: SandboxRequest, schema: Schema): z.infer<Schema> => {
  if (!/^application\/json\b/.test(request.headers['content-type'] ?? '')) {
    throw new Refusal(415, 'media_type_not_acceptable', 'The Content-Type must be application/json')
  }
  const body = jsonBody(request)
  if (body === undefined) throw new Refusal(400, 'bad_request', 'The request body is not JSON')
  const parsed = schema.safeParse(body)
  if (parsed.success) return parsed.data as z.infer<Schema>
  const issue = parsed.error.issues[0]
  const field = issue?.path.join('.') ?? ''
  throw issue?.message === 'Required'
    ? new Refusal(400, 'parameter_not_found', `${field} is required`)
    : invalid(`${field} is invalid`)
}

export const text = z.string().refine((value) => value.trim() !== '')
