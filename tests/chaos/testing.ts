/** Shared by the chaos tests. */
import { VIOLATIONS, type ViolationKind } from './judge'

/** Violations that fail a test in any weather. */
export const NEVER: readonly ViolationKind[] = VIOLATIONS

/**
 * Violations that fail a test in real time. A short run can't wait for the vendors' last retries, so the others prove
 * nothing.
 */
export const NEVER_IN_A_HURRY: readonly ViolationKind[] = ['misrouted', 'customer as bot', 'leaked', 'crashed']
