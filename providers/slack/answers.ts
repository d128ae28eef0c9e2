import { z } from '@botpress/sdk'

/** The fields that the driver reads of the Web API's answers. It ignores all others. */

const _metadata = z.object({
  event_type: z.string(),
  event_payload: z.record(z.unknown()),
})
const _word = z.string().nullish().catch(undefined)
/**
 * Named fields are those that every reader needs. The others pass through for `messageEvent`. A field of another shape
 * costs itself only.
 */
const _message = z
  .object({
    ts: z.string(),
    user: _word,
    parent_user_id: _word,
    team: _word,
    text: _word,
    blocks: z.array(z.unknown()).nullish().catch(undefined),
    // Other apps' metadata may have any shape.
    metadata: _metadata.nullish().catch(undefined),
  })
  .passthrough()
export type ReadMessage = z.infer<typeof _message>
/** A message without a timestamp can't be addressed, and must not hide the others. */
const _messages = z.array(z.unknown()).transform((messages) =>
  messages.flatMap((message): ReadMessage[] => {
    const parsed = _message.safeParse(message)
    return parsed.success ? [parsed.data] : []
  })
)

export const posted = z.object({
  ok: z.literal(true),
  channel: z.string(),
  ts: z.string(),
  message: z.object({ thread_ts: z.string().nullish(), team: _word, user: _word, bot_id: _word }).nullish(),
})
export const done = z.object({ ok: z.literal(true) })
export const page = z.object({
  ok: z.literal(true),
  messages: _messages,
  has_more: z.boolean().nullish(),
  response_metadata: z.object({ next_cursor: z.string().nullish() }).nullish(),
})
export const identity = z.object({
  ok: z.literal(true),
  url: z.string().nullish(),
  team: z.string().nullish(),
  team_id: z.string().nullish(),
  user_id: z.string().nullish(),
  user: z.string().nullish(),
  bot_id: z.string().nullish(),
  enterprise_id: z.string().nullish(),
})
export const channel = z.object({
  ok: z.literal(true),
  channel: z.object({
    id: z.string(),
    name: z.string().nullish(),
    is_member: z.boolean().nullish(),
    is_private: z.boolean().nullish(),
    is_archived: z.boolean().nullish(),
  }),
})
export const channels = z.object({
  ok: z.literal(true),
  channels: z.array(z.object({ id: z.string() })),
})
export const user = z.object({
  ok: z.literal(true),
  user: z.object({
    id: z.string(),
    name: _word,
    real_name: _word,
    is_bot: z.boolean().nullish().catch(undefined),
    team_id: _word,
    enterprise_user: z.object({ enterprise_id: _word }).nullish().catch(undefined),
    profile: z.object({ display_name: _word, real_name: _word, image_192: _word }).nullish().catch(undefined),
  }),
})
export const members = z.object({ ok: z.literal(true), members: z.array(z.string()) })
export const presence = z.object({ ok: z.literal(true), presence: _word })
const _seconds = z.number().nullish().catch(undefined)
export const quietTimes = z.object({
  ok: z.literal(true),
  users: z.record(
    z.object({
      dnd_enabled: z.boolean().nullish().catch(undefined),
      next_dnd_start_ts: _seconds,
      next_dnd_end_ts: _seconds,
      snooze_enabled: z.boolean().nullish().catch(undefined),
      snooze_endtime: _seconds,
    })
  ),
})
export const userGroups = z.object({
  ok: z.literal(true),
  usergroups: z.array(
    z.object({ id: z.string(), handle: _word, name: _word, users: z.array(z.string()).nullish().catch(undefined) })
  ),
})
