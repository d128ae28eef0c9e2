import { RuntimeError } from '@botpress/sdk'
import { Integration, type IntegrationProps } from './botpress/bp'
import { createUser } from './actions/create-user'
import { checkAvailability, explainRouting } from './actions/explain'
import { startHitl } from './actions/start-hitl'
import { stopHitl } from './actions/stop-hitl'
import { createCall, type Call } from './botpress/call'
import { createMemory } from './botpress/memory'
import { deliverToDesk, type ChannelMessage } from './to-desk/channel'
import type { Environment } from './botpress/environment'
import { describeError } from './botpress/errors'
import { guardClient } from './botpress/client'
import { register, unregister } from './actions/setup'
import { readBack } from './from-desk/read-back'
import { receiveWebhook, type IncomingRequest } from './from-desk/receive'

type Props = Parameters<IntegrationProps['handler']>[0]
type Common = Pick<Props, 'client' | 'ctx' | 'logger'>

/** The integration, with everything it needs from outside. Several instances in one process share nothing. */
export const createIntegration = (environment: Environment): Integration => {
  const memory = createMemory(environment)

  /** Callers only see RuntimeErrors. Any other error becomes one, without what people wrote. */
  const handle = async <T>(props: Common, work: (call: Call) => Promise<T>): Promise<T> => {
    guardClient(props.client)
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
      await deliverToDesk(call, message).finally(() => readBack(call, message.conversation))
    })

  return new Integration({
    register: (props) => handle(props, (call) => register(call, props.webhookUrl)),
    unregister: (props) => handle(props, (call) => unregister(call, props.webhookUrl)),
    handler: (props) => handle(props, (call) => receiveWebhook(call, props.req as IncomingRequest)),
    actions: {
      createUser: (props) => handle(props, (call) => createUser(call, props.input)),
      startHitl: (props) => handle(props, (call) => startHitl(call, props.input)),
      stopHitl: (props) => handle(props, (call) => stopHitl(call, props.input.conversationId)),
      checkAvailability: (props) => handle(props, (call) => checkAvailability(call, props.input)),
      explainRouting: (props) => handle(props, (call) => explainRouting(call, props.input)),
    },
    channels: {
      hitl: {
        messages: { text: deliver, image: deliver, audio: deliver, video: deliver, file: deliver, bloc: deliver },
      },
    },
  })
}
