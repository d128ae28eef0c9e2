import { defineProvider } from '../provider'
import { createSlackApi } from './api'
import { catchUp } from './catch-up'
import { channelIdOf, checkConfig, configSchema } from './config'
import { checkCredentials } from './credentials'
import { instructionsFor } from './manifest'
import { closeTicket, findOrigin, openTicket, postMessage, reflect } from './tickets'
import { parseWebhook, verifyWebhook } from './webhook'

/** Slack as a desk: the desk is a channel, and each handoff is one thread in it. */
export const slack = defineProvider({
  name: 'slack',
  title: 'Slack',
  config: configSchema,
  checkConfig,
  // Slack retries an event up to three times unless the answer is 2xx. https://docs.slack.dev/apis/events-api/#retries
  retryReply: { status: 503 },
  answerWithinMs: 2_400,
  connect: (config, tools) => {
    const api = createSlackApi(config.botToken.trim(), tools)
    const channel = channelIdOf(config.channel) ?? ''
    const internalPrefix = config.internalPrefix.trim()
    const signingSecret = config.signingSecret.trim()
    return {
      checkCredentials: () => checkCredentials(api, channel),
      openTicket: (request) => openTicket(api, tools, channel, request),
      postMessage: (ticket, message) => postMessage(api, tools, ticket, message),
      closeTicket: (ticket) => closeTicket(api, tools, ticket),
      verifyWebhook: (request) => verifyWebhook(request, signingSecret, tools.now()),
      parseWebhook: (request) => parseWebhook(request, internalPrefix),
      catchUp: (ticket, cursor) => catchUp(api, ticket, cursor, internalPrefix),
      findOrigin: (ticketId) => findOrigin(api, ticketId),
      describeAgent: (agentId) => api.describeUser(agentId),
      reflect: (ticket, change) => reflect(api, tools, ticket, change),
      instructions: (target) => instructionsFor(target),
    }
  },
})
