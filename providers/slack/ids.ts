import { ProviderError } from '../errors'

/** Identifies one Slack message. A ticket is identified by its thread's root. */
export interface MessageAddress {
  channel: string
  ts: string
}

const ADDRESS = /^([A-Z0-9]{2,}):(\d+\.\d+)$/

/** The id of a ticket: the address of its thread's root. */
export const addressToId = ({ channel, ts }: MessageAddress): string => `${channel}:${ts}`

/** Parses an id written by `addressToId`. Throws `not-found` for any other text. */
export const idToAddress = (id: string): MessageAddress => {
  const match = ADDRESS.exec(id)
  const [, channel, ts] = match ?? []
  if (!channel || !ts) {
    throw new ProviderError('slack', 'not-found', 'The ticket’s id isn’t the id of a Slack thread', { about: 'ticket' })
  }
  return { channel, ts }
}

/**
 * The id of a message in a thread. It doesn't contain the channel, whose id can change: the message must be recognised
 * afterwards.
 */
export const messageId = (rootTs: string, ts: string): string => `${rootTs}:${ts}`
