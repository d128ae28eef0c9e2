import { z } from '@botpress/sdk'
import { isProviderError, ProviderError } from '../errors'
import type { Tools } from '../kit/tools'
import type { Subscription, SubscriptionTarget } from '../provider'
import { PROVIDER, type Api } from './api'
import { metaSchema, nameOf, readPages, remove } from './set-up'
import { ensureTriggers, ownTriggers } from './triggers'

const idSchema = z.union([z.number(), z.string()]).transform(String)
const webhookSchema = z.object({
  id: idSchema,
  name: z.string(),
  status: z.string().nullish(),
  endpoint: z.string().nullish(),
  http_method: z.string().nullish(),
  request_format: z.string().nullish(),
  subscriptions: z.array(z.string()).nullish(),
})
/**
 * One webhook that only our triggers fire (`conditional_ticket_events`) and two triggers that only tickets with our tag meet: the account's other tickets
 * cause no request at all. Found by name at each save; written only where something differs. A save that breaks off leaves a part that the
 * next one completes.
 * https://developer.zendesk.com/api-reference/webhooks/webhooks-api/webhooks/
 */
export const subscribe = async (api: Api, tools: Tools, target: SubscriptionTarget): Promise<Subscription> =>
  _asAdmin(async () => {
    const { webhookId, surplus } = await _ensureWebhook(api, target)
    const [{ signing_secret }, me, triggers] = await Promise.all([
      api.request({
        method: 'GET',
        path: `/api/v2/webhooks/${encodeURIComponent(webhookId)}/signing_secret`,
        schema: z.object({ signing_secret: z.object({ secret: z.string().min(1) }) }),
        purpose: 'read the webhook’s signing secret',
      }),
      api.me(),
      ownTriggers(api, target),
    ])
    await ensureTriggers(api, tools, target, { webhookId, ownId: me.id, existing: triggers })
    for (const id of surplus) await remove(api, `/api/v2/webhooks/${encodeURIComponent(id)}`)
    return { webhookId, secret: signing_secret.secret }
  })

/** Triggers first: Zendesk does not delete a webhook that a trigger uses. */
export const unsubscribe = async (api: Api, target: SubscriptionTarget): Promise<void> =>
  _asAdmin(async () => {
    for (const trigger of await ownTriggers(api, target)) await remove(api, `/api/v2/triggers/${trigger.id}`)
    for (const webhook of await _ownWebhooks(api, target)) {
      await remove(api, `/api/v2/webhooks/${encodeURIComponent(webhook.id)}`)
    }
  })

// -------------------------------------------------------------------------------------------------------------- webhook

/** `surplus`: two saves at the same moment may each have made one; no trigger uses it once they are right. */
const _ensureWebhook = async (
  api: Api,
  target: SubscriptionTarget
): Promise<{ webhookId: string; surplus: string[] }> => {
  const wanted = {
    name: nameOf(target),
    status: 'active',
    endpoint: target.url,
    http_method: 'POST',
    request_format: 'json',
    subscriptions: ['conditional_ticket_events'],
  }
  const [own, ...surplus] = await _ownWebhooks(api, target)
  if (!own) {
    try {
      const { webhook } = await api.request({
        method: 'POST',
        path: '/api/v2/webhooks',
        json: { webhook: { ...wanted, description: `Tells the bot ${target.botId} what agents do in its tickets.` } },
        schema: z.object({ webhook: webhookSchema }),
        purpose: 'create the webhook',
      })
      return { webhookId: webhook.id, surplus: [] }
    } catch (error) {
      if (!isProviderError(error) || error.outcome !== 'unknown') throw error
      const made = (await _ownWebhooks(api, target))[0]
      if (!made) throw error
      return { webhookId: made.id, surplus: [] }
    }
  }
  const differs =
    own.status !== wanted.status ||
    own.endpoint !== wanted.endpoint ||
    own.http_method?.toUpperCase() !== wanted.http_method ||
    own.request_format !== wanted.request_format ||
    own.subscriptions?.join() !== wanted.subscriptions.join()
  if (differs) {
    await api.request({
      method: 'PATCH',
      path: `/api/v2/webhooks/${encodeURIComponent(own.id)}`,
      json: { webhook: wanted },
      schema: z.unknown(),
      purpose: 'correct the webhook',
      repeatable: true,
    })
  }
  return { webhookId: own.id, surplus: surplus.map(({ id }) => id) }
}

const _ownWebhooks = async (api: Api, target: SubscriptionTarget) => {
  const name = nameOf(target)
  const found = await readPages({ 'filter[name_contains]': name }, async (query) => {
    const page = await api.request({
      method: 'GET',
      path: '/api/v2/webhooks',
      query,
      schema: z.object({ webhooks: z.array(webhookSchema), meta: metaSchema }),
      purpose: 'list the webhooks',
    })
    return { items: page.webhooks, meta: page.meta }
  })
  // “inst1” is contained in “inst10”.
  return found.filter((webhook) => webhook.name === name).toSorted((a, b) => (a.id < b.id ? -1 : 1))
}

// --------------------------------------------------------------------------------------------------------------- common

/** A refusal here is nearly always one of two things, and the bot builder can mend both. */
const _asAdmin = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work()
  } catch (error) {
    if (!isProviderError(error) || error.status !== 403) throw error
    throw new ProviderError(
      PROVIDER,
      'unauthorized',
      'Could not set up the webhook: the desk answered 403. The credentials must be an admin’s, and an OAuth client needs the scopes read and write',
      { status: 403 }
    )
  }
}
