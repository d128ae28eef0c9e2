import { ProviderError } from '../errors'

/** One message of Slack's. A thread is named by its root message, so the same pair is a ticket's id and a message's. */
export interface MessageAddress {
  channel: string
  ts: string
}

const ADDRESS = /^([A-Z0-9]{2,}):(\d+\.\d+)$/

export const addressToId = ({ channel, ts }: MessageAddress): string => `${channel}:${ts}`

/** Throws `not-found` for an id that cannot be a thread's. */
export const idToAddress = (id: string): MessageAddress => {
  const match = ADDRESS.exec(id)
  const [, channel, ts] = match ?? []
  if (!channel || !ts) throw new ProviderError('slack', 'not-found', 'The ticket’s id names no Slack thread')
  return { channel, ts }
}
