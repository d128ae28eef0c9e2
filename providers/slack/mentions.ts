/** Mentioned colleagues and channels by their names: messages carry only their ids. */
import { isProviderError } from '../errors'
import type { App } from './app'
import { keep, type Memory } from './memory'
import type { MessageEvent } from './payloads'

type Words = Pick<MessageEvent, 'text' | 'blocks'>

/** The name of a person or a channel, or undefined where it isn't known. */
export type NameOf = (id: string) => string | undefined

const PEOPLE_FOR_MS = 60 * 60_000
/** Each costs a call, once per instance. */
const MOST_LOOKUPS = 10
const CONTROL = /<([@#])([A-Z0-9]{2,})>/g

/** Ids of people and channels that a message mentions without their names. */
export const mentionsIn = ({ text, blocks }: Words): string[] => {
  const ids = new Set([...(text ?? '').matchAll(CONTROL)].map(([, , id]) => id ?? ''))
  for (const id of _idsIn(blocks)) ids.add(id)
  return [...ids]
}

const _idsIn = (value: unknown): string[] => {
  if (Array.isArray(value)) return value.flatMap(_idsIn)
  if (typeof value !== 'object' || value === null) return []
  const { type, user_id: user, channel_id: channel, elements } = value as Record<string, unknown>
  if (type === 'user' && typeof user === 'string') return [user]
  if (type === 'channel' && typeof channel === 'string') return [channel]
  return _idsIn(elements)
}

/** The same message with names in place of ids, as far as they are known. Mentions of the app itself stay ids. */
export const withNames = <Message extends Words>(message: Message, names: NameOf, botUsers: string[]): Message => {
  const nameOf: NameOf = (id) => (botUsers.includes(id) ? undefined : names(id))
  return {
    ...message,
    text: message.text?.replace(CONTROL, (whole, sign: string, id: string) => {
      const name = nameOf(id)?.replaceAll(/[<>|&]/g, ' ')
      return name === undefined ? whole : `<${sign}${id}|${name}>`
    }),
    ...(message.blocks ? { blocks: message.blocks.map((block) => _named(block, nameOf)) } : {}),
  }
}

const _named = (value: unknown, nameOf: NameOf): unknown => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const fields = value as Record<string, unknown>
  const { type, user_id: user, channel_id: channel, elements } = fields
  const name = type === 'user' ? nameOf(String(user)) : type === 'channel' ? nameOf(String(channel)) : undefined
  if (name !== undefined) return { type: 'text', text: (type === 'user' ? '@' : '#') + name, style: fields['style'] }
  return Array.isArray(elements) ? { ...fields, elements: elements.map((one) => _named(one, nameOf)) } : value
}

/** What this instance remembers. */
export const knownNames =
  (memory: Memory, now: number): NameOf =>
  (id) => {
    const person = memory.people.get(id)
    if (person && now < person.at + PEOPLE_FOR_MS) return person.value.name
    const channel = memory.channelNames.get(id)
    return channel && now < channel.at + PEOPLE_FOR_MS ? channel.value : undefined
  }

/** Looks the names up, as far as Slack tells them. Never throws: a reply goes out without a name, too. */
export const lookUpNames = async ({ api, memory, tools }: App, ids: string[]): Promise<NameOf> => {
  const known = knownNames(memory, tools.now())
  const missing = ids.filter((id) => known(id) === undefined).slice(0, MOST_LOOKUPS)
  await Promise.all(
    missing.map(async (id) => {
      try {
        if (/^[UW]/.test(id)) return void (await api.readPerson(id))
        const { name } = await api.readChannelInfo(id)
        if (name) keep(memory.channelNames, id, { value: name, at: tools.now() })
      } catch (error) {
        tools.log.debug('The name of a mention could not be read', {
          error: isProviderError(error) ? error.message : 'unknown',
        })
      }
    })
  )
  return known
}
