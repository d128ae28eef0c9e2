/** HTTP requests and replies of the API. */
import {
  ForbiddenError,
  InternalError,
  InvalidPayloadError,
  isApiError,
  UnauthorizedError,
  UnsupportedMediaTypeError,
} from '@botpress/client'
import type { RuntimeReply, RuntimeRequest } from './server'
import type { Caller, Identity, RuntimeDefinition } from './types'

/** A reply with a JSON body. */
export const json = (status: number, body: unknown): RuntimeReply => ({
  status,
  headers: { 'content-type': 'application/json; charset=utf-8' },
  body: JSON.stringify(body),
})

/** A thrown error as a reply, in the shape from which the client rebuilds its error classes. */
export const errorReply = (error: unknown): RuntimeReply => {
  const known = isApiError(error) ? error : new InternalError(error instanceof Error ? error.message : String(error))
  return json(known.code, known.toJSON())
}

/** The JSON body of an API request. Undefined when the body is empty. */
export const parseBody = (request: RuntimeRequest): unknown => {
  if (request.body === '') return undefined
  if (!(request.headers['content-type'] ?? '').includes('json')) {
    throw new UnsupportedMediaTypeError('The content type must be application/json')
  }
  try {
    return JSON.parse(request.body)
  } catch {
    throw new InvalidPayloadError("The body isn't valid JSON")
  }
}

/** The caller of a request. An integration sends its id, the bot sends none. */
export const identify = (identity: Identity, definition: RuntimeDefinition, request: RuntimeRequest): Caller => {
  const token = /^Bearer (.+)$/.exec(request.headers['authorization'] ?? '')?.[1]
  if (token !== identity.token) throw new UnauthorizedError('The request has no valid token')
  if (request.headers['x-bot-id'] !== identity.botId)
    throw new ForbiddenError('x-bot-id is missing or names another bot')
  const integrationId = request.headers['x-integration-id']
  if (integrationId === undefined) return { by: 'bot' }
  if (integrationId !== identity.integrationId) throw new ForbiddenError('x-integration-id names another integration')
  return { by: 'integration', alias: identity.alias, definition }
}
