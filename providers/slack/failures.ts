import { z } from '@botpress/sdk'
import type { ProviderErrorCode } from '../errors'
import type { Failure } from '../kit/http'

const _failed = z.object({ ok: z.literal(false), error: z.string().catch('unknown_error') })

/** The error word of a call that Slack refused. */
export const wordIn = (body: unknown): string | undefined => {
  const parsed = _failed.safeParse(body)
  return parsed.success ? parsed.data.error : undefined
}

/** What a refused call failed by: Slack answers 200 to it all the same. */
export const failureIn = (body: unknown): Failure | undefined => {
  const word = wordIn(body)
  return word === undefined ? undefined : { ...(FAILURES.get(word) ?? { code: 'rejected' }), word }
}

const _all = (words: string[], failure: Omit<Failure, 'word'>): [string, Omit<Failure, 'word'>][] =>
  words.map((word) => [word, failure])

const _advised = (code: ProviderErrorCode, advice: string): Omit<Failure, 'word'> => ({ code, advice })

/**
 * What Slack's error words mean; any other is a refusal of the input.
 * https://docs.slack.dev/reference/methods/chat.postMessage#errors
 */
const FAILURES = new Map<string, Omit<Failure, 'word'>>([
  ..._all(
    ['invalid_auth', 'not_authed', 'account_inactive', 'token_revoked', 'token_expired', 'no_permission'],
    _advised('unauthorized', 'Copy the Bot User OAuth Token of the installed Slack app again')
  ),
  ..._all(
    ['missing_scope', 'not_allowed_token_type'],
    _advised('unauthorized', 'Give the Slack app the scopes of the manifest and install it again')
  ),
  ..._all(
    ['channel_not_found'],
    _advised('misconfigured', 'Check the channel’s id; a private channel has to invite the app first')
  ),
  ..._all(['not_in_channel'], _advised('misconfigured', 'Invite the app to the channel')),
  ..._all(['is_archived'], _advised('misconfigured', 'The channel is archived: unarchive it or choose another')),
  ..._all(
    ['restricted_action', 'restricted_action_thread_only_channel', 'restricted_action_read_only_channel'],
    _advised('misconfigured', 'The channel’s posting permissions keep the app out')
  ),
  ..._all(['thread_not_found', 'cannot_reply_to_message', 'invalid_thread_ts'], { code: 'ended' }),
  ..._all(['message_not_found', 'user_not_found', 'user_not_visible'], { code: 'not-found' }),
  ..._all(['ratelimited', 'rate_limited', 'message_limit_exceeded'], { code: 'rate-limited' }),
  ..._all(['internal_error', 'fatal_error', 'service_unavailable', 'request_timeout', 'team_added_to_org'], {
    code: 'unavailable',
    outcome: 'unknown',
  }),
])
