/**
 * A session's fields as attributes of a conversation. An attribute must be defined in the workspace; what isn't, or
 * doesn't fit, is left out with a sentence that names it.
 * https://developers.intercom.com/docs/references/2.14/rest-api/api.intercom.io/data-attributes/lisdataattributes
 */
import { isProviderError } from '../errors'
import { cleanText } from '../kit/text'
import type { TicketOptions } from '../provider'
import type { IntercomApi } from './api'
import type { Desk } from './desk'

export interface Wishes {
  attributes: Record<string, string | number | boolean>
  /** The session's names of the attributes, by the workspace's. */
  names: Map<string, string>
  /** The type of ticket that the conversation becomes. */
  ticketType?: string
  leftOut: string[]
}

type Attribute = Awaited<ReturnType<IntercomApi['conversationAttributes']>>[number]

const LONGEST_VALUE = 4_000

export const namedField = (name: string): string => `Field “${name.slice(0, 100)}”`

/** Reads the workspace's attributes only if the session asks for some. */
export const resolveFields = async (desk: Desk, { fields }: TicketOptions): Promise<Wishes> => {
  const wishes: Wishes = { attributes: {}, names: new Map(), leftOut: [] }
  const own: [name: string, text: string][] = []
  for (const [name, value] of Object.entries(fields ?? {})) {
    const text = cleanText(value).trim().slice(0, LONGEST_VALUE)
    if (text === '') continue
    if (!/^ticket[ _]?type(?:[ _]?id)?$/i.test(name.trim())) own.push([name.trim(), text])
    else if (/^\d{1,20}$/.test(text)) wishes.ticketType = text
    else wishes.leftOut.push(`${namedField(name)}: it isn’t the id of a ticket type.`)
  }
  if (own.length === 0) return wishes
  const list = await desk.api.conversationAttributes().catch((error: unknown) => {
    if (!isProviderError(error)) throw error
    desk.tools.log.warn('Intercom’s attributes of conversations can’t be read', { error: error.message })
    return undefined
  })
  for (const [name, text] of own) {
    const attribute = list && _find(list, name)
    if (!list) wishes.leftOut.push(`${namedField(name)}: Intercom’s attributes could not be read.`)
    else if (!attribute) wishes.leftOut.push(`${namedField(name)}: this workspace has no such attribute.`)
    else {
      const { value, problem } = _valueFor(attribute, text)
      if (value === undefined) wishes.leftOut.push(`${namedField(name)}: ${problem}`)
      else {
        wishes.attributes[attribute.name] = value
        wishes.names.set(attribute.name, name)
      }
    }
  }
  return wishes
}

const _find = (list: Attribute[], name: string): Attribute | undefined => {
  const wanted = name.toLowerCase()
  return (
    list.find((attribute) => attribute.name === name) ??
    list.find((attribute) => [attribute.name, attribute.label].some((it) => it?.toLowerCase() === wanted))
  )
}

const _valueFor = (
  { data_type: type, options, api_writable: isWritable }: Attribute,
  text: string
): { value?: string | number | boolean; problem?: string } => {
  if (isWritable === false) return { problem: 'Intercom’s API can’t set it.' }
  if (options && options.length > 0) {
    const option = options.find((candidate) => candidate.toLowerCase() === text.toLowerCase())
    return option === undefined ? { problem: 'the attribute has no such option.' } : { value: option }
  }
  switch (type) {
    case 'integer':
      return /^[+-]?\d{1,15}$/.test(text) ? { value: Number(text) } : { problem: 'it takes a whole number.' }
    case 'float': {
      const number = Number(text.replace(/^([+-]?\d+),(\d+)$/, '$1.$2'))
      return Number.isFinite(number) ? { value: number } : { problem: 'it takes a number.' }
    }
    case 'boolean':
      if (/^(?:true|yes|1|on)$/i.test(text)) return { value: true }
      return /^(?:false|no|0|off)$/i.test(text) ? { value: false } : { problem: 'it takes true or false.' }
    case 'date':
    case 'datetime': {
      const time = Date.parse(text)
      // Seconds since the epoch.
      return Number.isNaN(time) ? { problem: 'it takes a date.' } : { value: Math.floor(time / 1_000) }
    }
    default:
      return { value: text }
  }
}
