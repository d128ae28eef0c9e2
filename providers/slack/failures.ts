import { z } from '@botpress/sdk'
import type { Failure } from '../kit/http'

const _failed = z.object({ ok: z.literal(false), error: z.string().catch('unknown_error') })

/** Slack's error code in the body of a refused call. */
export const errorCodeIn = (body: unknown): string | undefined => {
  const parsed = _failed.safeParse(body)
  return parsed.success ? parsed.data.error : undefined
}

/**
 * The failure in the body of a refused call. Slack answers refused calls with status 200, too. A code that isn't listed
 * says nothing about the message or the thread: it counts as `unavailable`, and the call is repeated later.
 */
export const failureIn = (body: unknown): Failure | undefined => {
  const errorCode = errorCodeIn(body)
  return errorCode === undefined ? undefined : { ...(FAILURES.get(errorCode) ?? UNKNOWN), word: errorCode }
}

type Meaning = Omit<Failure, 'word'>

const UNKNOWN: Meaning = { code: 'unavailable', about: 'account' }

const _all = (errorCodes: string[], meaning: Meaning): [string, Meaning][] =>
  errorCodes.map((errorCode) => [errorCode, meaning])

const _ofAccount = (code: Meaning['code'], advice: string, errorCodes: string[]): [string, Meaning][] =>
  _all(errorCodes, { code, about: 'account', advice })

/** A channel is refused. It may have got a new id (moves.ts), so the error is about what the call is about. */
const _ofChannel = (advice: string, errorCodes: string[]): [string, Meaning][] =>
  _all(errorCodes, { code: 'misconfigured', advice })

/** What Slack's error codes mean. https://docs.slack.dev/reference/methods/chat.postMessage#errors */
const FAILURES = new Map<string, Meaning>([
  // The message
  ..._all(
    [
      'msg_too_long',
      'no_text',
      'msg_blocks_too_long',
      'invalid_blocks',
      'invalid_blocks_format',
      'invalid_attachments',
      'too_many_attachments',
      'attachment_payload_limit_exceeded',
      'too_many_contact_cards',
      'invalid_metadata_format',
      'invalid_metadata_schema',
      'metadata_too_large',
      'markdown_text_conflict',
    ],
    { code: 'rejected', about: 'message' }
  ),
  // A file
  ..._all(['file_not_found', 'file_deleted', 'file_not_shared', 'files_hidden_by_limit', 'invalid_file_id'], {
    code: 'not-found',
    about: 'message',
  }),
  // The thread. The driver reads it before it believes that it is gone.
  ..._all(['thread_not_found', 'cannot_reply_to_message', 'invalid_thread_ts', 'message_not_found'], {
    code: 'not-found',
    about: 'ticket',
  }),
  // A person
  ..._all(['user_not_found', 'user_not_visible', 'users_not_found'], { code: 'not-found', about: 'agent' }),
  // The channel
  ..._ofChannel('Check the channel’s id. If the channel is private, invite the app first', ['channel_not_found']),
  ..._ofChannel('Invite the app to the channel', ['not_in_channel']),
  ..._ofChannel('The channel is archived: unarchive it or choose another', ['is_archived']),
  ..._ofAccount('misconfigured', 'Allow the app to post in the channel’s posting permissions', [
    'restricted_action',
    'restricted_action_thread_only_channel',
    'restricted_action_read_only_channel',
    'restricted_action_non_threadable_channel',
    'restricted_action_thread_locked',
  ]),
  // The token
  ..._ofAccount('unauthorized', 'Copy the Bot User OAuth Token of the installed Slack app again', [
    'invalid_auth',
    'not_authed',
    'account_inactive',
    'token_revoked',
    'token_expired',
    'no_permission',
  ]),
  ..._ofAccount('unauthorized', 'Give the Slack app the scopes of the manifest and install it again', [
    'missing_scope',
    'not_allowed_token_type',
  ]),
  // The workspace. People or time mend these, so what waits goes out afterwards.
  ..._ofAccount(
    'unavailable',
    'The workspace or its channel is being migrated: Slack takes messages again afterwards',
    ['org_login_required', 'external_channel_migrating', 'team_added_to_org']
  ),
  ..._ofAccount('unavailable', 'Ask an admin of the workspace to give the Slack app access again', [
    'access_denied',
    'team_access_not_granted',
    'app_not_installed',
    'not_in_workspace',
  ]),
  ..._ofAccount('unavailable', 'An admin of the workspace allows Slack’s API only from certain networks', [
    'accesslimited',
  ]),
  ..._ofAccount('unavailable', 'An admin has suspended messages (Enterprise Key Management): ask them to lift that', [
    'ekm_access_denied',
  ]),
  ..._ofAccount('unavailable', 'Install the Slack app in a workspace, not in the whole organization', [
    'enterprise_is_restricted',
  ]),
  ..._ofAccount(
    'unavailable',
    'The workspace demands two-factor authentication: set it up, then install the app again',
    ['two_factor_setup_required']
  ),
  ..._ofAccount('unavailable', 'Slack doesn’t know the workspace: check whether it still exists, and its token', [
    'team_not_found',
  ]),
  ..._ofAccount('unavailable', 'Slack has retired a method of its API: update the router', [
    'method_deprecated',
    'deprecated_endpoint',
    'unknown_method',
  ]),
  // The moment
  ..._all(['ratelimited', 'rate_limited', 'message_limit_exceeded'], { code: 'rate-limited', about: 'account' }),
  ..._all(['internal_error', 'fatal_error', 'service_unavailable', 'request_timeout'], {
    code: 'unavailable',
    about: 'account',
    outcome: 'unknown',
  }),
])
