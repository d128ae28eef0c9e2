/** An integration that makes one call to Botpress for every webhook: the least that delivers a message. */
import { Integration } from '@botpress/sdk'
import { serve } from './usage'

await serve(
  new Integration({
    register: () => Promise.resolve(),
    unregister: () => Promise.resolve(),
    handler: async ({ client }) => {
      await client.listConversations({})
      return { status: 200 }
    },
    actions: {},
    channels: {},
  })
)
