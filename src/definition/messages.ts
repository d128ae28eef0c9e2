/** What Studio shows about messages and files. message-settings.ts reads the values. */
import { z } from '@botpress/sdk'
import { HAND_BACK_PHRASE } from '../../providers/kit/hand-back'

/** The Files API keeps a file no longer. */
export const MOST_DAYS = 90
export const DEFAULT_DAYS = 30

export const messagesSchema = () =>
  z.object({
    teamName: z.string().optional().title('Team name').describe('Shown to customers instead of agents’ names.'),
    hide: z
      .array(z.string())
      .optional()
      .title('Hide')
      .describe('cards, IBANs · phones, e-mails from agents · /AB-\\d{6}/ from transcripts, customers'),
    handBack: z
      .string()
      .default(HAND_BACK_PHRASE)
      .title('Hand back')
      .describe('An internal note with only this gives the conversation back to the bot.'),
    keepFilesDays: z.number().optional().title('Keep files').describe('Days, 1 to 90. Empty: 30.'),
    sendEdits: z.boolean().default(true).title('Send edits').describe('As corrections.'),
    showDelivered: z.boolean().optional().title('Show delivered').describe('To agents.'),
  })
