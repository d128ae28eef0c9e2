import { InvalidPayloadError, LimitExceededError, ResourceNotFoundError } from '@botpress/client'
import { z } from '@botpress/sdk'
import { ownerOf } from '../tags'
import type { State } from '../store'
import type { Cloud } from '../cloud'
import type { Caller, Payload } from '../types'
import { requireConversation } from './conversations'
import { parse, payloadSchema, timesOf, type Operation, type OperationInput } from './operation'
import { requireUser } from './users'

/** Maximum size of a conversation's state: 128 KB (Botpress, Platform limits). */
const MAX_STATE_BYTES = 128 * 1024

const _expiry = z.number().int().positive().nullish()
const _setBody = z.object({ payload: payloadSchema.nullable(), expiry: _expiry })
const _getOrSetBody = z.object({ payload: payloadSchema, expiry: _expiry })
const _patchBody = z.object({ payload: payloadSchema })
const _expiryBody = z.object({ expiry: z.number().int().positive().nullable() })

interface StateAddress {
  key: string
  schema?: z.ZodTypeAny
  type: string
  subject: string
  name: string
}

const _checkSubject = (cloud: Cloud, caller: Caller, type: string, subject: string): void => {
  const { botId, integrationId } = cloud.identity
  if (type === 'conversation') requireConversation(cloud, caller, subject)
  else if (type === 'user') requireUser(cloud, caller, subject)
  else if (type === 'bot' && subject !== botId) throw new ResourceNotFoundError(`Bot "${subject}" not found`)
  else if (type === 'integration' && subject !== integrationId) {
    throw new ResourceNotFoundError(`Integration "${subject}" not found`)
  } else if (!['conversation', 'user', 'bot', 'integration'].includes(type)) {
    throw new InvalidPayloadError(`The local Botpress doesn't support states of type "${type}"`)
  }
}

const _address = (cloud: Cloud, caller: Caller, { params }: OperationInput): StateAddress => {
  const { type = '', id: subject = '', name = '' } = params
  if (caller.by === 'integration' && caller.definition) {
    const states = caller.definition.states ?? {}
    const declared = Object.hasOwn(states, name) ? states[name]?.type : undefined
    if (declared !== type) {
      throw new InvalidPayloadError(
        `The integration's definition doesn't declare the state "${name}" of type "${type}"`
      )
    }
  }
  _checkSubject(cloud, caller, type, subject)
  const key = [ownerOf(caller) ?? 'bot', type, subject, name].join('|')
  const schema = caller.by === 'integration' ? caller.definition?.states?.[name]?.schema : undefined
  return { key, type, subject, name, ...(schema ? { schema } : {}) }
}

/** The state, unless it expired. The expiry counts from the last change. */
const _find = (cloud: Cloud, key: string): State | undefined => {
  const state = cloud.store.states.get(key)
  if (!state || state.expiry === undefined || cloud.clock.now() - state.updatedAt < state.expiry) return state
  cloud.store.states.delete(key)
  return undefined
}

const _existing = (cloud: Cloud, address: StateAddress): State => {
  const state = _find(cloud, address.key)
  if (state) return state
  throw new ResourceNotFoundError(`State "${address.name}" of ${address.type} "${address.subject}" not found`)
}

const _strictSchemas = new WeakMap<z.ZodTypeAny, z.ZodTypeAny>()

/** The schema without unknown keys. Cached, since building a schema costs more than parsing with it. */
const _strict = (schema: z.ZodTypeAny): z.ZodTypeAny => {
  const strict = _strictSchemas.get(schema) ?? (schema instanceof z.ZodObject ? schema.strict() : schema)
  _strictSchemas.set(schema, strict)
  return strict
}

/** Refuses a payload with missing, invalid or undeclared fields. */
const _checkPayload = (name: string, schema: z.ZodTypeAny | undefined, payload: Payload): void => {
  if (!schema) return
  const parsed = _strict(schema).safeParse(payload)
  if (parsed.success) return
  const reason = parsed.error.issues[0]?.message ?? ''
  throw new InvalidPayloadError(`The state "${name}" doesn't match its declared schema: ${reason}`)
}

const _write = (cloud: Cloud, address: StateAddress, payload: Payload, expiry: number | null | undefined): State => {
  if (Buffer.byteLength(JSON.stringify(payload)) > MAX_STATE_BYTES) {
    throw new LimitExceededError(`The state "${address.name}" is larger than ${MAX_STATE_BYTES} bytes`)
  }
  const { key, schema, ...rest } = address
  _checkPayload(address.name, schema, payload)
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
  state: _view(cloud, _existing(cloud, _address(cloud, caller, input))),
  meta: _meta,
})

export const setState: Operation = (cloud, caller, input) => {
  const body = parse(_setBody, input.body)
  const address = _address(cloud, caller, input)
  if (body.payload !== null) return { state: _view(cloud, _write(cloud, address, body.payload, body.expiry)) }
  // A null payload removes the state. The reply shows an empty one.
  const { key, schema: _schema, ...rest } = address
  const removed = _find(cloud, key) ?? { ...cloud.store.row('state', {}), ...rest, payload: {} }
  cloud.store.states.delete(key)
  return { state: _view(cloud, { ...removed, payload: {} }) }
}

export const getOrSetState: Operation = async (cloud, caller, input) => {
  const body = parse(_getOrSetBody, input.body)
  const address = _address(cloud, caller, input)
  const existing = _find(cloud, address.key)
  if (!cloud.switches.atomic) await cloud.raceWindow()
  const state = existing ?? _write(cloud, address, body.payload, body.expiry)
  return { state: _view(cloud, state), meta: _meta }
}

export const patchState: Operation = (cloud, caller, input) => {
  const body = parse(_patchBody, input.body)
  const address = _address(cloud, caller, input)
  const payload = { ..._existing(cloud, address).payload, ...body.payload }
  return { state: _view(cloud, _write(cloud, address, payload, undefined)) }
}

export const setStateExpiry: Operation = (cloud, caller, input) => {
  const body = parse(_expiryBody, input.body)
  const address = _address(cloud, caller, input)
  return { state: _view(cloud, _write(cloud, address, _existing(cloud, address).payload, body.expiry)) }
}
