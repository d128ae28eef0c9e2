/**
 * Checks the driver's calls and the sandbox's responses against Intercom's OpenAPI description. It isn't part of this
 * repository: VENDOR_SPECS names the folder with intercom/api.intercom.io-2.14.yaml
 * (https://github.com/intercom/Intercom-OpenAPI, MIT).
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv, type ErrorObject } from 'ajv'
import formats from 'ajv-formats'
import { parse } from 'yaml'
import { describe, expect, it } from 'vitest'
import { createTestClock, createTestTools } from '../conformance/tools'
import { collect } from '../kit/files'
import { createSandboxWeb } from '../kit/sandbox'
import type { Customer, Ticket } from '../provider'
import { intercom } from '.'
import { createSandbox } from './sandbox'

type Json = Record<string, unknown>

const folder = process.env.VENDOR_SPECS
const file = folder ? join(folder, 'intercom', 'api.intercom.io-2.14.yaml') : undefined
const isAvailable = file !== undefined && existsSync(file)
const skipReason =
  folder === undefined ? 'VENDOR_SPECS is not set' : `${folder} has no intercom/api.intercom.io-2.14.yaml`

/** Known gaps in the description. `at` matches `<method> <path>: <problem>`. */
const EXCEPTIONS: { at: RegExp; reason: string }[] = [
  {
    at: /^GET \/data_attributes 200: \/data\/\d+\/model must be equal to one of the allowed values/,
    reason: 'the operation lists attributes of conversations, and its schema names only contacts and companies',
  },
  {
    at: /^POST \/conversations: \/from\/id must match format "uuid"/,
    reason: 'its own example is a 24-digit contact id',
  },
  {
    at: /^GET \/contacts\/find_by_external_id\/\S+: response 404 is not described$/,
    reason: 'the operation names only 200 and 401',
  },
  {
    at: /^GET \/contacts\/\w+: response 404 is not described$/,
    reason: 'its prose says that a merged contact is answered with a 404',
  },
  {
    at: /^POST \/contacts: response 409 is not described$/,
    reason: 'the operation names only 200 and 401; Intercom returns 409 for an existing contact',
  },
]

interface Recorded {
  method: string
  path: string
  headers: Record<string, string>
  body: unknown
  status: number
  answer: unknown
}

/** Calls every function of the driver and records the requests. */
const recordCalls = async (): Promise<Recorded[]> => {
  const clock = createTestClock()
  const sandbox = createSandbox({ now: clock.now })
  sandbox.deliveries.mode = 'held'
  const recorded: Recorded[] = []
  const web = createSandboxWeb()
  const driver = intercom.connect(intercom.config.parse(sandbox.config), {
    ...createTestTools({ clock, sandboxes: [], web: web.web }),
    transport: async (config) => {
      const isStream = typeof config.data === 'object' && config.data !== null && Symbol.asyncIterator in config.data
      const body = isStream ? (await collect(config.data as AsyncIterable<Uint8Array>, 1e6)).toString() : config.data
      const response = await sandbox.server.transport({ ...config, data: body })
      if (config.responseType === 'stream') return response
      const { pathname } = new URL((config.baseURL ?? '') + (config.url ?? ''))
      recorded.push({
        method: (config.method ?? 'get').toUpperCase(),
        path: pathname,
        headers: Object.fromEntries(
          Object.entries(config.headers).map(([name, value]) => [name.toLowerCase(), String(value)])
        ),
        body: typeof body === 'string' && body !== '' ? (JSON.parse(body) as unknown) : undefined,
        status: response.status,
        answer: response.data === '' ? undefined : JSON.parse(String(response.data)),
      })
      return response
    },
  })
  await driver.checkCredentials()
  const me = recorded.at(-1)?.answer as { id: string } | undefined
  const eve: Customer = {
    id: 'user_eve',
    name: 'Eve',
    email: 'eve@customer.example',
    pictureUrl: 'https://x.test/eve.png',
  }
  const contactId = await driver.ensureContact?.(eve)
  await driver.ensureContact?.({ ...eve, id: 'user_eve_again' })
  const customer = { ...eve, contactId }
  const request = {
    conversationId: 'conv_01',
    botId: 'bot-1',
    title: 'Late parcel',
    description: 'Nothing came',
    customer,
    transcript: [{ author: 'bot' as const, name: 'Bot', parts: [{ type: 'text' as const, text: 'Hi' }] }],
    options: {
      queue: '5017691',
      assignee: 'ada@acme.example',
      priority: 'urgent' as const,
      tags: ['vip'],
      fields: { Items: '3' },
    },
    mayExist: false,
  }
  const opened = await driver.openTicket(request)
  await driver.openTicket({ ...request, mayExist: true })
  const ticket: Ticket = { ...opened, conversationId: 'conv_01', contactId }
  const text = { parts: [{ type: 'text' as const, text: 'Hello' }], mayExist: true }
  await driver.postMessage(ticket, { ...text, id: 'm1', author: { type: 'customer', customer } })
  await driver.postMessage(ticket, { ...text, id: 'm2', author: { type: 'bot' } })
  const url = web.publish('/a.txt', { bytes: 'hello', contentType: 'text/plain' })
  const file = { parts: [{ type: 'file' as const, kind: 'file' as const, url }], mayExist: false }
  await driver.postMessage(ticket, { ...file, id: 'f1', author: { type: 'customer', customer } })
  await driver.postMessage(ticket, { ...file, id: 'f2', author: { type: 'bot' } })
  const [agent] = sandbox.agents
  sandbox.agentReplies(ticket.id, 'Hello', { attachments: [{ name: 'a.png', contentType: 'image/png' }] })
  const read = await driver.catchUp?.(ticket, undefined)
  const handles = (read?.events ?? []).flatMap((event) =>
    event.type === 'message-posted'
      ? event.parts.flatMap((part) => (part.type === 'desk-file' ? [part.handle] : []))
      : []
  )
  for (const handle of handles) await driver.readFile?.(handle)
  sandbox.botReplies?.(ticket.id, 'Beep')
  sandbox.assign(ticket.id, null)
  await driver.catchUp?.(ticket, undefined)
  await driver.describeAgent?.(agent?.id ?? '')
  await driver.describeAgent?.('1')
  await driver.closeTicket(ticket)
  await driver.postMessage(ticket, { ...text, id: 'm3', author: { type: 'customer', customer } })
  await driver.catchUp?.(ticket, undefined)
  const customerSays = (id: string) =>
    driver.postMessage(ticket, { ...text, id, author: { type: 'customer', customer }, mayExist: false })
  sandbox.convertTicket?.(ticket.id)
  sandbox.mergeContact?.(ticket.id)
  await customerSays('m4')
  sandbox.deleteContact(ticket.id)
  await customerSays('m5')
  sandbox.removeAgent?.(me?.id ?? '')
  await driver.postMessage(ticket, { ...text, id: 'm6', author: { type: 'bot' } })
  sandbox.deleteReply?.(sandbox.agentReplies(ticket.id, 'oops'))
  const ann = { ...eve, contactId: await driver.ensureContact?.(eve) }
  const second = await driver.openTicket({ ...request, conversationId: 'conv_02', customer: ann })
  const other: Ticket = { ...second, conversationId: 'conv_02', contactId: ann.contactId }
  sandbox.mergeTicket?.(other.id)
  await driver.catchUp?.(other, undefined)
  const author = { type: 'customer' as const, customer: ann }
  await driver.postMessage(other, { ...text, id: 'm7', author, mayExist: false })
  sandbox.remove(ticket.id)
  await driver.closeTicket(ticket)
  return recorded
}

describe('intercom: the published API description', () => {
  it.skipIf(!isAvailable)(
    `matches every request and response${isAvailable ? '' : ` (skipped: ${skipReason})`}`,
    async () => {
      const description = parse(readFileSync(file ?? '', 'utf8')) as Description
      const check = createCheck(description)
      const recorded = await recordCalls()
      const problems = recorded.flatMap((call) => check(call))
      const used = new Set<RegExp>()
      const unexplained = problems.filter((problem) => {
        const exception = EXCEPTIONS.find(({ at }) => at.test(problem))
        if (exception) used.add(exception.at)
        return !exception
      })
      expect(unexplained).toEqual([])
      expect(
        EXCEPTIONS.filter(({ at }) => !used.has(at)),
        'unused exceptions'
      ).toEqual([])
      const operations = new Set(recorded.map((call) => check.operationOf(call)))
      expect([...operations].toSorted()).toEqual([
        'GET /admins',
        'GET /admins/{admin_id}',
        'GET /contacts/find_by_external_id/{external_id}',
        'GET /contacts/{contact_id}',
        'GET /conversations/{conversation_id}',
        'GET /data_attributes',
        'GET /me',
        'POST /contacts',
        'POST /conversations',
        'POST /conversations/redact',
        'POST /conversations/search',
        'POST /conversations/{conversation_id}/customers',
        'POST /conversations/{conversation_id}/parts',
        'POST /conversations/{conversation_id}/reply',
        'POST /conversations/{conversation_id}/tags',
        'POST /tags',
        'PUT /conversations/{conversation_id}',
      ])
      // The check detects invalid calls.
      const wrong = { method: 'POST', path: '/conversations', headers: {}, status: 200, answer: {} }
      expect(check({ ...wrong, body: { from: { type: 'robot' }, bodi: 'x' } }).length).toBeGreaterThanOrEqual(5)
      expect(check({ ...wrong, path: '/nowhere', body: undefined })).toEqual(['POST /nowhere: no such operation'])
    }
  )
})

// ------------------------------------------------------------------------------------------------------------ checking

interface Operation {
  parameters?: { name: string; in: string; required?: boolean; schema: Json }[]
  requestBody?: { content: { 'application/json': { schema: Json } } }
  responses: Record<string, { content?: { 'application/json'?: { schema: Json } } }>
}

interface Description {
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Json }
}

const createCheck = (description: Description) => {
  const ajv = new Ajv({ strict: false, allErrors: true, coerceTypes: false })
  const coercing = new Ajv({ strict: false, allErrors: true, coerceTypes: true })
  for (const validator of [ajv, coercing]) {
    formats.default(validator)
    validator.addFormat('timestamp', true)
    validator.addSchema({ $id: 'api', components: _jsonSchema(description.components) as Json })
  }
  const problemsOf = (validator: Ajv, schema: Json, value: unknown): string[] => {
    const validate = validator.compile(_jsonSchema(schema) as Json)
    return validate(value) ? [] : (validate.errors ?? []).map(_problem)
  }
  const find = (call: { method: string; path: string }): [string, Operation, string[]] | undefined => {
    const callSegments = call.path.split('/')
    // Paths without parameters take precedence.
    const paths = Object.keys(description.paths).toSorted((a, b) => a.split('{').length - b.split('{').length)
    for (const path of paths) {
      const segments = path.split('/')
      const operation = description.paths[path]?.[call.method.toLowerCase()]
      const fits =
        segments.length === callSegments.length &&
        segments.every((segment, index) => segment.startsWith('{') || segment === callSegments[index])
      if (operation && fits) return [path, operation, segments]
    }
    return undefined
  }

  const check = (call: Recorded): string[] => {
    const name = `${call.method} ${call.path}`
    const found = find(call)
    if (!found) return [`${name}: no such operation`]
    const [, operation, segments] = found
    const problems: string[] = []
    for (const parameter of operation.parameters ?? []) {
      const value =
        parameter.in === 'path'
          ? call.path.split('/')[segments.indexOf(`{${parameter.name}}`)]
          : call.headers[parameter.name.toLowerCase()]
      if (parameter.in === 'query') continue
      const isExpected = parameter.required || parameter.name === 'Intercom-Version'
      if (value === undefined && !isExpected) continue
      const schema = { type: 'object', properties: { value: parameter.schema }, required: ['value'] }
      problems.push(
        ...problemsOf(coercing, schema, { value }).map((problem) => `${name}: ${parameter.name} ${problem}`)
      )
    }
    const schema = operation.requestBody?.content['application/json'].schema
    if (schema) {
      problems.push(...problemsOf(ajv, schema, call.body).map((problem) => `${name}: ${problem}`))
      const known = _fields(schema, description.components.schemas)
      for (const field of Object.keys((call.body ?? {}) as Json)) {
        if (!known.has(field)) problems.push(`${name}: unknown field ${field}`)
      }
    } else if (call.body !== undefined) problems.push(`${name}: expects no body`)
    const response = operation.responses[String(call.status)]
    const answer = response?.content?.['application/json']?.schema
    if (!response) problems.push(`${name}: response ${call.status} is not described`)
    else if (answer) {
      problems.push(...problemsOf(ajv, answer, call.answer).map((problem) => `${name} ${call.status}: ${problem}`))
    }
    return problems
  }
  return Object.assign(check, {
    operationOf: (call: { method: string; path: string }) => `${call.method} ${find(call)?.[0] ?? 'unknown'}`,
  })
}

const _problem = (error: ErrorObject): string => `${error.instancePath} ${error.message ?? ''}`

/** Converts OpenAPI 3.0 to JSON Schema: `nullable`, and references into the added document. */
const _jsonSchema = (schema: unknown): unknown => {
  if (Array.isArray(schema)) return schema.map(_jsonSchema)
  if (typeof schema !== 'object' || schema === null) return schema
  const { nullable, example: _example, description: _description, ...rest } = schema as Json
  const converted: Json = {}
  for (const [key, value] of Object.entries(rest)) {
    converted[key] = key === '$ref' && typeof value === 'string' ? value.replace(/^#/, 'api#') : _jsonSchema(value)
  }
  return nullable === true ? { anyOf: [{ type: 'null' }, converted] } : converted
}

/** The top-level fields of a schema, including those of all its alternatives. */
const _fields = (schema: Json, schemas: Json): Set<string> => {
  const names = new Set(Object.keys((schema.properties ?? {}) as Json))
  if (typeof schema.$ref === 'string') {
    const named = schemas[schema.$ref.split('/').at(-1) ?? ''] as Json | undefined
    for (const name of _fields(named ?? {}, schemas)) names.add(name)
  }
  for (const key of ['allOf', 'oneOf', 'anyOf']) {
    for (const alternative of (schema[key] ?? []) as Json[]) {
      for (const name of _fields(alternative, schemas)) names.add(name)
    }
  }
  return names
}
