/**
 * A session's wishes as fields of a ticket. What Zendesk doesn't have, or refuses, is left out with a sentence that
 * names it.
 * https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/#json-format
 */
import { z } from '@botpress/sdk'
import { isProviderError } from '../errors'
import { cleanText } from '../kit/text'
import type { Tools } from '../kit/tools'
import type { TicketOptions } from '../provider'
import { PROVIDER, type Api } from './api'
import { neutralise, toTag } from './format'
import { readFieldList, type TicketField } from './field-list'

/** Fields of the ticket as the API takes them, and from which wish each of them comes. */
export interface TicketFields {
  body: Record<string, unknown>
  /** Wish by field of the API. Custom fields have their ids. */
  wishes: Map<string, string>
  leftOut: string[]
}

interface Collector extends TicketFields {
  custom: { id: number; value: unknown }[]
}

/** Where the ticket goes and how urgent it is. These names stand for Zendesk's own fields. */
const RESERVED: Record<string, 'ticket_form_id' | 'brand_id' | 'organization_id' | 'type' | 'due_at'> = {
  form: 'ticket_form_id',
  ticketform: 'ticket_form_id',
  ticketformid: 'ticket_form_id',
  brand: 'brand_id',
  brandid: 'brand_id',
  organization: 'organization_id',
  organizationid: 'organization_id',
  organisation: 'organization_id',
  type: 'type',
  tickettype: 'type',
  dueat: 'due_at',
  duedate: 'due_at',
}
const TYPES = new Set(['problem', 'incident', 'question', 'task'])
const LONGEST_VALUE = 10_000

export const resolveFields = async (api: Api, tools: Tools, options: TicketOptions): Promise<TicketFields> => {
  const collected: Collector = { body: {}, wishes: new Map(), leftOut: [], custom: [] }
  _addQueue(collected, options.queue?.trim())
  _addAssignee(collected, options.assignee?.trim())
  if (options.priority) _set(collected, 'priority', options.priority, 'Priority')
  const tags = (options.tags ?? []).map(toTag).filter((tag) => tag !== '')
  if (tags.length > 0) _set(collected, 'tags', tags, 'Tags')
  const entries = Object.entries(options.fields ?? {}).flatMap(([name, value]) => {
    const text = cleanText(value).trim()
    return text === '' ? [] : [{ name: name.trim(), text: neutralise(text).slice(0, LONGEST_VALUE) }]
  })
  const own = entries.filter(({ name }) => !_addReserved(collected, name, _valueOf(entries, name)))
  if (own.length > 0) await _addCustom(api, tools, collected, own)
  if (collected.custom.length > 0) collected.body.custom_fields = collected.custom
  return { body: collected.body, wishes: collected.wishes, leftOut: collected.leftOut }
}

const _valueOf = (entries: { name: string; text: string }[], name: string): string =>
  entries.find((entry) => entry.name === name)?.text ?? ''

const _set = (fields: Collector, field: string, value: unknown, wish: string): void => {
  fields.body[field] = value
  fields.wishes.set(field, wish)
}

const _addQueue = (fields: Collector, queue: string | undefined): void => {
  if (!queue) return
  if (_isId(queue)) _set(fields, 'group_id', Number(queue), 'Queue')
  else fields.leftOut.push('Queue: it isn’t the id of a Zendesk group.')
}

const _addAssignee = (fields: Collector, assignee: string | undefined): void => {
  if (!assignee) return
  if (_isId(assignee)) _set(fields, 'assignee_id', Number(assignee), 'Assignee')
  else if (/^[^\s@]+@[^\s@]+$/.test(assignee)) _set(fields, 'assignee_email', assignee, 'Assignee')
  else fields.leftOut.push('Assignee: it is neither the id nor the e-mail address of a Zendesk agent.')
}

const _isId = (text: string): boolean => /^\d{1,16}$/.test(text)

const _named = (name: string): string => `Field “${name.slice(0, 100)}”`

/** Whether the name stands for one of Zendesk's own fields. */
const _addReserved = (fields: Collector, name: string, text: string): boolean => {
  const key = name.toLowerCase().replace(/[^a-z]/g, '')
  const field = Object.hasOwn(RESERVED, key) ? RESERVED[key] : undefined
  if (field === undefined) return false
  if (field === 'type') {
    const type = text.toLowerCase()
    if (TYPES.has(type)) _set(fields, field, type, _named(name))
    else fields.leftOut.push(`${_named(name)}: Zendesk’s types are problem, incident, question and task.`)
  } else if (field === 'due_at') {
    const due = Date.parse(text)
    if (Number.isNaN(due)) fields.leftOut.push(`${_named(name)}: it isn’t a date.`)
    else _set(fields, field, new Date(due).toISOString(), _named(name))
  } else if (_isId(text)) _set(fields, field, Number(text), _named(name))
  else fields.leftOut.push(`${_named(name)}: it isn’t an id of Zendesk.`)
  return true
}

const _addCustom = async (
  api: Api,
  tools: Tools,
  fields: Collector,
  entries: { name: string; text: string }[]
): Promise<void> => {
  const list = await readFieldList(api).catch((error: unknown) => {
    if (!isProviderError(error)) throw error
    tools.log.warn('Zendesk’s ticket fields can’t be read', { provider: PROVIDER, error: error.message })
    return undefined
  })
  for (const { name, text } of entries) {
    const field = list && _find(list, name)
    if (list && !field) fields.leftOut.push(`${_named(name)}: this Zendesk account has no such field.`)
    else if (!field && !_isId(name)) fields.leftOut.push(`${_named(name)}: Zendesk’s fields could not be read.`)
    else {
      const { value, problem } = field ? _valueFor(field, text) : { value: text, problem: undefined }
      const id = field?.id ?? name
      if (problem !== undefined) fields.leftOut.push(`${_named(name)}: ${problem}`)
      else if (!fields.custom.some((other) => String(other.id) === id)) {
        fields.custom.push({ id: Number(id), value })
        fields.wishes.set(id, _named(name))
      }
    }
  }
}

const _find = (list: TicketField[], name: string): TicketField | undefined => {
  const wanted = name.toLowerCase()
  const titled = list.filter(({ title }) => title?.trim().toLowerCase() === wanted)
  return list.find(({ id }) => id === name) ?? titled.find(({ active }) => active !== false) ?? titled[0]
}

/** Types of the account's own fields, other than which a ticket field is one of Zendesk's. */
const SYSTEM = new Set(
  'subject description status tickettype priority group assignee custom_status basic_priority brand'.split(' ')
)

const _valueFor = (field: TicketField, text: string): { value?: unknown; problem?: string } => {
  const type = field.type ?? 'text'
  if (field.active === false) return { problem: 'the field is switched off in Zendesk.' }
  if (SYSTEM.has(type))
    return { problem: 'it is one of Zendesk’s own fields: use the queue, the priority or the title.' }
  const options = z
    .array(z.object({ name: z.string().nullish(), value: z.string() }))
    .catch([])
    .parse(field.options)
  const optionFor = (wish: string): string | undefined => {
    const wanted = wish.trim().toLowerCase()
    const names = (name: string | null | undefined) => [name, name?.split('::').at(-1)].map((it) => it?.toLowerCase())
    return (
      options.find(({ value }) => value.toLowerCase() === wanted) ??
      options.find(({ name }) => names(name).includes(wanted))
    )?.value
  }
  switch (type) {
    case 'tagger': {
      const value = optionFor(text)
      return value === undefined ? { problem: 'the field has no such option.' } : { value }
    }
    case 'multiselect': {
      const wishes = text.split(/[,;\n]/).filter((wish) => wish.trim() !== '')
      const values = wishes.map(optionFor)
      return values.includes(undefined) ? { problem: 'the field lacks one of the options.' } : { value: values }
    }
    case 'checkbox':
      if (/^(?:true|yes|1|on|x)$/i.test(text)) return { value: true }
      return /^(?:false|no|0|off)$/i.test(text) ? { value: false } : { problem: 'the field takes true or false.' }
    case 'integer':
      return /^[+-]?\d{1,15}$/.test(text) ? { value: Number(text) } : { problem: 'the field takes a whole number.' }
    case 'decimal': {
      const number = Number(text.replace(/^([+-]?\d+),(\d+)$/, '$1.$2'))
      return Number.isFinite(number) ? { value: number } : { problem: 'the field takes a number.' }
    }
    case 'date': {
      const day = /^\d{4}-\d{2}-\d{2}/.exec(text)?.[0]
      const isDate = day !== undefined && !Number.isNaN(Date.parse(day))
      return isDate ? { value: day } : { problem: 'the field takes a date, for example 2026-12-31.' }
    }
    default:
      return { value: text }
  }
}

/** Fields of the API by the names that Zendesk's refusals use. */
const ALIASES: Record<string, string[]> = {
  group: ['group_id'],
  assignee: ['assignee_id', 'assignee_email'],
  ticket_type: ['type'],
  ticket_type_id: ['type'],
  ticket_form: ['ticket_form_id'],
  brand: ['brand_id'],
  organization: ['organization_id'],
  due_date: ['due_at'],
  set_tags: ['tags'],
}

/**
 * The fields without those that a refusal names. A refusal that names none of them speaks of any: then all are left
 * out. Undefined: it names something else, or nothing is left that could be at fault.
 */
export const withoutRefused = (fields: TicketFields, refused: readonly string[]): TicketFields | undefined => {
  if (fields.wishes.size === 0) return undefined
  const guilty = new Set(
    refused.flatMap((name): string[] => {
      const id = /(\d{4,16})$/.exec(name)?.[1]
      if (id !== undefined && fields.wishes.has(id)) return [id]
      if (/^(?:base|fields|custom_fields|ticket_field_entries)$/.test(name)) return _customIn(fields)
      return [name, `${name}_id`, ...(ALIASES[name] ?? [])].filter((it) => fields.wishes.has(it))
    })
  )
  const isUnclear = refused.length === 0 || refused.includes('base')
  if (guilty.size === 0 && !isUnclear) return undefined
  const isKept = (name: string): boolean => guilty.size > 0 && !guilty.has(name)
  const body = Object.fromEntries(
    Object.entries(fields.body).flatMap(([name, value]): [string, unknown][] => {
      if (name !== 'custom_fields') return isKept(name) ? [[name, value]] : []
      const custom = (value as Collector['custom']).filter(({ id }) => isKept(String(id)))
      return custom.length > 0 ? [[name, custom]] : []
    })
  )
  const wishes = new Map([...fields.wishes].filter(([name]) => isKept(name)))
  const sentences = [...fields.wishes]
    .filter(([name]) => !isKept(name))
    .map(([, wish]) => `${wish}: Zendesk refuses it.`)
  return { body, wishes, leftOut: [...fields.leftOut, ...new Set(sentences)] }
}

const _customIn = ({ body }: TicketFields): string[] =>
  ((body.custom_fields as Collector['custom'] | undefined) ?? []).map(({ id }) => String(id))
