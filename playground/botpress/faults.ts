/** Injected faults for API calls of the integration and the bot, and for webhooks of vendors. */
import type { Call } from './types'

/** Begins the message of every injected error, so that others can recognise one. */
export const INJECTED_FAULT = 'Injected fault'

export interface ApiFault {
  /** `timeout` gives no reply until the caller's own time-out ends the call. */
  kind: 'status' | 'disconnect' | 'timeout'
  /** For kind `status`. Default: 500. */
  status?: number
  headers?: Record<string, string>
  /** `before` (default): the call fails without an effect. `after`: it takes effect, and only its reply fails. */
  effect?: 'before' | 'after'
  /** Number of matching calls that fail. Default: 1. */
  times?: number
  /** Default: the integration's calls. */
  by?: Call['by']
  method?: string
  /** The end of the path, or a pattern for the path. */
  path?: string | RegExp
  /** A further condition. `body` is the parsed body of the call. */
  matches?(call: Call, body: unknown): boolean
}

export interface Faults {
  add(fault: ApiFault): void
  clear(): void
  /** The fault for this call, if there is one. Counts as one use of it. */
  take(call: Call, body: unknown): ApiFault | undefined
}

const _matches = (fault: ApiFault, call: Call, body: unknown): boolean => {
  if (call.by !== (fault.by ?? 'integration')) return false
  if (fault.method !== undefined && call.method !== fault.method) return false
  if (typeof fault.path === 'string' && !call.path.endsWith(fault.path)) return false
  if (fault.path instanceof RegExp && !fault.path.test(call.path)) return false
  return fault.matches?.(call, body) ?? true
}

export const createFaults = (): Faults => {
  let faults: { fault: ApiFault; remaining: number }[] = []
  return {
    add: (fault) => {
      faults.push({ fault, remaining: fault.times ?? 1 })
    },
    clear: () => {
      faults = []
    },
    take: (call, body) => {
      const entry = faults.find((candidate) => _matches(candidate.fault, call, body))
      if (!entry) return undefined
      entry.remaining -= 1
      if (entry.remaining <= 0) faults = faults.filter((candidate) => candidate !== entry)
      return entry.fault
    },
  }
}

const TYPES: Record<number, string> = {
  400: 'InvalidPayload',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'ResourceNotFound',
  409: 'AlreadyExists',
  413: 'PayloadTooLarge',
  429: 'RateLimited',
  504: 'OperationTimeout',
}

/** Body of a faulty reply, in the shape from which the client rebuilds its error classes. */
export const faultBody = (status: number): { id: string; code: number; type: string; message: string } => ({
  id: 'err_fault',
  code: status,
  type: TYPES[status] ?? 'Internal',
  message: `${INJECTED_FAULT} with status ${status}`,
})
