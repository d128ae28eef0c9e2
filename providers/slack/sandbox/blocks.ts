/** Slack's rules for the content of messages. https://docs.slack.dev/reference/block-kit/blocks */
import type { StoredMessage } from './workspace'

type Json = Record<string, unknown>

const _isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const _isText = (value: unknown, types: string[], longest: number): boolean =>
  _isObject(value) &&
  types.includes(String(value['type'])) &&
  typeof value['text'] === 'string' &&
  value['text'].length > 0 &&
  value['text'].length <= longest

const _isButton = (value: unknown): boolean =>
  _isObject(value) &&
  value['type'] === 'button' &&
  typeof value['action_id'] === 'string' &&
  value['action_id'].length <= 255 &&
  _isText(value['text'], ['plain_text'], 75) &&
  (value['value'] === undefined || (typeof value['value'] === 'string' && value['value'].length <= 2_000)) &&
  (value['style'] === undefined || value['style'] === 'primary' || value['style'] === 'danger')

const _isBlock = (block: unknown): boolean => {
  if (!_isObject(block)) return false
  const elements = Array.isArray(block['elements']) ? (block['elements'] as unknown[]) : []
  switch (block['type']) {
    case 'header':
      return _isText(block['text'], ['plain_text'], 150)
    case 'section':
      return _isText(block['text'], ['plain_text', 'mrkdwn'], 3_000)
    case 'context':
      return (
        elements.length > 0 &&
        elements.length <= 10 &&
        elements.every((element) => _isText(element, ['plain_text', 'mrkdwn'], 3_000))
      )
    case 'actions':
      return elements.length > 0 && elements.length <= 25 && elements.every(_isButton)
    default:
      return block['type'] === 'divider'
  }
}

/** Slack's error code for the blocks, or undefined if they are valid. */
const refuseBlocks = (blocks: unknown): string | undefined => {
  if (blocks === undefined) return undefined
  if (!Array.isArray(blocks)) return 'invalid_blocks_format'
  const ids = blocks.flatMap((block) =>
    _isObject(block) && block['block_id'] !== undefined ? [block['block_id']] : []
  )
  const idsAreFine = ids.every((id) => typeof id === 'string' && id.length <= 255) && new Set(ids).size === ids.length
  if (blocks.length > 50 || !idsAreFine || !blocks.every(_isBlock)) return 'invalid_blocks'
  return textsOf(blocks).join('').length > 13_200 ? 'msg_blocks_too_long' : undefined
}

/** Slack's error code for invalid metadata. https://docs.slack.dev/messaging/message-metadata */
const refuseMetadata = (metadata: unknown): string | undefined => {
  if (metadata === undefined) return undefined
  if (!_isObject(metadata) || typeof metadata['event_type'] !== 'string' || !_isObject(metadata['event_payload'])) {
    return 'invalid_metadata_format'
  }
  const values = Object.values(metadata['event_payload'])
  return values.every((value) => ['string', 'number', 'boolean'].includes(typeof value))
    ? undefined
    : 'invalid_metadata_schema'
}

/** The texts in blocks. `only` limits them to one type. */
export const textsOf = (blocks: unknown[], only?: 'mrkdwn'): string[] =>
  blocks.filter(_isObject).flatMap((block) => {
    const elements = Array.isArray(block['elements']) ? (block['elements'] as unknown[]) : []
    return [block['text'], ...elements]
      .filter(_isObject)
      .flatMap((text) =>
        typeof text['text'] === 'string' && (only === undefined || text['type'] === only) ? [text['text']] : []
      )
  })

/** The buttons in blocks. */
export const buttonsOf = (blocks: unknown[]): { action: string; value: string; block: string }[] =>
  blocks.filter(_isObject).flatMap((block) =>
    block['type'] !== 'actions' || !Array.isArray(block['elements'])
      ? []
      : (block['elements'] as Json[]).map((button) => ({
          action: String(button['action_id']),
          value: String(button['value'] ?? ''),
          block: String(block['block_id'] ?? ''),
        }))
  )

/** Slack's error code for a message's content, or undefined if it is valid. */
export const refuseContent = (args: Json): string | undefined => {
  const { text, blocks, metadata } = args
  if ((typeof text !== 'string' || text === '') && !Array.isArray(blocks)) return 'no_text'
  if (typeof text === 'string' && text.length > 40_000) return 'msg_too_long'
  return refuseBlocks(blocks) ?? refuseMetadata(metadata)
}

/** The content of a message, as `chat.postMessage` and `chat.update` store it. */
export const contentOf = (args: Json): Partial<StoredMessage> => ({
  text: typeof args['text'] === 'string' ? args['text'] : '',
  ...(Array.isArray(args['blocks']) ? { blocks: args['blocks'] as Record<string, unknown>[] } : {}),
  ...(args['metadata'] === undefined ? {} : { metadata: args['metadata'] as NonNullable<StoredMessage['metadata']> }),
})

const MENTION = /<!(?:here|channel|everyone|group|subteam)[^>]*>|<[@#][A-Z0-9]+[^>]*>/g

/** Records the mentions in a post that notify somebody. */
export const recordMentions = (args: Json, notifications: string[]): void => {
  const texts = [String(args['text'] ?? ''), ...textsOf((args['blocks'] as unknown[] | undefined) ?? [], 'mrkdwn')]
  notifications.push(...texts.flatMap((text) => text.match(MENTION) ?? []))
  if (args['link_names'] === true || args['parse'] === 'full') {
    notifications.push(...texts.flatMap((text) => text.match(/@(?:here|channel|everyone)\b/g) ?? []))
  }
}
