/**
 * Stands for `bp_modules/hitl`, which `bp add plugin:hitl` writes in a project of your own.
 *
 * The plugin isn't in a package registry, so its code can't be part of this repository: `implementation` is empty, and
 * a bot that is built with this file can't hand over. What is declared is the part of its published interface that this
 * bot uses: the texts, the two actions and the interface that the router implements.
 */
import { z, type PluginPackage } from '@botpress/sdk'

const _text = (title: string) => z.string().optional().title(title)
const conversationId = z.string().title('Conversation').describe('The customer’s conversation')

export default {
  type: 'plugin',
  id: undefined,
  uri: undefined,
  name: 'hitl',
  version: '1.4.2',
  implementation: Buffer.from(''),
  definition: {
    name: 'hitl',
    version: '1.4.2',
    interfaces: { hitl: { id: undefined, uri: undefined, name: 'hitl', version: '2.1.0' } },
    configuration: {
      schema: z.object({
        onHitlHandoffMessage: _text('Escalation started'),
        onHumanAgentAssignedMessage: _text('Agent assigned'),
        onHitlStoppedMessage: _text('Escalation terminated'),
        onUserHitlCloseMessage: _text('Customer ended it'),
        userHitlCloseCommand: _text('Command that ends it'),
        agentAssignedTimeoutSeconds: z.number().optional().title('Seconds to wait for an agent'),
        useHumanAgentInfo: z.boolean().optional().title('Show agents with their names'),
        flowOnHitlStopped: z.boolean().optional().title('Continue the flow afterwards'),
      }),
    },
    actions: {
      startHitl: {
        title: 'Start HITL',
        input: {
          schema: z.object({
            title: z.string(),
            description: z.string().optional(),
            userId: z.string(),
            userEmail: z.string().optional(),
            conversationId,
            hitlSession: z.record(z.unknown()).optional(),
          }),
        },
        output: { schema: z.object({}) },
      },
      stopHitl: {
        title: 'Stop HITL',
        input: { schema: z.object({ conversationId }) },
        output: { schema: z.object({}) },
      },
    },
  },
} satisfies PluginPackage
