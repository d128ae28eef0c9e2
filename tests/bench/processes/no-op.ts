/** An integration that answers every webhook at once. */
import { Integration } from '@botpress/sdk'
import { serve } from './usage'

await serve(
  new Integration({
    register: () => Promise.resolve(),
    unregister: () => Promise.resolve(),
    handler: () => Promise.resolve({ status: 200 }),
    actions: {},
    channels: {},
  })
)
