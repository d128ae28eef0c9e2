import { z } from '@botpress/sdk'
import type { ProviderErrorCode } from '../errors'
import type { Failure } from '../kit/http'

const _failed = z.object({ ok: z.literal(false), error: z.string().catch('unknown_error') })

/** Slack's error code in the body of a refused call. */
export const errorCodeIn = (body: unknown): string | undefined => {
  const parsed = _failed.safeParse(body)
  return parsed.success ? parsed.data.error : undefined
}

/** The failure in the body of a refused call. Slack answers refused calls with status 200, too. */
export const failureIn = (body: unknown): Failure | undefined => {
  const errorCode = errorCodeIn(body)
  return errorCode === undefined ? undefined : { ...(FAILURES.get(errorCode) ?? { code: 'rejected' }), word: errorCode }
}

const _forCodes = (errorCodes: string[], failure: Omit<Failure, 'word'>): [string, Omit<Failure, 'word'>][] =>
  errorCodes.map((errorCode) => [errorCode, failure])

const _withAdvice = (code: ProviderErrorCode, advice: string): Omit<Failure, 'word'> => ({ code, advice })

/**
 * What Slack's error codes mean. Any other code is `rejected`.
 * https://docs.slack.dev/reference/methods/chat.postMessage#errors
 */
const FAILURES = new Map<string, Omit<Failure, 'word'>>([
  ..._forCodes(
    ['invalid_auth', 'not_authed', 'account_inactive', 'token_revoked', 'token_expired', 'no_permission'],
    _withAdvice('unauthorized', 'Copy the Bot User OAuth Token of the installed Slack app again')
  ),
  ..._forCodes(
    ['missing_scope', 'not_allowed_token_type'],
    _withAdvice('unauthorized', 'Give the Slack app the scopes of the manifest and install it again')
  ),
  ..._forCodes(
    ['channel_not_found'],
    _withAdvice('misconfigured', 'Check the channel’s id. If the channel is private, invite the app first')
  ),
  ..._forCodes(['not_in_channel'], _withAdvice('misconfigured', 'Invite the app to the channel')),
  ..._forCodes(
    ['is_archived'],
    _withAdvice('misconfigured', 'The channel is archived: unarchive it or choose another')
  ),
  ..._forCodes(
    ['restricted_action', 'restricted_action_thread_only_channel', 'restricted_action_read_only_channel'],
    _withAdvice('misconfigured', 'Allow the app to post in the channel’s posting permissions')
  ),
  ..._forCodes(['thread_not_found', 'cannot_reply_to_message', 'invalid_thread_ts'], { code: 'ended' }),
  ..._forCodes(['message_not_found', 'user_not_found', 'user_not_visible'], { code: 'not-found' }),
  ..._forCodes(['ratelimited', 'rate_limited', 'message_limit_exceeded'], { code: 'rate-limited' }),
  ..._forCodes(['internal_error', 'fatal_error', 'service_unavailable', 'request_timeout', 'team_added_to_org'], {
    code: 'unavailable',
    outcome: 'unknown',
  }),
])
