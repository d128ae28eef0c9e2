/** What a bot uses besides the handoff itself: cards in Studio and events for analytics. No field is called conversationId: the HITL plugin swallows those events. */
import { z } from '@botpress/sdk'

const question = {
  language: z
    .string()
    .optional()
    .title('Language')
    .describe('Language of the customer, such as fr. Empty: found out from the text.'),
  text: z.string().optional().title('Text').describe('What the customer wrote, to find out the language.'),
  priority: z
    .enum(['low', 'normal', 'high', 'urgent'])
    .optional()
    .title('Priority')
    .describe('Priority of the handoff.'),
  tags: z.array(z.string()).optional().title('Tags').describe('Tags of the handoff, for routing rules.'),
  provider: z.string().optional().title('Desk').describe('The desk wanted.'),
  strict: z.boolean().optional().title('Only this desk').describe('No other desk than the one wanted.'),
}

export const actions = {
  checkAvailability: {
    title: 'Check availability',
    description: 'Tells whether a live agent desk can take a handoff now, which one, and when one opens next.',
    input: { schema: z.object(question) },
    output: {
      schema: z.object({
        available: z.boolean().title('Available').describe('Whether a desk can take the handoff now.'),
        willOpen: z
          .boolean()
          .title('Will open')
          .describe('Whether Start HITL would open a ticket now, be it for later.'),
        desk: z.string().optional().title('Desk').describe('The desk that would take it.'),
        deskTitle: z.string().optional().title('Desk title').describe('That desk as people call it.'),
        nextOpening: z
          .string()
          .optional()
          .title('Next opening')
          .describe('When a desk opens next, ISO 8601; empty when one is open or none will open.'),
        message: z.string().title('Message').describe('The answer as a sentence.'),
      }),
    },
  },
  explainRouting: {
    title: 'Explain routing',
    description: 'Dry run: tells for any moment which desk would take a handoff, and why the others would not.',
    input: {
      schema: z.object({
        ...question,
        at: z.string().optional().title('At').describe('The moment, ISO 8601. Empty: now.'),
      }),
    },
    output: {
      schema: z.object({
        decision: z.string().title('Decision').describe('What would happen, as a sentence.'),
        desk: z.string().optional().title('Desk').describe('The desk that would take it.'),
        explanation: z.string().title('Explanation').describe('Every desk in order with its reason, a line each.'),
      }),
    },
  },
}

const session = z.string().title('Session').describe('Id of the Botpress conversation of the session.')
const desk = (what: string) => z.string().title('Desk').describe(what)

export const events = {
  handoffRouted: {
    title: 'Handoff routed',
    description: 'A desk has taken a handoff',
    schema: z.object({
      hitlConversationId: session,
      desk: desk('The desk that took it.'),
      reason: z.string().title('Reason').describe('Why this desk.'),
      attempts: z.number().title('Attempts').describe('How many desks were tried.'),
    }),
  },
  handoffFailedOver: {
    title: 'Handoff failed over',
    description: 'A desk could not take a handoff, the next one is tried',
    schema: z.object({
      hitlConversationId: session,
      desk: desk('The desk that failed.'),
      nextDesk: z.string().optional().title('Next desk').describe('The desk that is tried next, if there is one.'),
      error: z.string().title('Error').describe('Why it failed, as a code.'),
    }),
  },
  deskDown: {
    title: 'Desk went down',
    description: 'A desk failed repeatedly and is left out for a while',
    schema: z.object({
      desk: desk('The desk.'),
      until: z.string().title('Until').describe('When it is tried again, ISO 8601.'),
    }),
  },
  deskUp: {
    title: 'Desk came back',
    description: 'A desk that was down has taken a handoff again',
    schema: z.object({ desk: desk('The desk.') }),
  },
}
