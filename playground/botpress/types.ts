import type { z } from '@botpress/sdk'

export type Tags = Record<string, string>
export type Payload = Record<string, unknown>

/** What the Cloud knows of an integration: which tags, states, channels and events exist. An `IntegrationDefinition` fits. */
export interface RuntimeDefinition {
  user?: { tags?: Record<string, unknown> }
  channels?: Record<
    string,
    { conversation?: { tags?: Record<string, unknown> }; message?: { tags?: Record<string, unknown> } }
  >
  /** With a schema, what does not fit it is refused. */
  states?: Record<string, { type: string; schema?: z.ZodTypeAny }>
  events?: Record<string, unknown>
}

/** What is not known of the real Cloud, or differs by load and luck. May be changed while running. */
export interface Switches {
  /** Deliveries side by side, or one at a time per conversation. */
  delivery: 'concurrent' | 'serial'
  /** What get-or-create without `discriminateByTags` takes for a match: all of the row's tags, or those given. */
  getOrCreate: 'exact' | 'contains'
  /** Rows per page of every listing. */
  pageSize: number
  /** Time that an API call takes before it has its effect. */
  latencyMs: number | ((call: Call) => number)
  /** Whether the integration sees tags of the plugin (`hitl#…`). */
  tagsVisibleToIntegration: boolean
  /** Whether get-or-create and get-or-set check and write in one. Otherwise others get in between. */
  atomic: boolean
  /** Which messages reach the integration twice. */
  redeliver: boolean | ((delivery: Delivery) => boolean)
  /** Time between a message's or event's creation and its delivery. */
  deliveryDelayMs: number | ((delivery: Delivery) => number)
  /** Whether a scheduled message can be found and listed before its time. */
  scheduledMessages: 'visible' | 'hidden'
  /** Extra time between the integration's answer to startHitl and the plugin's activation of the session. */
  activationDelayMs: number
}

export const DEFAULT_SWITCHES: Switches = {
  delivery: 'concurrent',
  getOrCreate: 'exact',
  pageSize: 20,
  latencyMs: 0,
  tagsVisibleToIntegration: false,
  atomic: true,
  redeliver: false,
  deliveryDelayMs: 0,
  scheduledMessages: 'visible',
  activationDelayMs: 0,
}

/** On whose behalf an operation runs. Tags and states of one are not the other's. */
export type Caller = { by: 'bot' } | { by: 'integration'; alias: string; definition?: RuntimeDefinition }

/** Which handler of the integration was running: the Cloud's trace, sent along by the client. */
export interface Invocation {
  id: string
  operation: string
  /** Action or message type. */
  type?: string
  instance: number
}

/** One API call, as it was made. */
export interface Call {
  by: 'bot' | 'integration' | 'vendor'
  /** Name of the client's method, `webhook`, or 'unknown'. */
  operation: string
  method: string
  path: string
  at: number
  /** Undefined while it runs and when it got no answer. */
  status?: number
  invocation?: Invocation
}

/** Who we are in this Cloud. */
export interface Identity {
  botId: string
  botUserId: string
  integrationId: string
  alias: string
  webhookId: string
  token: string
}

export interface Delivery {
  to: 'bot' | 'integration'
  kind: 'message' | 'event'
  /** Id of the message or event. */
  id: string
  conversationId: string | undefined
  /** 1, or 2 for a message that is delivered again. */
  attempt: number
}
