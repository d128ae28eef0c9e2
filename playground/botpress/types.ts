import type { z } from '@botpress/sdk'

export type Tags = Record<string, string>
export type Payload = Record<string, unknown>

/** The tags, states, channels and events that an integration declares. An `IntegrationDefinition` is one. */
export interface RuntimeDefinition {
  user?: { tags?: Record<string, unknown> }
  channels?: Record<
    string,
    { conversation?: { tags?: Record<string, unknown> }; message?: { tags?: Record<string, unknown> } }
  >
  /** A payload that doesn't match the schema is refused. */
  states?: Record<string, { type: string; schema?: z.ZodTypeAny }>
  events?: Record<string, unknown>
}

/** Behaviour of the real Cloud that is unknown, or that varies with load and chance. May change while running. */
export interface Switches {
  /** Whether deliveries run concurrently, or one at a time per conversation. */
  delivery: 'concurrent' | 'serial'
  /** Whether get-or-create without `discriminateByTags` compares all tags of the row, or only the given ones. */
  getOrCreate: 'exact' | 'contains'
  /** Rows per page of every listing. */
  pageSize: number
  /** Time before an API call takes effect. */
  latencyMs: number | ((call: Call) => number)
  /** Whether the integration sees the plugin's tags (`hitl#…`). */
  tagsVisibleToIntegration: boolean
  /** Whether get-or-create and get-or-set are atomic. If not, other calls may run between the check and the write. */
  atomic: boolean
  /** Which messages are delivered to the integration twice. */
  redeliver: boolean | ((delivery: Delivery) => boolean)
  /** Time between the creation of a message or event and its delivery. */
  deliveryDelayMs: number | ((delivery: Delivery) => number)
  /** Whether a scheduled message can be read and listed before its time. */
  scheduledMessages: 'visible' | 'hidden'
  /** Whether listings ignore tags and types, so that the caller has to compare. */
  ignoresFilters: boolean
  /** Extra time between the reply to startHitl and the activation of the session by the plugin. */
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
  ignoresFilters: false,
  activationDelayMs: 0,
}

/** On whose behalf an operation runs. The bot and each integration have their own tags and states. */
export type Caller = { by: 'bot' } | { by: 'integration'; alias: string; definition?: RuntimeDefinition }

/** The call of the integration during which an API call was made. The client sends its trace. */
export interface Invocation {
  id: string
  operation: string
  /** Action or message type. */
  type?: string
  instance: number
}

/** A recorded API call. */
export interface Call {
  by: 'bot' | 'integration' | 'vendor'
  /** Name of the client's method, `webhook`, or `unknown`. */
  operation: string
  method: string
  path: string
  at: number
  /** Undefined while the call runs, and when it got no reply. */
  status?: number
  invocation?: Invocation
}

/** The ids of the bot and the integration in this Cloud. */
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
  /** 2 for the duplicate of a message, otherwise 1. */
  attempt: number
}
