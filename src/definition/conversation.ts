/** What Studio shows about a conversation: who is seen, and what is hidden. src/botpress/conversation.ts checks it. */
import { z } from '@botpress/sdk'

export const conversationSchema = z.object({
  teamName: z.string().optional().title('Team name').describe('Shown to customers instead of agents’ names.'),
  hide: z
    .array(z.string())
    .optional()
    .title('Hide')
    .describe('cards, IBANs · phones, e-mails from agents · /AB-\\d{6}/ from transcripts, customers'),
})
