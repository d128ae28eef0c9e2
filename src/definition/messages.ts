/** What Studio shows about messages and files. message-settings.ts reads the values. */
import { z } from '@botpress/sdk'

/** The Files API keeps a file no longer. */
export const MOST_DAYS = 90
export const DEFAULT_DAYS = 30

export const messagesSchema = () =>
  z.object({
    keepFilesDays: z.number().optional().title('Keep files').describe('Days, 1 to 90. Empty: 30.'),
    sendEdits: z.boolean().default(true).title('Send edits').describe('As corrections.'),
    showDelivered: z.boolean().optional().title('Show delivered').describe('To agents.'),
  })
