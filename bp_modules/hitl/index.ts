/**
 * The hitl interface 2.1.0 as a handwritten interface package, so that type checks, tests and `npm start` need neither
 * the Botpress CLI nor a login. `id` is undefined: at deployment the CLI looks the interface up by name and version. A
 * test compares this file with the published schema.
 */
import { messages, z, type InterfacePackage } from '@botpress/sdk'

const { text, image, audio, video, file, location, carousel, card, dropdown, choice } = messages.defaults
const markdown = { schema: z.object({ markdown: z.string().min(1) }) }

const bloc = {
  schema: z.object({
    items: z.array(
      z.union([
        z.object({ type: z.literal('text'), payload: text.schema }),
        z.object({ type: z.literal('image'), payload: image.schema }),
        z.object({ type: z.literal('audio'), payload: audio.schema }),
        z.object({ type: z.literal('video'), payload: video.schema }),
        z.object({ type: z.literal('file'), payload: file.schema }),
        z.object({ type: z.literal('location'), payload: location.schema }),
        z.object({ type: z.literal('markdown'), payload: markdown.schema }),
      ])
    ),
  }),
}

const source = z.union([
  z.object({ type: z.literal('user'), userId: z.string() }),
  z.object({ type: z.literal('bot') }),
])

const historyItem = <Type extends string, Payload extends z.ZodTypeAny>(type: Type, payload: Payload) =>
  z.object({ source, type: z.literal(type), payload })

const messageHistory = z.array(
  z.union([
    historyItem('text', text.schema),
    historyItem('image', image.schema),
    historyItem('audio', audio.schema),
    historyItem('video', video.schema),
    historyItem('file', file.schema),
    historyItem('location', location.schema),
    historyItem('carousel', carousel.schema),
    historyItem('card', card.schema),
    historyItem('dropdown', dropdown.schema),
    historyItem('choice', choice.schema),
    historyItem('bloc', bloc.schema),
    historyItem('markdown', markdown.schema),
  ])
)

const sender = {
  userId: z.string().optional().describe('Allows sending a message pretending to be a certain user'),
  additionalData: z
    .string()
    .max(500)
    .optional()
    .describe('Additional data to send with the message, useful for custom integrations. Must be encoded in a string.'),
}

const sessionId = z
  .string()
  .title('HITL session ID')
  .describe('ID of the Botpress conversation representing the HITL session')

const hidden = { bpActionHiddenInStudio: 'true' }

export default {
  type: 'interface',
  id: undefined,
  uri: undefined,
  name: 'hitl',
  version: '2.1.0',
  definition: {
    name: 'hitl',
    version: '2.1.0',
    entities: {
      hitlSession: {
        title: 'HITL session',
        description: 'A HITL session, often referred to as a ticket or conversation in external systems',
        schema: z.object({}),
      },
    },
    events: {
      hitlAssigned: {
        schema: z.object({
          conversationId: sessionId,
          userId: z
            .string()
            .title('Human agent user ID')
            .describe('ID of the Botpress user representing the human agent assigned to the HITL session'),
        }),
        attributes: hidden,
      },
      hitlStopped: { schema: z.object({ conversationId: sessionId }), attributes: hidden },
    },
    actions: {
      createUser: {
        title: 'Create external user',
        description: 'Create an end user in the external service and in Botpress',
        input: {
          schema: z.object({
            name: z.string().title('Display name').describe('Display name of the end user'),
            pictureUrl: z.string().optional().title('Picture URL').describe("URL of the end user's avatar"),
            email: z.string().optional().title('Email address').describe('Email address of the end user'),
          }),
        },
        output: {
          schema: z.object({
            userId: z.string().title('Botpress user ID').describe('ID of the Botpress user representing the end user'),
          }),
        },
        attributes: hidden,
      },
      startHitl: {
        title: 'Start new HITL session',
        description: 'Create a new HITL session in the external service and in Botpress',
        input: {
          schema: z.object({
            userId: z.string().title('User ID').describe('ID of the Botpress user representing the end user'),
            title: z
              .string()
              .optional()
              .title('Title')
              .describe('Title of the HITL session. This corresponds to a ticket title in systems that use tickets.'),
            description: z
              .string()
              .optional()
              .title('Description')
              .describe(
                'Description of the HITL session. This corresponds to a ticket description in systems that use tickets.'
              ),
            hitlSession: z
              .ref('hitlSession')
              .optional()
              .title('Extra configuration')
              .describe('Configuration of the HITL session'),
            messageHistory: messageHistory
              .title('Conversation history')
              .describe(
                'History of all messages in the conversation up to this point. Should be displayed to the human agent in the external service.'
              ),
          }),
        },
        output: { schema: z.object({ conversationId: sessionId }) },
        attributes: hidden,
      },
      stopHitl: {
        title: 'Stop HITL session',
        description: 'Stop an existing HITL session in the external service',
        input: { schema: z.object({ conversationId: sessionId }) },
        output: { schema: z.object({}) },
        attributes: hidden,
      },
    },
    channels: {
      hitl: {
        messages: {
          text: { schema: text.schema.extend(sender) },
          image: { schema: image.schema.extend(sender) },
          audio: { schema: audio.schema.extend(sender) },
          video: { schema: video.schema.extend(sender) },
          file: { schema: file.schema.extend(sender) },
          bloc: { schema: bloc.schema.extend(sender) },
        },
      },
    },
  },
} satisfies InterfacePackage
