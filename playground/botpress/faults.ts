/** Failures that can be switched on for API calls: of the integration, of the bot, and of vendors that deliver webhooks. */
import type { Call } from './types'

export interface ApiFault {
  /** `timeout` gives no answer until the caller hangs up. */
  kind: 'status' | 'disconnect' | 'timeout'
  /** For kind `status`; 500 unless told. */
  status?: number
  headers?: Record<string, string>
  /** `after` lets the call work and spoils only its answer; `before` (usual) does nothing but fail. */
  effect?: 'before' | 'after'
  /** How many matching calls it hits; 1 unless told. */
  times?: number
  /** Whose calls; the integration's unless told. */
  by?: Call['by']
  method?: string
  /** The path's end, or a pattern of it. */
  path?: string | RegExp
  /** Further conditions; `body` is the call's, parsed. */
  matches?(call: Call, body: unknown): boolean
}

export interface Faults {
  add(fault: ApiFault): void
  clear(): void
  /** The fault that hits this call, used up by it. */
  take(call: Call, body: unknown): ApiFault | undefined
}

const _hits = (fault: ApiFault, call: Call, body: unknown): boolean => {
  if (call.by !== (fault.by ?? 'integration')) return false
  if (fault.method !== undefined && call.method !== fault.method) return false
  if (typeof fault.path === 'string' && !call.path.endsWith(fault.path)) return false
  if (fault.path instanceof RegExp && !fault.path.test(call.path)) return false
  return fault.matches?.(call, body) ?? true
}

export const createFaults = (): Faults => {
  let faults: { fault: ApiFault; left: number }[] = []
  return {
    add: (fault) => {
      faults.push({ fault, left: fault.times ?? 1 })
    },
    clear: () => {
      faults = []
    },
    take: (call, body) => {
      const entry = faults.find((candidate) => _hits(candidate.fault, call, body))
      if (!entry) return undefined
      entry.left -= 1
      if (entry.left <= 0) faults = faults.filter((candidate) => candidate !== entry)
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

/** Body of an answer that a fault gives, in the shape that the client rebuilds its error classes from. */
export const faultBody = (status: number): { id: string; code: number; type: string; message: string } => ({
  id: 'err_fault',
  code: status,
  type: TYPES[status] ?? 'Internal',
  message: `Status ${status} by an injected fault`,
})
