import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from '@botpress/sdk'
import { describe, expect, it } from 'vitest'
import hitl from '../../bp_modules/hitl'
import definition from '../../integration.definition'
import { providerNames, providers } from './registry'
import { configuration, hitlChannel, states, user } from './parts'

const KIB = 1_024
const LARGEST_SCHEMA = 20 * KIB
/** Number of further desks for which the definition must have room. */
const DESKS_TO_COME = 9

const json = (schema: z.ZodTypeAny): unknown => schema.toJSONSchema()
const size = (schema: z.ZodTypeAny): number => JSON.stringify(json(schema)).length

/** Each message type of the interface with its fields. Optional fields end with a question mark. */
const MESSAGES = {
  text: ['text', 'userId?', 'additionalData?'],
  image: ['imageUrl', 'title?', 'userId?', 'additionalData?'],
  audio: ['audioUrl', 'title?', 'userId?', 'additionalData?'],
  video: ['videoUrl', 'title?', 'userId?', 'additionalData?'],
  file: ['fileUrl', 'title?', 'userId?', 'additionalData?'],
  bloc: ['items', 'userId?', 'additionalData?'],
}
const ACTIONS = {
  createUser: { input: ['name', 'pictureUrl?', 'email?'], output: ['userId'] },
  startHitl: {
    input: ['userId', 'title?', 'description?', 'hitlSession?', 'messageHistory'],
    output: ['conversationId'],
  },
  stopHitl: { input: ['conversationId'], output: [] },
}
const EVENTS = { hitlAssigned: ['conversationId', 'userId'], hitlStopped: ['conversationId'] }

const fieldsOf = (schema: z.ZodTypeAny): string[] => {
  const { properties = {}, required = [] } = json(schema) as { properties?: object; required?: string[] }
  return Object.keys(properties).map((name) => (required.includes(name) ? name : `${name}?`))
}

describe('the hitl interface', () => {
  it('has the names and fields of version 2.1.0', () => {
    expect(hitl.version).toBe('2.1.0')
    const actions = Object.entries(hitl.definition.actions).map(([name, action]) => [
      name,
      { input: fieldsOf(action.input.schema), output: fieldsOf(action.output.schema) },
    ])
    expect(Object.fromEntries(actions)).toEqual(ACTIONS)
    const events = Object.entries(hitl.definition.events).map(([name, event]) => [name, fieldsOf(event.schema)])
    expect(Object.fromEntries(events)).toEqual(EVENTS)
    const messages = Object.entries(hitl.definition.channels.hitl.messages).map(([name, { schema }]) => [
      name,
      fieldsOf(schema),
    ])
    expect(Object.fromEntries(messages)).toEqual(MESSAGES)
  })

  const published = join(import.meta.dirname, '../../../shared/specs/botpress/hitl-interface-2.1.0.json')
  it.skipIf(!existsSync(published))('equals the published schema, where that is at hand', () => {
    const theirs = JSON.parse(readFileSync(published, 'utf8')) as Record<string, unknown>
    const { entities, events, actions, channels, name, version } = hitl.definition
    const withSchemas = (value: unknown): unknown => {
      if (typeof value !== 'object' || value === null) return value
      if ('toJSONSchema' in value) return (value as z.ZodTypeAny).toJSONSchema()
      if (Array.isArray(value)) return value.map(withSchemas)
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withSchemas(inner)]))
    }
    const ours = withSchemas({ name, version, entities, events, actions, channels })
    expect(_comparable(ours)).toEqual(_comparable(theirs))
  })
})

/** Removes differences between the two JSON schema writers that have no meaning. */
const _comparable = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(_comparable)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(
    ([key, inner]) => !(key === '$schema' || (key === 'x-zui' && JSON.stringify(inner) === '{}'))
  )
  return Object.fromEntries(
    entries.map(([key, inner]) => [
      key,
      key === 'required' && Array.isArray(inner) ? inner.map(String).toSorted() : _comparable(inner),
    ])
  )
}

describe('the definition', () => {
  it('implements the interface, with its actions, events, channel and entity after the flattening', () => {
    expect(Object.keys(definition.actions ?? {})).toEqual(
      expect.arrayContaining(['createUser', 'startHitl', 'stopHitl', 'checkAvailability', 'explainRouting'])
    )
    expect(Object.keys(definition.events ?? {})).toEqual(expect.arrayContaining(['hitlAssigned', 'hitlStopped']))
    expect(Object.keys(definition.channels?.hitl?.messages ?? {}).toSorted()).toEqual(Object.keys(MESSAGES).toSorted())
    expect(Object.values(definition.interfaces ?? {})).toMatchObject([{ name: 'hitl', version: '2.1.0' }])
    expect(definition.props.actions, 'in the props, where a CLI looks').toHaveProperty('startHitl')
    expect(definition.__advanced?.useLegacyZuiTransformer).toBe(true)
    // What the integrations on the Hub carry.
    expect(definition.props.attributes).toEqual({ category: 'Customer Support', repo: 'botpress' })
  })

  it('has titles and descriptions that satisfy the linter', () => {
    const missing: string[] = []
    const demand = (where: string, value: unknown) => {
      if (!value) missing.push(where)
    }
    for (const field of ['title', 'description', 'icon', 'readme'] as const) demand(field, definition[field])
    const fields = (where: string, schema: z.ZodTypeAny) => {
      const { properties = {} } = json(schema) as { properties?: Record<string, Described> }
      for (const [name, field] of Object.entries(properties)) {
        demand(`${where}.${name} title`, field['x-zui']?.title)
        demand(`${where}.${name} description`, field.description)
      }
    }
    fields('configuration', configuration.schema)
    for (const name of providerNames) fields(name, providers[name]?.config ?? z.object({}))
    for (const [name, action] of Object.entries(definition.actions ?? {})) {
      // The linter skips parts of an interface.
      if (name in ACTIONS) continue
      demand(`${name} title`, action.title)
      demand(`${name} description`, action.description)
      fields(name, action.input.schema)
      fields(name, action.output.schema)
    }
    for (const [name, event] of Object.entries(definition.events ?? {})) {
      if (!(name in EVENTS)) {
        demand(`${name} title`, event.title)
        demand(`${name} description`, event.description)
      }
      fields(name, event.schema)
    }
    for (const [name, state] of Object.entries(states)) fields(`state ${name}`, state.schema)
    const tags = { ...hitlChannel.conversation.tags, ...hitlChannel.message.tags, ...user.tags }
    for (const [name, tag] of Object.entries(tags)) {
      demand(`tag ${name} title`, tag.title)
      demand(`tag ${name} description`, tag.description)
    }
    demand('channel title', definition.channels?.hitl?.title)
    demand('channel description', definition.channels?.hitl?.description)
    expect(missing).toEqual([])
  })

  it('stays within the platform’s limits with nine more desks', () => {
    // As they stand in the whole: alone, an optional block is a union, which is larger.
    const { properties = {} } = json(configuration.schema) as { properties?: Record<string, unknown> }
    const blocks = providerNames.map((name) => JSON.stringify(properties[name]).length + `"${name}":,`.length)
    // Names of desks appear in the two choices of Routing, too.
    const average = blocks.reduce((sum, block) => sum + block, 0) / blocks.length + 2 * '"Desk title",'.length
    expect(size(configuration.schema) + DESKS_TO_COME * average).toBeLessThan(LARGEST_SCHEMA)
    expect(Object.keys(states).length).toBeLessThanOrEqual(5)
    const tags =
      Object.keys(hitlChannel.conversation.tags).length +
      Object.keys(hitlChannel.message.tags).length +
      Object.keys(user.tags).length
    expect(tags + DESKS_TO_COME).toBeLessThanOrEqual(50)
    expect(Object.keys(definition.events ?? {}).length).toBeLessThanOrEqual(20)
  })

  it('refers to an existing icon and readme', () => {
    for (const file of [definition.icon, definition.readme]) {
      expect(existsSync(join(import.meta.dirname, '../..', file ?? 'nothing')), file).toBe(true)
    }
  })

  it('has no event field that the HITL plugin would take for a session', () => {
    const own = Object.entries(definition.events ?? {}).filter(([name]) => !(name in EVENTS))
    const fields = own.flatMap(([, event]) => fieldsOf(event.schema).map((field) => field.replace('?', '')))
    expect(fields).toContain('hitlConversationId')
    expect(fields).not.toContain('conversationId')
  })
})

interface Described {
  description?: string
  'x-zui'?: { title?: string }
}
