/**
 * Cards and analytics events for the bot, besides the handoff itself. No field is called `conversationId`, because the
 * HITL plugin keeps such events from the bot.
 */
import { z } from '@botpress/sdk'

const question = {
  language: z
    .string()
    .optional()
    .title('Language')
    .describe('Language of the customer, such as fr. Empty: detected from the text.'),
  text: z.string().optional().title('Text').describe('Text of the customer, to detect the language.'),
  priority: z
    .enum(['low', 'normal', 'high', 'urgent'])
    .optional()
    .title('Priority')
    .describe('Priority of the handoff.'),
  tags: z.array(z.string()).optional().title('Tags').describe('Tags of the handoff, for routing rules.'),
  provider: z.string().optional().title('Desk').describe('The requested desk.'),
  strict: z.boolean().optional().title('Only this desk').describe('Use no other desk than the requested one.'),
  userId: z
    .string()
    .optional()
    .title('User')
    .describe('Botpress user of the customer, who may return to the desk of the last session.'),
}

export const actions = {
  checkAvailability: {
    title: 'Check availability',
    description: 'Checks whether a live agent desk can take a handoff now, which one, and when one opens next.',
    input: { schema: z.object(question) },
    output: {
      schema: z.object({
        available: z.boolean().title('Available').describe('Whether a desk can take the handoff now.'),
        willOpen: z
          .boolean()
          .title('Will open')
          .describe('Whether Start HITL would open a ticket now, even if the desk answers later.'),
        desk: z.string().optional().title('Desk').describe('The desk that would take it.'),
        deskTitle: z.string().optional().title('Desk title').describe('Name of that desk.'),
        nextOpening: z
          .string()
          .optional()
          .title('Next opening')
          .describe('When a desk opens next, ISO 8601. Empty when a desk is open or none will open.'),
        message: z.string().title('Message').describe('The answer as a sentence, for the team.'),
        messageForCustomer: z
          .string()
          .title('Message for the customer')
          .describe('What the bot can tell the customer, in their language.'),
      }),
    },
  },
  endIdleSessions: {
    title: 'End idle sessions',
    description:
      'Ends the sessions in which nobody has written for a while. For a trigger that runs every few minutes.',
    input: {
      schema: z.object({
        idleMinutes: z
          .number()
          .optional()
          .title('Idle minutes')
          .describe('After so long without a message. Empty: only sessions with Idle minutes of their own.'),
        say: z
          .string()
          .optional()
          .title('Say')
          .describe('What the customer reads before the end, from the last agent.'),
      }),
    },
    output: {
      schema: z.object({
        ended: z.number().title('Ended').describe('Sessions that were ended.'),
        open: z.number().title('Open').describe('Sessions that go on.'),
        complete: z.boolean().title('Complete').describe('Off: some were not looked at. Run the action again.'),
      }),
    },
  },
  explainRouting: {
    title: 'Explain routing',
    description: 'Dry run: shows which desk would take a handoff at any time, and why the others would not.',
    input: {
      schema: z.object({
        ...question,
        at: z
          .string()
          .optional()
          .title('At')
          .describe('The time, such as 2026-12-24T09:00, in the time zone of Routing. Empty: now.'),
      }),
    },
    output: {
      schema: z.object({
        decision: z.string().title('Decision').describe('What would happen, as a sentence.'),
        desk: z.string().optional().title('Desk').describe('The desk that would take it.'),
        explanation: z
          .string()
          .title('Explanation')
          .describe('The moment, then all desks in order with their reasons, one per line.'),
      }),
    },
  },
}

const session = z.string().title('Session').describe('Id of the Botpress conversation of the session.')
const desk = (what: string) => z.string().title('Desk').describe(what)

const agent = z.string().title('Agent').describe('Id of the agent at the desk.')
const seconds = (what: string) => z.number().title('Seconds').describe(what)

export const events = {
  handoffRouted: {
    title: 'Handoff routed',
    description: 'A desk took a handoff',
    schema: z.object({
      hitlConversationId: session,
      desk: desk('The desk that took it.'),
      reason: z.string().title('Reason').describe('Why this desk.'),
      attempts: z.number().title('Attempts').describe('How many desks were tried.'),
      leftOut: z
        .array(z.string())
        .optional()
        .title('Left out')
        .describe('Fields of the session that the desk did not take, a sentence each.'),
      messageForCustomer: z
        .string()
        .optional()
        .title('Message for the customer')
        .describe('When nobody is there and a ticket was opened all the same: what the bot can tell the customer.'),
    }),
  },
  handoffFailedOver: {
    title: 'Handoff failed over',
    description: 'A desk could not take a handoff; the next one is tried',
    schema: z.object({
      hitlConversationId: session,
      desk: desk('The desk that failed.'),
      nextDesk: z.string().optional().title('Next desk').describe('The desk that is tried next, if any.'),
      error: z.string().title('Error').describe('The error code.'),
    }),
  },
  handoffAssigned: {
    title: 'Handoff assigned',
    description: 'An agent took a handoff, or joined it',
    schema: z.object({
      hitlConversationId: session,
      desk: desk('The desk of the session.'),
      agentId: agent,
      afterSeconds: seconds('Since the handoff was opened.'),
      isFirst: z.boolean().title('First agent').describe('Whether nobody had taken it before.'),
    }),
  },
  handoffAnswered: {
    title: 'Handoff answered',
    description: 'An agent wrote to the customer for the first time',
    schema: z.object({
      hitlConversationId: session,
      desk: desk('The desk of the session.'),
      agentId: agent,
      afterSeconds: seconds('Since the handoff was opened: the first response time.'),
    }),
  },
  handoffEnded: {
    title: 'Handoff ended',
    description: 'A session ended; with its summary',
    schema: z.object({
      hitlConversationId: session,
      desk: desk('The desk of the session.'),
      endReason: z
        .enum(['agent', 'handed-back', 'idle', 'bot'])
        .title('End reason')
        .describe('An agent solved it or gave it back to the bot, nobody wrote any more, or the bot or customer left.'),
      durationSeconds: seconds('From the opening to the end.'),
      assignedAfterSeconds: seconds('Until the first agent took it. Empty: nobody did.').optional(),
      answeredAfterSeconds: seconds('Until an agent first wrote. Empty: nobody did.').optional(),
      messagesFromCustomer: z.number().title('Messages from the customer').describe('To the desk.'),
      messagesFromAgents: z.number().title('Messages from agents').describe('To the customer.'),
      agentIds: z.array(z.string()).title('Agents').describe('Ids at the desk, in the order in which they joined.'),
      isComplete: z
        .boolean()
        .title('Complete')
        .describe('Off: the session is so long that only its newest messages were counted.'),
    }),
  },
  deskDown: {
    title: 'Desk went down',
    description: 'A desk failed repeatedly and is skipped for a while',
    schema: z.object({
      desk: desk('The desk.'),
      until: z.string().title('Until').describe('Time of the next attempt, ISO 8601.'),
    }),
  },
  deskUp: {
    title: 'Desk came back',
    description: 'A desk that was down took a handoff again',
    schema: z.object({ desk: desk('The desk.') }),
  },
}
