import { handBackPhrase } from '../kit/hand-back'
import { defineProvider } from '../provider'
import { createApp } from './app'
import { knownMembers } from './authors'
import { catchUp } from './catch-up'
import { checkConfig, configSchema, settingsOf } from './config'
import { checkCredentials } from './credentials'
import { diagnose } from './diagnosis'
import { instructionsFor } from './manifest'
import { keep } from './memory'
import { knownNames } from './mentions'
import { postMessage } from './messages'
import { agentsAvailable } from './presence'
import { reportFate } from './fate'
import { closeTicket, findOrigin, openTicket, reflect } from './tickets'
import { movedChannelIn, parseWebhook, verifyWebhook } from './webhook'

/** Slack as a desk: the desk is a channel, and each handoff is one thread in it. */
export const slack = defineProvider({
  name: 'slack',
  title: 'Slack',
  config: configSchema,
  checkConfig,
  // Slack retries an event up to three times unless the answer is 2xx. https://docs.slack.dev/apis/events-api/#retries
  retryReply: { status: 503 },
  answerWithinMs: 2_400,
  redelivers: true,
  connect: (config, tools) => {
    const settings = { ...settingsOf(config), handBack: handBackPhrase(tools) }
    const app = createApp(settings, tools)
    const { api, memory } = app
    return {
      checkCredentials: () => checkCredentials(app),
      openTicket: (request) => openTicket(app, request),
      postMessage: (ticket, message) => postMessage(app, ticket, message),
      closeTicket: (ticket) => closeTicket(app, ticket),
      verifyWebhook: (request) => verifyWebhook(request, settings.signingSecret, tools.now()),
      parseWebhook: (request) => {
        // Saves this instance the search for the channel.
        const moved = movedChannelIn(request)
        if (moved) keep(memory.moved, moved.from, moved.to)
        return parseWebhook(request, {
          settings,
          identity: memory.identity,
          members: knownMembers(memory, tools.now()),
          nameOf: knownNames(memory, tools.now()),
        })
      },
      catchUp: (ticket, cursor) => catchUp(app, ticket, cursor),
      findOrigin: (ticketId) => findOrigin(app, ticketId),
      describeAgent: (agentId) => api.describeUser(agentId),
      agentsAvailable: () => agentsAvailable(app),
      readFile: (handle) => api.readFile(handle),
      reportFate: (ticket, id, fate) => reportFate(app, ticket, id, fate),
      reflect: (ticket, change) => reflect(app, ticket, change),
      instructions: (target) => instructionsFor(target, settings.agents),
      diagnose: (target) => diagnose(app, target),
    }
  },
})
