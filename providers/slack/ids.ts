import { ProviderError } from '../errors'

/** Identifies one Slack message. A thread is identified by its root, so tickets and messages share this form of id. */
export interface MessageAddress {
  channel: string
  ts: string
}

const ADDRESS = /^([A-Z0-9]{2,}):(\d+\.\d+)$/

export const addressToId = ({ channel, ts }: MessageAddress): string => `${channel}:${ts}`

/** Parses an id written by `addressToId`. Throws `not-found` for any other text. */
export const idToAddress = (id: string): MessageAddress => {
  const match = ADDRESS.exec(id)
  const [, channel, ts] = match ?? []
  if (!channel || !ts) throw new ProviderError('slack', 'not-found', 'The ticket’s id isn’t the id of a Slack thread')
  return { channel, ts }
}
