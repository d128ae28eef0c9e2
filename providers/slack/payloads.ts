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

/** A field that can't be read costs itself only. */
const _text = z.string().nullish().catch(undefined)
const _flag = z.boolean().nullish().catch(undefined)
const _list = z.array(z.unknown()).nullish().catch(undefined)

export const file = z.object({
  id: _text,
  name: _text,
  title: _text,
  mode: _text,
  filetype: _text,
  mimetype: _text,
  size: z.number().nullish().catch(undefined),
  is_external: z.boolean().nullish().catch(undefined),
})
export type SlackFile = z.infer<typeof file>

/** A preview of a link, a forwarded message, a pasted table, or what a tool has attached. */
export const attachment = z.object({
  is_share: _flag,
  is_msg_unfurl: _flag,
  from_url: _text,
  original_url: _text,
  title: _text,
  text: _text,
  pretext: _text,
  fallback: _text,
  image_url: _text,
  blocks: _list,
  fields: _list,
  files: _list,
})
export type Attachment = z.infer<typeof attachment>

export const messageEvent = z.object({
  type: z.enum(['message', 'app_mention']),
  subtype: _text,
  hidden: _flag,
  user: _text,
  bot_id: _text,
  app_id: _text,
  bot_profile: z.object({ user_id: _text }).nullish().catch({}),
  text: _text,
  blocks: _list,
  attachments: _list,
  files: _list,
  metadata: z.object({ event_type: _text }).nullish().catch(undefined),
  channel: z.string(),
  ts: z.string(),
  thread_ts: _text,
  parent_user_id: _text,
  /** The author's workspace, in a channel that several share. https://docs.slack.dev/apis/slack-connect */
  user_team: _text,
  source_team: _text,
  team: _text,
  /** The thread's root. Slack includes it when a reply was also sent to the channel. */
  root: z.object({ user: z.string().nullish() }).nullish().catch(undefined),
})
export type MessageEvent = z.infer<typeof messageEvent>

/** https://docs.slack.dev/reference/events/message/message_changed */
export const changedEvent = z.object({
  type: z.literal('message'),
  subtype: z.literal('message_changed'),
  channel: z.string(),
  message: z.object({ edited: z.object({ ts: z.string() }).nullish().catch(undefined) }).passthrough(),
  previous_message: z.unknown(),
})

/** https://docs.slack.dev/reference/events/message/message_deleted */
export const deletedEvent = z.object({
  type: z.literal('message'),
  subtype: z.literal('message_deleted'),
  channel: z.string(),
  deleted_ts: z.string(),
  previous_message: z.object({}).passthrough().optional().catch(undefined),
})

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
  api_app_id: _text,
  team_id: _text,
  context_team_id: _text,
  context_enterprise_id: _text,
  is_ext_shared_channel: _flag,
  authorizations: z
    .array(z.object({ user_id: _text, is_bot: _flag, team_id: _text, enterprise_id: _text }))
    .nullish()
    .catch(undefined),
})
export type EventCallback = z.infer<typeof eventCallback>

/** https://docs.slack.dev/reference/events/channel_id_changed */
export const channelIdChanged = z.object({
  type: z.literal('channel_id_changed'),
  old_channel_id: z.string(),
  new_channel_id: z.string(),
})

export const urlVerification = z.object({ type: z.literal('url_verification'), challenge: z.string() })

/** https://docs.slack.dev/reference/interaction-payloads/block_actions-payload */
export const blockActions = z.object({
  type: z.literal('block_actions'),
  user: z.object({ id: z.string(), team_id: _text }),
  team: z.object({ id: _text, enterprise_id: _text }).nullish().catch(undefined),
  enterprise: z.object({ id: _text }).nullish().catch(undefined),
  container: z.object({ message_ts: z.string().nullish(), channel_id: z.string().nullish() }).nullish(),
  channel: z.object({ id: z.string() }).nullish(),
  message: z.object({ ts: z.string() }).nullish(),
  actions: z.array(z.object({ action_id: z.string(), value: z.string().nullish() })),
})

export const anyPayload = z.object({ type: z.string() })

/** The type if it looks like one of Slack's; anything else may be a stranger's text and must not reach the log. */
export const loggableType = (type: string): string => (/^[\w.]{1,60}$/.test(type) ? type : 'unknown')
