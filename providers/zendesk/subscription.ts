import { z } from '@botpress/sdk'
import { isProviderError, ProviderError } from '../errors'
import type { Tools } from '../kit/tools'
import type { Subscription, SubscriptionTarget } from '../provider'
import { PROVIDER, type Api } from './api'
import { idSchema, metaSchema } from './records'
import { nameOf, PREFIX, readPages, remove } from './set-up'
import { ensureTriggers, ownTriggers } from './triggers'

const webhookSchema = z.object({
  id: idSchema,
  name: z.string(),
  status: z.string().nullish(),
  endpoint: z.string().nullish(),
  http_method: z.string().nullish(),
  request_format: z.string().nullish(),
  subscriptions: z.array(z.string()).nullish(),
})
export type Webhook = z.infer<typeof webhookSchema>

/**
 * Ensures one webhook, fired only by triggers (`conditional_ticket_events`), and three triggers that match only tickets
 * with the bot's tag. Other tickets cause no requests. Runs at each save: finds everything by name, writes only what
 * differs, and completes an interrupted earlier save.
 * https://developer.zendesk.com/api-reference/webhooks/webhooks-api/webhooks/
 */
export const subscribe = async (
  api: Api,
  tools: Tools,
  target: SubscriptionTarget,
  handBack: string
): Promise<Subscription> =>
  _asAdmin(async () => {
    const [me, webhooks, triggers] = await Promise.all([api.me(), _ownWebhooks(api, target), ownTriggers(api, target)])
    const { webhookId, duplicates } = await _ensureWebhook(api, target, webhooks)
    const [{ signing_secret }] = await Promise.all([
      api.request({
        method: 'GET',
        path: `/api/v2/webhooks/${encodeURIComponent(webhookId)}/signing_secret`,
        schema: z.object({ signing_secret: z.object({ secret: z.string().min(1) }) }),
        purpose: 'read the webhook’s signing secret',
      }),
      ensureTriggers(api, tools, target, { webhookId, apiUserId: me.id, handBack, existing: triggers }),
    ])
    for (const id of duplicates) await remove(api, `/api/v2/webhooks/${encodeURIComponent(id)}`)
    return { webhookId, secret: signing_secret.secret }
  })

/** Removes the triggers first: Zendesk refuses to delete a webhook that a trigger uses. */
export const unsubscribe = async (api: Api, target: SubscriptionTarget): Promise<void> =>
  _asAdmin(async () => {
    for (const trigger of await ownTriggers(api, target)) await remove(api, `/api/v2/triggers/${trigger.id}`)
    for (const webhook of await _ownWebhooks(api, target)) {
      await remove(api, `/api/v2/webhooks/${encodeURIComponent(webhook.id)}`)
    }
  })

// ------------------------------------------------------------------------------------------------------------- webhook

/**
 * Finds, updates or creates the webhook. Two saves at the same time may create two: the ids in `duplicates` can be
 * deleted once no trigger uses them.
 */
const _ensureWebhook = async (
  api: Api,
  target: SubscriptionTarget,
  webhooks: Webhook[]
): Promise<{ webhookId: string; duplicates: string[] }> => {
  const wanted = { name: nameOf(target), ..._wanted(target.url) }
  const [current, ...duplicates] = webhooks
  if (!current) {
    try {
      const { webhook } = await api.request({
        method: 'POST',
        path: '/api/v2/webhooks',
        json: { webhook: { ...wanted, description: `Notifies the bot ${target.botId} about its tickets.` } },
        schema: z.object({ webhook: webhookSchema }),
        purpose: 'create the webhook',
      })
      return { webhookId: webhook.id, duplicates: [] }
    } catch (error) {
      if (!isProviderError(error) || error.outcome !== 'unknown') throw error
      const [created] = await _ownWebhooks(api, target)
      if (!created) throw error
      return { webhookId: created.id, duplicates: [] }
    }
  }
  if (webhookProblem(current, target.url) !== undefined) {
    await api.request({
      method: 'PATCH',
      path: `/api/v2/webhooks/${encodeURIComponent(current.id)}`,
      json: { webhook: wanted },
      schema: z.unknown(),
      purpose: 'update the webhook',
      repeatable: true,
    })
  }
  return { webhookId: current.id, duplicates: duplicates.map(({ id }) => id) }
}

const _wanted = (endpoint: string) => ({
  status: 'active',
  endpoint,
  http_method: 'POST',
  request_format: 'json',
  subscriptions: ['conditional_ticket_events'],
})

/** How a webhook differs from the one that the router makes, as the end of a sentence. Undefined: it doesn't. */
export const webhookProblem = (webhook: Webhook, endpoint: string): string | undefined => {
  const wanted = _wanted(endpoint)
  if (webhook.status !== wanted.status) return 'isn’t active'
  if (webhook.endpoint !== wanted.endpoint) return `leads to ${webhook.endpoint ?? 'no address'} instead of ${endpoint}`
  const isSame =
    webhook.http_method?.toUpperCase() === wanted.http_method &&
    webhook.request_format === wanted.request_format &&
    webhook.subscriptions?.join() === wanted.subscriptions.join()
  return isSame ? undefined : 'was changed: its method, format or subscription'
}

/** The webhooks of all routers in the account. */
export const listRouterWebhooks = (api: Api): Promise<Webhook[]> => _webhooksNamed(api, PREFIX)

const _ownWebhooks = async (api: Api, target: SubscriptionTarget): Promise<Webhook[]> => {
  const name = nameOf(target)
  // The filter matches parts of names: `inst1` also finds `inst10`.
  const webhooks = (await _webhooksNamed(api, name)).filter((webhook) => webhook.name === name)
  return webhooks.toSorted((a, b) => (a.id < b.id ? -1 : 1))
}

const _webhooksNamed = (api: Api, part: string): Promise<Webhook[]> =>
  readPages({ 'filter[name_contains]': part }, async (query) => {
    const page = await api.request({
      method: 'GET',
      path: '/api/v2/webhooks',
      query,
      schema: z.object({ webhooks: z.array(webhookSchema), meta: metaSchema }),
      purpose: 'list the webhooks',
    })
    return { items: page.webhooks, meta: page.meta }
  })

// -------------------------------------------------------------------------------------------------------------- common

/** Explains a 403. It nearly always means a user who isn't an admin, or a missing scope. */
const _asAdmin = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work()
  } catch (error) {
    if (!isProviderError(error) || error.status !== 403) throw error
    throw new ProviderError(
      PROVIDER,
      'unauthorized',
      'Could not set up the webhook (403): use an admin’s credentials, and allow the OAuth client read and write',
      { status: 403 }
    )
  }
}
