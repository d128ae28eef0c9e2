import { isProviderError } from '../errors'
import { defineProvider, type Agent, type SubscriptionTarget } from '../provider'
import { createIntercomApi } from './api'
import { closeTicket } from './closing'
import { adminIdOf, checkConfig, configSchema } from './config'
import { ensureContact } from './contacts'
import { checkCredentials } from './credentials'
import { createDesk, type Desk } from './desk'
import { catchUp } from './events'
import { findOrigin } from './origin'
import { postMessage } from './posting'
import { openTicket } from './tickets'
import { parseWebhook, verifyWebhook } from './webhook'

/** Intercom as a desk: each handoff is one conversation in its inbox. */
export const intercom = defineProvider({
  name: 'intercom',
  title: 'Intercom',
  config: configSchema,
  checkConfig,
  // Intercom delivers again what is answered by a 5xx; a 429 would slow all deliveries down.
  retryReply: { status: 503 },
  answerWithinMs: 4_000,
  connect: (config, tools) => {
    const desk = createDesk(createIntercomApi(config, tools), tools, adminIdOf(config))
    const clientSecret = config.clientSecret.trim()
    return {
      checkCredentials: () => checkCredentials(desk, config),
      ensureContact: (customer) => ensureContact(desk, customer),
      openTicket: (request) => openTicket(desk, request),
      postMessage: (ticket, message) => postMessage(desk, ticket, message),
      closeTicket: (ticket) => closeTicket(desk, ticket),
      catchUp: (ticket, cursor) => catchUp(desk, ticket, cursor),
      findOrigin: (ticketId) => findOrigin(desk, ticketId),
      describeAgent: (agentId) => _describeAgent(desk, agentId),
      verifyWebhook: (request) => verifyWebhook(request, clientSecret, tools.now()),
      parseWebhook,
      // Intercom tries an address by HEAD, unsigned, when it is saved.
      answerUnsigned: ({ method }) => (method === 'HEAD' ? { status: 200 } : undefined),
      instructions: _instructions,
    }
  },
})

const _describeAgent = async (desk: Desk, agentId: string): Promise<Agent> => {
  try {
    const admin = await desk.api.admin(agentId)
    const picture = typeof admin?.avatar === 'string' ? admin.avatar : admin?.avatar?.image_url
    return { id: agentId, ...(admin?.name ? { name: admin.name } : {}), ...(picture ? { pictureUrl: picture } : {}) }
  } catch (error) {
    // Has left the workspace: there is nothing to tell.
    if (isProviderError(error) && error.code === 'not-found') return { id: agentId }
    throw error
  }
}

const _instructions = ({ url }: SubscriptionTarget): string =>
  [
    'Intercom webhooks are set up by hand, once:',
    '1. In Intercom open Settings, Integrations, Developer Hub, your app, Configure, Webhooks.',
    `2. Endpoint URL: ${url}`,
    '3. Add these topics and no others:',
    '   conversation.admin.replied',
    '   conversation.admin.assigned',
    '   conversation.admin.closed',
    '   conversation.admin.opened',
    '   conversation.deleted',
    '4. Save. Intercom tries the address at once, so the integration has to be saved first.',
    '5. Client secret in the configuration: the one under Basic information of the same app.',
  ].join('\n')
