import { z } from '@botpress/sdk'
import { isProviderError } from '../errors'
import type { Tools } from '../kit/tools'
import type { SubscriptionTarget } from '../provider'
import { PROVIDER, type Api } from './api'
import { tagOf } from './identity'
import { metaSchema, nameOf, readPages, remove } from './set-up'
import { hintBody } from './webhook'

const conditionSchema = z.object({
  field: z.string(),
  operator: z.string().nullish(),
  value: z.unknown(),
})
const triggerSchema = z.object({
  id: z.union([z.number(), z.string()]).transform(String),
  title: z.string(),
  active: z.boolean().nullish(),
  conditions: z.object({ all: z.array(conditionSchema).nullish(), any: z.array(conditionSchema).nullish() }).nullish(),
  actions: z.array(z.object({ field: z.string(), value: z.unknown() })).nullish(),
})
export type Trigger = z.infer<typeof triggerSchema>

interface WantedTrigger {
  title: string
  active: true
  conditions: { all: Condition[]; any: Condition[] }
  actions: { field: string; value: string[] }[]
}
interface Condition {
  field: string
  operator: string
  value?: string
}

/**
 * Each trigger with what may replace it where the account refuses it.
 *
 * “replies”: public comments, but for those that we write ourselves: an update through the API (via 5) by the credentials' own agent. Whoever owns the credentials and
 * answers in Zendesk's own interface is heard, and so is another tool that answers through the API. Without the second condition the latter is not.
 * “state”: assignment and end, whoever causes them; an automatic assignment while we open the ticket counts as our own update.
 * https://developer.zendesk.com/documentation/ticketing/reference-guides/conditions-reference/
 */
const _wantedTriggers = (target: SubscriptionTarget, webhookId: string, ownId: string): WantedTrigger[][] => {
  const tagged: Condition = { field: 'current_tags', operator: 'includes', value: tagOf(target.botId) }
  const spoken: Condition = { field: 'comment_is_public', operator: 'is', value: 'true' }
  const byHand: Condition = { field: 'current_via_id', operator: 'is_not', value: '5' }
  const bySomebodyElse: Condition = { field: 'role', operator: 'is_not', value: ownId }
  const trigger = (kind: string, hint: 'replied' | 'changed', all: Condition[], any: Condition[]): WantedTrigger => ({
    title: `${nameOf(target)}: ${kind}`,
    active: true,
    conditions: { all, any },
    actions: [{ field: 'notification_webhook', value: [webhookId, hintBody(hint)] }],
  })
  return [
    [
      trigger('replies', 'replied', [tagged, spoken], [byHand, bySomebodyElse]),
      trigger('replies', 'replied', [tagged, spoken, byHand], []),
    ],
    [
      trigger(
        'state',
        'changed',
        [tagged],
        [
          { field: 'assignee_id', operator: 'changed' },
          { field: 'status', operator: 'value', value: 'solved' },
          { field: 'status', operator: 'value', value: 'closed' },
          { field: 'status', operator: 'value_previous', value: 'solved' },
        ]
      ),
    ],
  ]
}

/** Finds or creates the installation's triggers, and corrects what differs. */
export const ensureTriggers = async (
  api: Api,
  tools: Tools,
  target: SubscriptionTarget,
  { webhookId, ownId, existing }: { webhookId: string; ownId: string; existing: Trigger[] }
): Promise<void> => {
  for (const variants of _wantedTriggers(target, webhookId, ownId)) await _ensureTrigger(api, tools, variants, existing)
}

const _ensureTrigger = async (
  api: Api,
  tools: Tools,
  variants: WantedTrigger[],
  existing: Trigger[]
): Promise<void> => {
  const [own, ...surplus] = existing.filter((trigger) => trigger.title === variants[0]?.title)
  for (const trigger of surplus) await remove(api, `/api/v2/triggers/${trigger.id}`)
  if (own && variants.some((variant) => _same(own, variant))) return
  for (const [index, variant] of variants.entries()) {
    try {
      return await _writeTrigger(api, own, variant)
    } catch (error) {
      if (!isProviderError(error) || error.status !== 422 || index === variants.length - 1) throw error
      tools.log.warn('The account refuses a trigger condition; answers through other API clients may arrive late', {
        provider: PROVIDER,
      })
    }
  }
}

const _writeTrigger = async (api: Api, own: Trigger | undefined, trigger: WantedTrigger): Promise<void> => {
  await api.request({
    method: own ? 'PUT' : 'POST',
    path: own ? `/api/v2/triggers/${own.id}` : '/api/v2/triggers',
    json: { trigger },
    schema: z.unknown(),
    purpose: own ? 'correct the trigger' : 'create the trigger',
    repeatable: own !== undefined,
  })
}

export const ownTriggers = async (api: Api, target: SubscriptionTarget): Promise<Trigger[]> => {
  const found = await readPages({}, async (query) => {
    const page = await api.request({
      method: 'GET',
      path: '/api/v2/triggers',
      query,
      schema: z.object({ triggers: z.array(triggerSchema), meta: metaSchema }),
      purpose: 'list the triggers',
    })
    return { items: page.triggers, meta: page.meta }
  })
  return found.filter((trigger) => trigger.title.startsWith(`${nameOf(target)}: `))
}

const _same = (trigger: Trigger, wanted: WantedTrigger): boolean => {
  const conditions = (list: { field: string; operator?: string | null; value?: unknown }[] | null | undefined) =>
    (list ?? [])
      .map((condition) => `${condition.field} ${condition.operator ?? ''} ${_plain(condition.value)}`)
      .join('\n')
  return (
    trigger.active === true &&
    conditions(trigger.conditions?.all) === conditions(wanted.conditions.all) &&
    conditions(trigger.conditions?.any) === conditions(wanted.conditions.any) &&
    (trigger.actions ?? []).map((action) => `${action.field} ${_plain(action.value)}`).join('\n') ===
      wanted.actions.map((action) => `${action.field} ${_plain(action.value)}`).join('\n')
  )
}

const _plain = (value: unknown): string =>
  value == null ? '' : JSON.stringify(Array.isArray(value) ? value : `${value}`)
