import { isProviderError } from '../errors'
import { defineProvider, type Agent, type SubscriptionTarget } from '../provider'
import { closeTicket } from './closing'
import { checkConfig, clientSecretOf, configSchema } from './config'
import { ensureContact } from './contacts'
import { checkCredentials } from './credentials'
import { createDesk, type Desk } from './desk'
import { diagnose } from './diagnosis'
import { readFile } from './files'
import { findOrigin } from './origin'
import { postMessage } from './posting'
import { catchUp } from './reading'
import { openTicket } from './tickets'
import { parseWebhook, TOPICS, verifyWebhook } from './webhook'

/** Intercom: each handoff is one conversation in the inbox. */
export const intercom = defineProvider({
  name: 'intercom',
  title: 'Intercom',
  config: configSchema,
  checkConfig,
  // Intercom delivers once more, after a minute. A 429 would throttle every delivery, a 410 disable the subscription.
  retryReply: { status: 503 },
  answerWithinMs: 4_000,
  redelivers: true,
  connect: (config, tools) => {
    const desk = createDesk(config, tools)
    const clientSecret = clientSecretOf(config)
    return {
      checkCredentials: () => checkCredentials(desk, config),
      ensureContact: (customer) => ensureContact(desk, customer),
      openTicket: (request) => openTicket(desk, request),
      postMessage: (ticket, message) => postMessage(desk, ticket, message),
      closeTicket: (ticket) => closeTicket(desk, ticket),
      catchUp: (ticket, cursor) => catchUp(desk, ticket, cursor),
      findOrigin: (ticketId) => findOrigin(desk, ticketId),
      readFile: (handle) => readFile(desk, handle),
      describeAgent: (agentId) => _describeAgent(desk, agentId),
      agentsAvailable: () => _agentsAvailable(desk),
      verifyWebhook: (request) => verifyWebhook(request, clientSecret, tools.now()),
      parseWebhook: (request) => parseWebhook(request, desk),
      // Intercom validates a saved endpoint with an unsigned HEAD request.
      answerUnsigned: ({ method }) => (method === 'HEAD' ? { status: 200 } : undefined),
      instructions: _instructions,
      diagnose: (target) => diagnose(desk, config, target),
    }
  },
})

const _describeAgent = async (desk: Desk, agentId: string): Promise<Agent> => {
  try {
    const admin = await desk.api.admin(agentId)
    const picture = typeof admin?.avatar === 'string' ? admin.avatar : admin?.avatar?.image_url
    return { id: agentId, ...(admin?.name ? { name: admin.name } : {}), ...(picture ? { pictureUrl: picture } : {}) }
  } catch (error) {
    // The teammate has left the workspace.
    if (isProviderError(error) && error.code === 'not-found') return { id: agentId }
    throw error
  }
}

/** Teammates with a seat in the inbox who aren't in away mode. https://www.intercom.com/help/en/articles/1863 */
const _agentsAvailable = async (desk: Desk): Promise<boolean | undefined> => {
  const agents = (await desk.api.admins()).filter(({ has_inbox_seat: hasSeat }) => hasSeat !== false)
  return agents.length === 0 ? undefined : agents.some(({ away_mode_enabled: isAway }) => isAway !== true)
}

const _instructions = ({ url }: SubscriptionTarget): string =>
  [
    'Set up Intercom webhooks once, by hand:',
    '1. In Intercom, open Settings > Integrations > Developer Hub > your app > Configure > Webhooks.',
    `2. Endpoint URL: ${url}`,
    '3. Add only these topics. Those of tickets need the permission “Read tickets”:',
    ...TOPICS.map((topic) => `   ${topic}`),
    '4. Save. Intercom checks the URL immediately, so save the integration first.',
    '5. Use the client secret of the same app (Basic information) in the configuration.',
  ].join('\n')
