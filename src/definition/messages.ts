/** What Studio shows about messages and files. message-settings.ts reads the values. */
import { z } from '@botpress/sdk'

/** Each choice as people read it, by its key. The first one is the default. */
export const EDITS = { tell: 'Send a correction', leave: 'Leave alone' } as const
export type Edits = keyof typeof EDITS

/** The Files API keeps a file no longer. */
export const MOST_DAYS = 90
export const DEFAULT_DAYS = 30

const words = Object.values(EDITS) as [string, ...string[]]

export const messagesSchema = () =>
  z.object({
    keepFilesDays: z.number().optional().title('Keep files').describe('Days agents’ files open: 1 to 90, else 30.'),
    edits: z.enum(words).default(EDITS.tell).title('Edits and deletions').describe('By agents, after delivery.'),
    showDelivered: z.boolean().optional().title('Show delivered').describe('Mark agents’ delivered messages.'),
  })
