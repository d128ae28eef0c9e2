/** What the tests of chaos agree on. */
import { VIOLATIONS, type ViolationKind } from './judge'

/** What may happen in no weather at all. */
export const NEVER: readonly ViolationKind[] = VIOLATIONS

/** On the machine's own time a short run cannot wait for a desk's last try: what it leaves unfinished is no proof of anything. */
export const NEVER_IN_A_HURRY: readonly ViolationKind[] = ['misrouted', 'customer as bot', 'leaked', 'crashed']
