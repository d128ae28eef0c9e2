/** The sandbox's webhooks and triggers: their API, signatures and deliveries. */
import { createHash, createHmac } from 'node:crypto'
import type { SandboxRequest, SandboxResponse, DeliveryQueue } from '../../kit/sandbox'
import type { WebhookRequest } from '../../provider'
import { isoTime, type State, type Update } from './state'
import { firesOn, isKnownCondition, fillPlaceholders, type Condition, type TriggerRow } from './triggers'
import { invalid, NOT_FOUND, paged, type Body } from './answers'

export interface WebhookRow {
  id: string
  name: string
  status: string
  endpoint: string
  http_method: string
  request_format: string
  subscriptions: string[]
  description: string | null
  secret: string
}

export interface Rules {
  readonly webhooks: WebhookRow[]
  readonly triggers: TriggerRow[]
  /** Evaluates all triggers after an update and queues their deliveries. */
  fire(update: Update): void
  handle(request: SandboxRequest, body: Body | undefined): SandboxResponse | undefined
  /** A request signed as Zendesk does: base64(HMAC-SHA256(secret, timestamp + body)). */
  signed(body: string, options?: { secret?: string; at?: number; webhook?: WebhookRow }): WebhookRequest
}

/** Signs requests while no webhook exists. */
const NO_WEBHOOK_SECRET = 'no webhook exists'

export const createRules = (now: () => number, state: () => State, deliveries: DeliveryQueue): Rules => {
  const webhooks: WebhookRow[] = []
  const triggers: TriggerRow[] = []
  let invocations = 0
  let createdWebhooks = 0

  const signed: Rules['signed'] = (body, { secret, at = now(), webhook = webhooks[0] } = {}) => {
    const timestamp = isoTime(at)
    const key = secret ?? webhook?.secret ?? NO_WEBHOOK_SECRET
    invocations += 1
    const segment = webhook ? new URL(webhook.endpoint).pathname.split('/').findLast(Boolean) : 'zendesk'
    return {
      method: 'POST',
      path: `/${segment ?? ''}`,
      query: '',
      headers: {
        'content-type': 'application/json; charset=utf-8',
        'x-zendesk-account-id': '123456',
        'x-zendesk-webhook-id': webhook?.id ?? '01F1KRFQ6BG29CNWFR60NK5FNY',
        'x-zendesk-webhook-invocation-id': String(8_350_205_000 + invocations),
        'x-zendesk-webhook-signature': createHmac('sha256', key).update(`${timestamp}${body}`).digest('base64'),
        'x-zendesk-webhook-signature-timestamp': timestamp,
      },
      body,
    }
  }

  const fire = (update: Update): void => {
    for (const trigger of triggers.filter((candidate) => firesOn(candidate, update, state().users))) {
      for (const action of trigger.actions) {
        const [webhookId, template] = action.value as [string, string]
        const webhook = webhooks.find((candidate) => candidate.id === webhookId && candidate.status === 'active')
        if (webhook) deliveries.push(signed(fillPlaceholders(template, update, state().users), { webhook }))
      }
    }
  }

  // ---------------------------------------------------------------------------------------------------------- webhooks

  const webhookJson = ({ secret: _secret, ...webhook }: WebhookRow) => webhook

  const webhookError = (input: Partial<WebhookRow>): SandboxResponse | undefined => {
    const refuse = (title: string): SandboxResponse => ({
      status: 400,
      body: { errors: [{ code: 'InvalidWebhook', title, id: 'sandbox' }] },
    })
    for (const field of ['name', 'endpoint', 'http_method', 'request_format', 'status'] as const) {
      if (typeof input[field] !== 'string' || input[field] === '') return refuse(`${field} is required`)
    }
    if (!input.endpoint?.startsWith('https://')) return refuse('endpoint must be https')
    if (input.status !== 'active' && input.status !== 'inactive') return refuse('status is invalid')
    const kinds = input.subscriptions ?? []
    if (kinds.includes('conditional_ticket_events') && kinds.length > 1)
      return refuse('subscriptions exclude each other')
    return undefined
  }

  const onWebhooks = (request: SandboxRequest, id: string, action: string, body: Body | undefined): SandboxResponse => {
    const input = body?.webhook as Partial<WebhookRow> | undefined
    if (id === '' && request.method === 'GET') {
      const namePart = (request.query.get('filter[name_contains]') ?? '').toLowerCase()
      const found = webhooks.filter((webhook) => webhook.name.toLowerCase().includes(namePart))
      return { status: 200, body: paged(request, 'webhooks', found.map(webhookJson)) }
    }
    if (id === '' && request.method === 'POST') {
      const error = webhookError(input ?? {})
      if (error) return error
      createdWebhooks += 1
      const digest = createHash('sha256').update(`webhook ${createdWebhooks}`).digest()
      const webhook: WebhookRow = {
        id: `01SANDBOX${String(createdWebhooks).padStart(17, '0')}`,
        ...(input as Omit<WebhookRow, 'id' | 'secret'>),
        description: input?.description ?? null,
        subscriptions: input?.subscriptions ?? [],
        secret: digest.toString('base64'),
      }
      webhooks.push(webhook)
      return { status: 201, body: { webhook: webhookJson(webhook) } }
    }
    const webhook = webhooks.find((candidate) => candidate.id === id)
    if (!webhook) return NOT_FOUND
    if (action === 'signing_secret' && request.method === 'GET') {
      return { status: 200, body: { signing_secret: { algorithm: 'SHA256', secret: webhook.secret } } }
    }
    if (action === 'signing_secret' && request.method === 'POST') {
      webhook.secret = createHash('sha256').update(`rotated ${webhook.secret}`).digest('base64')
      return { status: 201, body: { signing_secret: { algorithm: 'SHA256', secret: webhook.secret } } }
    }
    if (action !== '') return NOT_FOUND
    if (request.method === 'GET') return { status: 200, body: { webhook: webhookJson(webhook) } }
    if (request.method === 'PATCH' || request.method === 'PUT') {
      const error = webhookError(request.method === 'PATCH' ? { ...webhook, ...input } : (input ?? {}))
      if (error) return error
      Object.assign(webhook, input)
      return { status: 204 }
    }
    if (request.method !== 'DELETE') return NOT_FOUND
    const isUsed = triggers.some((trigger) => trigger.actions.some((entry) => (entry.value as string[])[0] === id))
    if (isUsed)
      return { status: 400, body: { errors: [{ code: 'InvalidWebhook', title: 'Webhook is used by a trigger' }] } }
    webhooks.splice(webhooks.indexOf(webhook), 1)
    return { status: 204 }
  }

  // ---------------------------------------------------------------------------------------------------------- triggers

  const triggerError = (input: Partial<TriggerRow>): SandboxResponse | undefined => {
    if (!input.title) return invalid('title', 'cannot be blank')
    if (!input.actions?.length) return invalid('actions', 'a trigger needs an action')
    const conditions = [...(input.conditions?.all ?? []), ...(input.conditions?.any ?? [])]
    if (conditions.length === 0) return invalid('conditions', 'a trigger needs a condition')
    if (conditions.some((condition) => !isKnownCondition(condition))) return invalid('conditions', 'Invalid condition')
    for (const action of input.actions) {
      const value = action.value as unknown[]
      const known = webhooks.some((webhook) => webhook.id === value?.[0])
      if (action.field !== 'notification_webhook' || !known || typeof value[1] !== 'string') {
        return invalid('actions', 'Invalid action')
      }
    }
    return undefined
  }

  /** Zendesk returns each condition with all its fields. */
  const withAllFields = (conditions: Partial<TriggerRow['conditions']> | undefined): TriggerRow['conditions'] => {
    const full = (list: Condition[] | undefined) =>
      (list ?? []).map(({ field, operator = 'is', value }) => ({ field, operator, value: value ?? null }))
    return { all: full(conditions?.all), any: full(conditions?.any) }
  }

  const onTriggers = (request: SandboxRequest, id: string, body: Body | undefined): SandboxResponse => {
    const input = body?.trigger as Partial<TriggerRow> | undefined
    if (id === '' && request.method === 'GET') return { status: 200, body: paged(request, 'triggers', triggers) }
    if (id === '' && request.method === 'POST') {
      const error = triggerError(input ?? {})
      if (error) return error
      const trigger: TriggerRow = {
        id: state().nextId(),
        title: input?.title ?? '',
        active: input?.active ?? true,
        conditions: withAllFields(input?.conditions),
        actions: input?.actions ?? [],
      }
      triggers.push(trigger)
      return { status: 201, body: { trigger } }
    }
    const trigger = triggers.find((candidate) => String(candidate.id) === id)
    if (!trigger) return NOT_FOUND
    if (request.method === 'GET') return { status: 200, body: { trigger } }
    if (request.method === 'PUT') {
      const error = triggerError({ ...trigger, ...input })
      if (error) return error
      Object.assign(trigger, input, input?.conditions ? { conditions: withAllFields(input.conditions) } : {})
      return { status: 200, body: { trigger } }
    }
    if (request.method !== 'DELETE') return NOT_FOUND
    triggers.splice(triggers.indexOf(trigger), 1)
    return { status: 204 }
  }

  return {
    webhooks,
    triggers,
    fire,
    signed,
    handle: (request, body) => {
      const [, kind, id = '', action = ''] =
        /^\/api\/v2\/(webhooks|triggers)(?:\/([^/]+))?(?:\/([^/]+))?$/.exec(request.path) ?? []
      if (kind === 'webhooks') return onWebhooks(request, decodeURIComponent(id), action, body)
      return kind === 'triggers' && action === '' ? onTriggers(request, id, body) : undefined
    },
  }
}
