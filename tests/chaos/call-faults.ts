/** How a call can fail, by name. Reports use these names. */

/** A failing HTTP call. `before`: the request has no effect. `after`: it succeeds, but its answer is lost. */
export interface CallFault {
  kind: 'status' | 'timeout' | 'disconnect' | 'slow'
  effect: 'before' | 'after'
  status?: number
  headers?: Record<string, string>
  /** What the answer holds: a page of HTML, or the vendor's word for an account that is closed. Default: nothing. */
  body?: 'html' | 'account'
}

const _retryAfter = (seconds: number) => ({ 'retry-after': String(seconds) })

const CALL_FAULTS: Record<string, CallFault> = {
  '429': { kind: 'status', status: 429, effect: 'before', headers: _retryAfter(1) },
  '429-long': { kind: 'status', status: 429, effect: 'before', headers: _retryAfter(10) },
  '500-before': { kind: 'status', status: 500, effect: 'before' },
  '502-before': { kind: 'status', status: 502, effect: 'before' },
  '503-before': { kind: 'status', status: 503, effect: 'before', headers: _retryAfter(1) },
  '500-after': { kind: 'status', status: 500, effect: 'after' },
  '502-after': { kind: 'status', status: 502, effect: 'after' },
  'timeout-before': { kind: 'timeout', effect: 'before' },
  'timeout-after': { kind: 'timeout', effect: 'after' },
  'disconnect-before': { kind: 'disconnect', effect: 'before' },
  'disconnect-after': { kind: 'disconnect', effect: 'after' },
  slow: { kind: 'slow', effect: 'before' },
}

const _moved = { location: 'https://moved.example/' }

/** The desk speaks of the account, the address or the bill, never of the message. */
const ACCOUNT_FAULTS: Record<string, CallFault> = {
  '301': { kind: 'status', status: 301, effect: 'before', headers: _moved },
  '302': { kind: 'status', status: 302, effect: 'before', headers: _moved },
  '307': { kind: 'status', status: 307, effect: 'before', headers: _moved },
  '402': { kind: 'status', status: 402, effect: 'before' },
  '423': { kind: 'status', status: 423, effect: 'before' },
  '451': { kind: 'status', status: 451, effect: 'before' },
  'html-200': { kind: 'status', status: 200, effect: 'before', body: 'html' },
  'html-403': { kind: 'status', status: 403, effect: 'before', body: 'html' },
  'html-404': { kind: 'status', status: 404, effect: 'before', body: 'html' },
  'html-503': { kind: 'status', status: 503, effect: 'before', body: 'html' },
  account: { kind: 'status', effect: 'before', body: 'account' },
}

export const CALL_FAULT_NAMES = Object.keys(CALL_FAULTS)
export const ACCOUNT_FAULT_NAMES = Object.keys(ACCOUNT_FAULTS)

export const callFault = (name: string): CallFault => {
  const fault = CALL_FAULTS[name] ?? ACCOUNT_FAULTS[name]
  if (!fault) throw new Error(`Unknown fault: ${name}`)
  return fault
}

/** A proxy's page in place of the desk's JSON. */
export const ERROR_PAGE = '<!DOCTYPE html><html><head><title>Sorry</title></head><body><h1>Sorry</h1></body></html>'

/** Slack's words for what is wrong with a workspace or an organisation: <https://docs.slack.dev/reference/methods>. */
export const SLACK_ACCOUNT_WORDS = [
  'org_login_required',
  'external_channel_migrating',
  'accesslimited',
  'access_denied',
  'ekm_access_denied',
  'enterprise_is_restricted',
  'team_access_not_granted',
  'two_factor_setup_required',
  'team_not_found',
  'method_deprecated',
]

/** How this desk says that its account is closed to us. `word` is one of Slack's. */
export const accountRefusal = (origin: string, word: string): { status: number; body: string } => {
  switch (new URL(origin).hostname) {
    case 'slack.com':
      return { status: 200, body: JSON.stringify({ ok: false, error: word }) }
    case 'api.intercom.io': {
      const errors = [{ code: 'api_plan_restricted', message: 'Active subscription needed.' }]
      return { status: 403, body: JSON.stringify({ type: 'error.list', errors }) }
    }
    default: {
      const error = { title: 'Payment required', message: 'This account is suspended' }
      return { status: 402, body: JSON.stringify({ error }) }
    }
  }
}
