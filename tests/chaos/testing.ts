/** Shared by the chaos tests. */
import { VIOLATIONS, type ViolationKind } from './judge'

/** Violations that fail a test in any weather. */
export const NEVER: readonly ViolationKind[] = VIOLATIONS

/** Violations that fail a test in real time. Others may still await a vendor's last retry. */
export const NEVER_IN_REAL_TIME: readonly ViolationKind[] = ['misrouted', 'customer as bot', 'leaked', 'crashed']
