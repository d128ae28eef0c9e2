import { ProviderError } from '../errors'
import { handBackPhrase } from '../kit/hand-back'
import { defineProvider } from '../provider'
import { createApi, PROVIDER } from './api'
import { readFile } from './attachments'
import { catchUp } from './catch-up'
import { checkConfig, configSchema, trimmed } from './config'
import { ensureContact, readUser, toAgent } from './contacts'
import { diagnose } from './diagnosis'
import { postMessage } from './posting'
import { subscribe, unsubscribe } from './subscription'
import { closeTicket, openTicket } from './tickets'
import { parseWebhook, verifyWebhook } from './webhook'

/** Zendesk Support: a handoff is a ticket, its messages are the ticket's comments. */
export const zendesk = defineProvider({
  name: PROVIDER,
  title: 'Zendesk',
  config: configSchema,
  checkConfig,
  // Zendesk retries a delivery up to three times after a 409, and never after a 500.
  retryReply: { status: 409 },
  answerWithinMs: 9_000,
  redelivers: true,
  connect: (config, tools) => {
    const api = createApi(config, tools)
    const handBack = handBackPhrase(tools)
    return {
      checkCredentials: async () => {
        const identified = api.accountId()
        // Refused credentials are better explained by the other call.
        identified.catch(() => undefined)
        const me = await api.me(true)
        if (me.role !== 'admin' && me.role !== 'agent') {
          throw new ProviderError(
            PROVIDER,
            'misconfigured',
            `The credentials belong to a Zendesk user with the role “${me.role}”: use an admin’s credentials`
          )
        }
        const { hostname } = new URL(api.origin)
        return { id: await identified, description: `${hostname} as ${me.name}` }
      },
      ensureContact: (customer) => ensureContact(api, customer),
      openTicket: (request) => openTicket(api, tools, request),
      postMessage: (ticket, message) => postMessage(api, tools, ticket, message),
      closeTicket: (ticket) => closeTicket(api, tools, ticket),
      catchUp: (ticket, cursor) => catchUp(api, tools, ticket, cursor, handBack),
      readFile: (handle) => readFile(api, handle),
      describeAgent: async (agentId) => toAgent(agentId, await readUser(api, agentId)),
      subscribe: (target) => subscribe(api, tools, target, handBack),
      unsubscribe: (target) => unsubscribe(api, target),
      verifyWebhook: (request, subscription) => verifyWebhook(request, subscription, tools.now()),
      parseWebhook,
      diagnose: (target) => diagnose(api, trimmed(config), target, handBack),
    }
  },
})
