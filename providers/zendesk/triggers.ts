import { z } from '@botpress/sdk'
import { isProviderError } from '../errors'
import type { Tools } from '../kit/tools'
import type { SubscriptionTarget } from '../provider'
import { PROVIDER, type Api } from './api'
import { tagOf } from './identity'
import { idSchema, metaSchema } from './records'
import { nameOf, PREFIX, readPages, remove } from './set-up'
import { hintBody, type Hint } from './webhook'

const conditionSchema = z.object({
  field: z.string(),
  operator: z.string().nullish(),
  value: z.unknown(),
})
const triggerSchema = z.object({
  id: idSchema,
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
 * The wanted triggers. Each is a list: the first entry, then fallbacks for accounts that refuse it.
 *
 * - `replies` fires on public comments, except those that the credentials' own user adds through the API (via 5): these
 *   are the router's. The fallback lacks the condition on the user, so it also misses replies from other API clients.
 * - `state` fires on assignment, end and reopening, no matter who causes them. Zendesk attributes an automatic
 *   assignment during creation to the router.
 * - `notes` fires on internal notes that hold the hand-back phrase. The fallback fires on every internal note.
 *
 * https://developer.zendesk.com/documentation/ticketing/reference-guides/conditions-reference/
 */
const _wantedTriggers = (
  target: SubscriptionTarget,
  { webhookId, apiUserId, handBack }: Omit<TriggerContext, 'existing'>
): WantedTrigger[][] => {
  const hasTag: Condition = { field: 'current_tags', operator: 'includes', value: tagOf(target.botId) }
  const hasPublicComment: Condition = { field: 'comment_is_public', operator: 'is', value: 'true' }
  const notThroughApi: Condition = { field: 'current_via_id', operator: 'is_not', value: '5' }
  const notByApiUser: Condition = { field: 'role', operator: 'is_not', value: apiUserId }
  const hasNote: Condition = { field: 'comment_is_public', operator: 'is', value: 'false' }
  const saysPhrase: Condition = { field: 'comment_includes_word', operator: 'is', value: handBack }
  const trigger = (kind: string, hint: Hint, all: Condition[], any: Condition[]): WantedTrigger => ({
    title: `${nameOf(target)}: ${kind}`,
    active: true,
    conditions: { all, any },
    actions: [{ field: 'notification_webhook', value: [webhookId, hintBody(hint)] }],
  })
  return [
    [
      trigger('replies', 'replied', [hasTag, hasPublicComment], [notThroughApi, notByApiUser]),
      trigger('replies', 'replied', [hasTag, hasPublicComment, notThroughApi], []),
    ],
    [
      trigger(
        'state',
        'changed',
        [hasTag],
        [
          { field: 'assignee_id', operator: 'changed' },
          { field: 'status', operator: 'value', value: 'solved' },
          { field: 'status', operator: 'value', value: 'closed' },
          { field: 'status', operator: 'value_previous', value: 'solved' },
        ]
      ),
    ],
    [
      trigger('notes', 'noted', [hasTag, hasNote, saysPhrase], [notThroughApi, notByApiUser]),
      trigger('notes', 'noted', [hasTag, hasNote, notThroughApi], []),
    ],
  ]
}

export interface TriggerContext {
  webhookId: string
  /** The credentials' own user. */
  apiUserId: string
  /** The phrase by which agents give the conversation back. */
  handBack: string
  existing: Trigger[]
}

/** Finds or creates the installation's triggers and updates those that differ. */
export const ensureTriggers = async (
  api: Api,
  tools: Tools,
  target: SubscriptionTarget,
  { existing, ...context }: TriggerContext
): Promise<void> => {
  await Promise.all(_wantedTriggers(target, context).map((variants) => _ensureTrigger(api, tools, variants, existing)))
}

const _ensureTrigger = async (
  api: Api,
  tools: Tools,
  variants: WantedTrigger[],
  existing: Trigger[]
): Promise<void> => {
  const [current, ...duplicates] = existing.filter((trigger) => trigger.title === variants[0]?.title)
  for (const trigger of duplicates) await remove(api, `/api/v2/triggers/${trigger.id}`)
  if (current && variants.some((variant) => _isUpToDate(current, variant))) return
  for (const [index, variant] of variants.entries()) {
    try {
      return await _writeTrigger(api, current, variant)
    } catch (error) {
      if (!isProviderError(error) || error.status !== 422 || index === variants.length - 1) throw error
      tools.log.warn('The account refuses a trigger condition: changes through other API clients may arrive late', {
        provider: PROVIDER,
      })
    }
  }
}

const _writeTrigger = async (api: Api, current: Trigger | undefined, trigger: WantedTrigger): Promise<void> => {
  await api.request({
    method: current ? 'PUT' : 'POST',
    path: current ? `/api/v2/triggers/${current.id}` : '/api/v2/triggers',
    json: { trigger },
    schema: z.unknown(),
    purpose: current ? 'update the trigger' : 'create the trigger',
    repeatable: current !== undefined,
  })
}

/** The installation's triggers. The colon keeps `inst1` from matching the triggers of `inst10`. */
export const ownTriggers = async (api: Api, target: SubscriptionTarget): Promise<Trigger[]> =>
  (await listRouterTriggers(api)).filter((trigger) => trigger.title.startsWith(`${nameOf(target)}: `))

/** The triggers of all routers in the account. */
export const listRouterTriggers = async (api: Api): Promise<Trigger[]> => {
  const triggers = await readPages({}, async (query) => {
    const page = await api.request({
      method: 'GET',
      path: '/api/v2/triggers',
      query,
      schema: z.object({ triggers: z.array(triggerSchema), meta: metaSchema }),
      purpose: 'list the triggers',
    })
    return { items: page.triggers, meta: page.meta }
  })
  return triggers.filter((trigger) => trigger.title.startsWith(PREFIX))
}

export const TRIGGER_KINDS = ['replies', 'state', 'notes'] as const

/** How a trigger differs from the one that the router makes, as the end of a sentence. Undefined: it doesn't. */
export const triggerProblem = (
  trigger: Trigger,
  kind: (typeof TRIGGER_KINDS)[number],
  target: SubscriptionTarget,
  context: Omit<TriggerContext, 'existing'>
): string | undefined => {
  const variants = _wantedTriggers(target, context)[TRIGGER_KINDS.indexOf(kind)] ?? []
  if (trigger.active !== true) return 'isn’t active'
  return variants.some((wanted) => _isUpToDate(trigger, wanted))
    ? undefined
    : 'was changed: its conditions or its action'
}

const _isUpToDate = (trigger: Trigger, wanted: WantedTrigger): boolean => {
  const conditions = (list: { field: string; operator?: string | null; value?: unknown }[] | null | undefined) =>
    (list ?? [])
      .map((condition) => `${condition.field} ${condition.operator ?? ''} ${_comparable(condition.value)}`)
      .join('\n')
  return (
    trigger.active === true &&
    conditions(trigger.conditions?.all) === conditions(wanted.conditions.all) &&
    conditions(trigger.conditions?.any) === conditions(wanted.conditions.any) &&
    (trigger.actions ?? []).map((action) => `${action.field} ${_comparable(action.value)}`).join('\n') ===
      wanted.actions.map((action) => `${action.field} ${_comparable(action.value)}`).join('\n')
  )
}

/** A value as text, so that `5` equals `'5'`. */
const _comparable = (value: unknown): string =>
  value == null ? '' : JSON.stringify(Array.isArray(value) ? value : `${value}`)
