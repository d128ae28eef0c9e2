import { z } from '@botpress/sdk'

/** The fields that the driver reads of Slack's webhooks. It ignores all others. */

export const richTextBlock = z.object({ type: z.literal('rich_text'), elements: z.array(z.unknown()) })

export const richTextElement = z.object({
  type: z.string(),
  elements: z.array(z.unknown()).nullish(),
  style: z.unknown(),
  indent: z.number().nullish(),
  offset: z.number().nullish(),
  language: z.string().nullish(),
})
export type RichTextElement = z.infer<typeof richTextElement>

const _marks = z.object({
  bold: z.boolean().nullish(),
  italic: z.boolean().nullish(),
  strike: z.boolean().nullish(),
  code: z.boolean().nullish(),
})

/** All kinds of inline elements in one schema. Each kind uses only some of the fields. */
export const inlineElement = z.object({
  type: z.string(),
  text: z.string().nullish(),
  url: z.string().nullish(),
  name: z.string().nullish(),
  unicode: z.string().nullish(),
  user_id: z.string().nullish(),
  range: z.string().nullish(),
  value: z.string().nullish(),
  fallback: z.string().nullish(),
  style: _marks.nullish().catch(undefined),
})
export type InlineElement = z.infer<typeof inlineElement>

const _file = z.object({ name: z.string().nullish(), title: z.string().nullish() })

export const messageEvent = z.object({
  type: z.enum(['message', 'app_mention']),
  subtype: z.string().nullish(),
  hidden: z.boolean().nullish(),
  user: z.string().nullish(),
  bot_id: z.string().nullish(),
  app_id: z.string().nullish(),
  bot_profile: z.unknown(),
  text: z.string().nullish(),
  blocks: z.array(z.unknown()).nullish().catch(undefined),
  files: z.array(_file).nullish().catch(undefined),
  channel: z.string(),
  ts: z.string(),
  thread_ts: z.string().nullish(),
  parent_user_id: z.string().nullish(),
  /** The thread's root. Slack includes it when a reply was also sent to the channel. */
  root: z.object({ user: z.string().nullish() }).nullish().catch(undefined),
})
export type MessageEvent = z.infer<typeof messageEvent>

export const reactionEvent = z.object({
  type: z.literal('reaction_added'),
  user: z.string(),
  reaction: z.string(),
  item_user: z.string().nullish(),
  item: z.object({ type: z.literal('message'), channel: z.string(), ts: z.string() }),
})
export type ReactionEvent = z.infer<typeof reactionEvent>

/** https://docs.slack.dev/apis/events-api/#event-payloads */
export const eventCallback = z.object({
  type: z.literal('event_callback'),
  event: z.object({ type: z.string() }).passthrough(),
  authorizations: z
    .array(z.object({ user_id: z.string().nullish(), is_bot: z.boolean().nullish() }))
    .nullish()
    .catch(undefined),
})

export const urlVerification = z.object({ type: z.literal('url_verification'), challenge: z.string() })

/** https://docs.slack.dev/reference/interaction-payloads/block_actions-payload */
export const blockActions = z.object({
  type: z.literal('block_actions'),
  user: z.object({ id: z.string() }),
  container: z.object({ message_ts: z.string().nullish(), channel_id: z.string().nullish() }).nullish(),
  channel: z.object({ id: z.string() }).nullish(),
  message: z.object({ ts: z.string() }).nullish(),
  actions: z.array(z.object({ action_id: z.string(), value: z.string().nullish() })),
})

export const anyPayload = z.object({ type: z.string() })

/** The type if it looks like one of Slack's; anything else may be a stranger's text and must not reach the log. */
export const loggableType = (type: string): string => (/^[\w.]{1,60}$/.test(type) ? type : 'unknown')
