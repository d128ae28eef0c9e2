import { InvalidPayloadError, LimitExceededError, ResourceNotFoundError } from '@botpress/client'
import { z } from '@botpress/sdk'
import { ownerOf } from '../tags'
import type { State } from '../store'
import type { Cloud } from '../cloud'
import type { Caller, Payload } from '../types'
import { foundConversation } from './conversations'
import { parse, payloadSchema, timesOf, type Operation, type OperationInput } from './operation'
import { foundUser } from './users'

/** A conversation's state holds 128 KB (Botpress, Platform limits). */
const LARGEST_STATE = 128 * 1024

const _expiry = z.number().int().positive().nullish()
const _setBody = z.object({ payload: payloadSchema.nullable(), expiry: _expiry })
const _getOrSetBody = z.object({ payload: payloadSchema, expiry: _expiry })
const _patchBody = z.object({ payload: payloadSchema })
const _expiryBody = z.object({ expiry: z.number().int().positive().nullable() })

interface Place {
  key: string
  schema?: z.ZodTypeAny
  type: string
  subject: string
  name: string
}

const _checkSubject = (cloud: Cloud, caller: Caller, type: string, subject: string): void => {
  const { botId, integrationId } = cloud.identity
  if (type === 'conversation') foundConversation(cloud, caller, subject)
  else if (type === 'user') foundUser(cloud, caller, subject)
  else if (type === 'bot' && subject !== botId) throw new ResourceNotFoundError(`Bot "${subject}" not found`)
  else if (type === 'integration' && subject !== integrationId) {
    throw new ResourceNotFoundError(`Integration "${subject}" not found`)
  } else if (!['conversation', 'user', 'bot', 'integration'].includes(type)) {
    throw new InvalidPayloadError(`States of type "${type}" are not kept here`)
  }
}

const _place = (cloud: Cloud, caller: Caller, { params }: OperationInput): Place => {
  const { type = '', id: subject = '', name = '' } = params
  if (caller.by === 'integration' && caller.definition) {
    const states = caller.definition.states ?? {}
    const declared = Object.hasOwn(states, name) ? states[name]?.type : undefined
    if (declared !== type) {
      throw new InvalidPayloadError(`The state "${name}" of type "${type}" is not declared in the definition`)
    }
  }
  _checkSubject(cloud, caller, type, subject)
  const key = [ownerOf(caller) ?? 'bot', type, subject, name].join('|')
  const schema = caller.by === 'integration' ? caller.definition?.states?.[name]?.schema : undefined
  return { key, type, subject, name, ...(schema ? { schema } : {}) }
}

/** The state, unless it lay idle for longer than its expiry. */
const _find = (cloud: Cloud, key: string): State | undefined => {
  const state = cloud.store.states.get(key)
  if (!state || state.expiry === undefined || cloud.clock.now() - state.updatedAt < state.expiry) return state
  cloud.store.states.delete(key)
  return undefined
}

const _existing = (cloud: Cloud, place: Place): State => {
  const state = _find(cloud, place.key)
  if (state) return state
  throw new ResourceNotFoundError(`State "${place.name}" of ${place.type} "${place.subject}" not found`)
}

const _strict = new WeakMap<z.ZodTypeAny, z.ZodTypeAny>()

/** The schema without room for what it does not name. Made once: making it is dearer than using it. */
const _strictly = (schema: z.ZodTypeAny): z.ZodTypeAny => {
  const known = _strict.get(schema) ?? (schema instanceof z.ZodObject ? schema.strict() : schema)
  _strict.set(schema, known)
  return known
}

/** A payload has what the definition declares, and nothing else. */
const _checkPayload = (name: string, schema: z.ZodTypeAny | undefined, payload: Payload): void => {
  if (!schema) return
  const parsed = _strictly(schema).safeParse(payload)
  if (parsed.success) return
  throw new InvalidPayloadError(`The state "${name}" is not as declared: ${parsed.error.issues[0]?.message ?? ''}`)
}

const _write = (cloud: Cloud, place: Place, payload: Payload, expiry: number | null | undefined): State => {
  if (Buffer.byteLength(JSON.stringify(payload)) > LARGEST_STATE) {
    throw new LimitExceededError(`The state "${place.name}" is larger than ${LARGEST_STATE} bytes`)
  }
  const { key, schema, ...rest } = place
  _checkPayload(place.name, schema, payload)
  const state = _find(cloud, key) ?? { ...cloud.store.row('state', {}), ...rest, payload }
  state.payload = payload
  if (expiry !== undefined) state.expiry = expiry ?? undefined
  cloud.store.touch(state)
  cloud.store.states.set(key, state)
  return state
}

const _view = (cloud: Cloud, state: State) => ({
  ...timesOf(state),
  botId: cloud.identity.botId,
  ...(state.type === 'conversation' ? { conversationId: state.subject } : {}),
  ...(state.type === 'user' ? { userId: state.subject } : {}),
  name: state.name,
  type: state.type,
  payload: state.payload,
})

const _meta = { cached: false }

export const getState: Operation = (cloud, caller, input) => ({
  state: _view(cloud, _existing(cloud, _place(cloud, caller, input))),
  meta: _meta,
})

export const setState: Operation = (cloud, caller, input) => {
  const body = parse(_setBody, input.body)
  const place = _place(cloud, caller, input)
  if (body.payload !== null) return { state: _view(cloud, _write(cloud, place, body.payload, body.expiry)) }
  // Nothing is written: the state is removed, and the answer shows an empty one.
  const { key, schema: _schema, ...rest } = place
  const removed = _find(cloud, key) ?? { ...cloud.store.row('state', {}), ...rest, payload: {} }
  cloud.store.states.delete(key)
  return { state: _view(cloud, { ...removed, payload: {} }) }
}

export const getOrSetState: Operation = async (cloud, caller, input) => {
  const body = parse(_getOrSetBody, input.body)
  const place = _place(cloud, caller, input)
  const existing = _find(cloud, place.key)
  if (!cloud.switches.atomic) await cloud.gap()
  const state = existing ?? _write(cloud, place, body.payload, body.expiry)
  return { state: _view(cloud, state), meta: _meta }
}

export const patchState: Operation = (cloud, caller, input) => {
  const body = parse(_patchBody, input.body)
  const place = _place(cloud, caller, input)
  const payload = { ..._existing(cloud, place).payload, ...body.payload }
  return { state: _view(cloud, _write(cloud, place, payload, undefined)) }
}

export const setStateExpiry: Operation = (cloud, caller, input) => {
  const body = parse(_expiryBody, input.body)
  const place = _place(cloud, caller, input)
  return { state: _view(cloud, _write(cloud, place, _existing(cloud, place).payload, body.expiry)) }
}
