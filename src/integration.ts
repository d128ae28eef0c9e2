import { RuntimeError } from '@botpress/sdk'
import { Integration, type IntegrationProps } from './botpress/bp'
import { createCall, type Call } from './botpress/call'
import { createMemory } from './botpress/memory'
import type { IncomingRequest } from './from-desk/receive'
import { operations } from './operations'
import type { ChannelMessage } from './to-desk/channel'
import type { Environment } from './botpress/environment'
import { describeError } from './botpress/errors'
import { guardClient } from './botpress/client'

type Props = Parameters<IntegrationProps['handler']>[0]
type Common = Pick<Props, 'client' | 'ctx' | 'logger'>

/** The integration, with everything it needs from outside. Several instances in one process share nothing. */
export const createIntegration = (environment: Environment): Integration => {
  const memory = createMemory(environment)

  /** Callers only see RuntimeErrors. Any other error becomes one, without what people wrote. */
  const handle = async <T>(props: Common, work: (call: Call) => Promise<T>): Promise<T> => {
    guardClient(props.client, { environment, memory })
    const call = createCall(environment, memory, props)
    try {
      return await work(call)
    } catch (error) {
      if (error instanceof RuntimeError) throw error
      throw new RuntimeError(`${props.ctx.operation} failed: ${describeError(error)}`)
    }
  }

  const deliver = (
    props: Common & { type: string; payload: unknown; conversation: object; message: object; ack: unknown }
  ) =>
    handle(props, async (call) => {
      const message = props as unknown as ChannelMessage
      const [deliverToDesk, readBack] = await Promise.all([operations.deliverToDesk(), operations.readBack()])
      let isMerged = false
      const onMerged = (): void => {
        isMerged = true
      }
      await deliverToDesk(call, message, { onMerged }).finally(() => readBack(call, message.conversation, isMerged))
    })

  return new Integration({
    register: (props) => handle(props, async (call) => (await operations.register())(call, props.webhookUrl)),
    unregister: (props) => handle(props, async (call) => (await operations.unregister())(call, props.webhookUrl)),
    handler: (props) =>
      handle(props, async (call) => (await operations.receiveWebhook())(call, props.req as IncomingRequest)),
    actions: {
      createUser: (props) => handle(props, async (call) => (await operations.createUser())(call, props.input)),
      startHitl: (props) => handle(props, async (call) => (await operations.startHitl())(call, props.input)),
      stopHitl: (props) =>
        handle(props, async (call) => (await operations.stopHitl())(call, props.input.conversationId)),
      checkAvailability: (props) =>
        handle(props, async (call) => (await operations.checkAvailability())(call, props.input)),
      endIdleSessions: (props) =>
        handle(props, async (call) => (await operations.endIdleSessions())(call, props.input)),
      explainRouting: (props) => handle(props, async (call) => (await operations.explainRouting())(call, props.input)),
    },
    channels: {
      hitl: {
        messages: { text: deliver, image: deliver, audio: deliver, video: deliver, file: deliver, bloc: deliver },
      },
    },
  })
}
