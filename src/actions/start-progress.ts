/** What a start has done so far, for a run that takes over from it. */
import type { Call } from '../botpress/call'
import { retry } from '../botpress/retry'
import { LeaseLost, type Lease, type Operation } from '../session/lock'

const RECORD_TRIES = 4
const RECORD_PAUSE_MS = 200

export type OpenOperation = Extract<Operation, { kind: 'open' }>

/** What earlier runs of this start had done: the desk that may have a ticket, and the turn that the session has. */
export const earlierRuns = ({ inDoubt }: Lease): { provider: string | undefined; turn: number | undefined } => {
  const runs = inDoubt.filter((operation) => operation.kind === 'open')
  return {
    provider: runs.findLast(({ provider }) => provider !== undefined)?.provider,
    turn: runs.findLast((run) => run.turn !== undefined)?.turn,
  }
}

export interface Progress {
  recordTurn(turn: number): Promise<void>
  recordDesk(provider: string): Promise<void>
  /** Makes no call while the lease is safe. */
  confirmHeld(): Promise<void>
  recordFailure(): Promise<void>
}

/** Records each step before it is taken, so that a run that takes over knows where to look. Each throws LeaseLost. */
export const createProgress = (call: Call, lease: Lease, taken: OpenOperation, turn: number | undefined): Progress => {
  const operation: OpenOperation = { ...taken, ...(turn === undefined ? {} : { turn }) }
  return {
    recordTurn: async (claimed) => {
      operation.turn = claimed
      await lease.renew({ ...operation })
    },
    recordDesk: async (provider) => {
      // The lock was taken a moment ago, for this desk.
      if (provider === operation.provider && lease.isFresh()) return
      operation.provider = provider
      // A moment's failure of Botpress is no reason to ask another desk.
      const isRetried = (error: unknown): boolean => !(error instanceof LeaseLost)
      const policy = { tries: RECORD_TRIES, pauseMs: RECORD_PAUSE_MS, isRetried }
      await retry(call, policy, () => lease.renew({ ...operation }))
    },
    confirmHeld: async () => {
      if (!lease.isSafe()) await lease.renew({ ...operation })
    },
    // The renewed lease can be released, so that a repeated start goes on at once.
    recordFailure: () => lease.renew({ ...operation, failed: true }),
  }
}
