import { RuntimeError, z } from '@botpress/sdk'
import { isProviderError } from '../../providers/errors'
import { cleanText, oneLine, shorten } from '../../providers/kit/text'
import type { TranscriptEntry } from '../../providers/provider'
import { emit } from '../botpress/analytics'
import { rememberAccounts, storedAccount } from '../botpress/accounts'
import type { Call } from '../botpress/call'
import { configuredDesks } from '../botpress/configuration'
import { connectDesk } from '../botpress/desk'
import { redactorFor, redactParts } from '../botpress/hiding'
import { randomId } from '../botpress/environment'
import { describeError } from '../botpress/errors'
import { readInstallation, type Installation } from '../botpress/installation'
import { getCustomer, type KnownCustomer } from '../botpress/people'
import { retry } from '../botpress/retry'
import { START_BUDGET_MS } from '../botpress/timing'
import { providers } from '../definition/registry'
import type { Redactor } from '../redaction/redact'
import { LeaseLost, LockBusy, withLock, type Lease } from '../session/lock'
import { getSession, tagValue, writeTags } from '../session/session'
import { payOwed } from '../to-desk/owed'
import { attempts } from '../routing/ranking'
import { toTranscript } from '../to-desk/transcript'
import { conversationOf } from './handoff-conversation'
import { recordFailure, recordSuccess } from './health'
import { openAtFirst, prepareContact, type Attempt } from './try-desks'
import type { Candidate, Handoff } from './write-down'
import { giveUpPlace } from './places'
import { planHandoff, previewHandoff, type Preview } from './plan'
import { repeatedStart } from './repeated-start'
import {
  contextAsWished,
  customerAsHeard,
  customerAsWished,
  readSessionWishes,
  type SessionWishes,
} from './session-wishes'
import { createProgress, earlierRuns, type OpenOperation, type Progress } from './start-progress'

const LONGEST_TITLE = 250
const LONGEST_DESCRIPTION = 8_000
/** A start doesn't begin again with less of its budget than this. */
const LAST_TRY_MS = 7_500
const PAUSE_MS = 500

/** What ended sessions owe to the desk is waited for this long, beside what else waits. */
const PAYING_MS = 2_000

const input = z.object({
  userId: z.string().min(1),
  title: z.string().nullish(),
  description: z.string().nullish(),
  messageHistory: z.unknown(),
})

/**
 * Hands a conversation to the first desk that can take it. Resolves to the Botpress conversation of the session. The
 * same handoff again gets the same conversation. Throws a RuntimeError when no desk is open, or when every desk has
 * failed. It then lists what each desk answered.
 */
export const startHitl = (call: Call, raw: unknown): Promise<{ conversationId: string }> => {
  const { now } = call.environment
  const arrivedAt = now()
  const run: Run = { id: randomId(call.environment), arrivedAt, deadline: arrivedAt + START_BUDGET_MS }
  const policy = {
    until: run.deadline - LAST_TRY_MS,
    pauseMs: PAUSE_MS,
    // Botpress failed. An earlier run of this handoff may be waiting for the answer of this one.
    isRetried: (error: unknown) => !(error instanceof RuntimeError || isProviderError(error)),
    onRetry: (error: unknown) => call.log.warn('A start begins again', { error: describeError(error) }),
  }
  return retry(call, policy, () => _start(call, raw, run))
}

interface Run {
  id: string
  /** Milliseconds since the epoch. */
  arrivedAt: number
  /** Milliseconds since the epoch. */
  deadline: number
}

interface Request {
  title: string | undefined
  description: string | undefined
  transcript: TranscriptEntry[]
  /** Of what is hidden from the ticket's beginning. */
  redactor: Redactor
  wishes: SessionWishes
  preview: Preview | undefined
  prepared: Handoff['prepared']
}

const _start = async (call: Call, raw: unknown, run: Run): Promise<{ conversationId: string }> => {
  const parsed = input.safeParse(raw)
  if (!parsed.success)
    throw new RuntimeError('Start HITL needs the id of a user. Title and description are optional texts')
  const { userId, title, description, messageHistory } = parsed.data
  const wishes = readSessionWishes(call, (raw as { hitlSession?: unknown }).hitlSession)

  const reading = Promise.all([getCustomer(call, userId), readInstallation(call)])
  // A repeated start returns without this result.
  reading.catch(() => undefined)
  const handoff = { customerId: userId, arrivedAt: run.arrivedAt }
  const { conversationId, repeats } = await conversationOf(call, raw, handoff)
  if (repeats) return repeatedStart(call, repeats)
  const [found, installation] = await reading
  if (!found) throw new RuntimeError(`The customer’s user ${userId} does not exist any more: HITL cannot start for it`)

  const described = customerAsWished(found, wishes)
  const redactor = await redactorFor(call, 'transcripts')
  const transcript = _transcriptOf({ messageHistory, wishes }, described, redactor)
  const desks = configuredDesks(call.context.configuration).map(({ provider }) => provider)
  rememberAccounts(call, installation, desks)
  const preview = await previewHandoff(call, installation, { conversationId, customer: described, wishes, transcript })
  const customer = preview ? customerAsHeard(described, preview.ranking.language) : described
  const ranked = preview ? attempts(preview.ranking).map(({ provider }) => provider) : []
  const request: Request = {
    title: title?.trim(),
    description: description?.trim(),
    transcript,
    redactor,
    wishes,
    preview,
    prepared: prepareContact(call, customer, ranked),
  }
  const operation = { kind: 'open' as const, ...(ranked[0] === undefined ? {} : { provider: ranked[0] }) }
  return _alone(call, conversationId, run, operation, (lease) =>
    _open(call, { conversationId, lease, deadline: run.deadline, operation }, request, customer, installation)
  )
}

/** Overlapping starts of one handoff wait for the first one. They return its session, or take over when it fails. */
const _alone = async (
  call: Call,
  conversationId: string,
  { id, deadline }: Run,
  operation: OpenOperation,
  work: (lease: Lease) => Promise<void>
): Promise<{ conversationId: string }> => {
  const { now } = call.environment
  const request = {
    conversationId,
    lock: 'opening' as const,
    holder: id,
    operation,
    patienceMs: deadline - now(),
    // The time in the instance's own queue counts as well.
    isObsolete: async () => now() >= deadline || (await getSession(call, conversationId)) !== undefined,
  }
  try {
    await withLock(call, request, work)
    return { conversationId }
  } catch (error) {
    if (!(error instanceof LockBusy || error instanceof LeaseLost)) throw error
    const session = await getSession(call, conversationId)
    // It was in flight when this one arrived.
    if (session) return repeatedStart(call, { session, answers: 0, hasUnheard: false, since: 0 })
    if (error instanceof LeaseLost && now() + PAUSE_MS + LAST_TRY_MS <= deadline) throw error
    throw new RuntimeError('The same handoff is being started already: wait for it to finish')
  }
}

interface Opening {
  conversationId: string
  lease: Lease
  /** Milliseconds since the epoch. */
  deadline: number
  /** What the lock was taken for: it may name a desk already. */
  operation: OpenOperation
}

const _open = async (
  call: Call,
  { conversationId, lease, deadline, operation }: Opening,
  request: Request,
  customer: KnownCustomer,
  installation: Installation
): Promise<void> => {
  const { transcript, redactor, prepared, preview } = request
  const earlier = earlierRuns(lease)
  const progress = createProgress(call, lease, operation, earlier.turn)
  const plan = await planHandoff(call, installation, {
    conversationId,
    customer,
    wishes: request.wishes,
    transcript,
    turn: earlier.turn,
    isRepeated: lease.inDoubt.length > 0,
    // A run that had asked a desk without a turn goes on without one.
    claimsTurn: earlier.turn === undefined && earlier.provider === undefined,
    recordTurn: progress.recordTurn,
    preview,
  })
  for (const line of plan.lines) call.log.info(line, { conversationId })
  const candidates = _withFirst(plan.candidates, earlier.provider)
  if (candidates.length === 0) throw await _failed(call, conversationId, progress, plan.decision, plan.decision)
  const handoff = {
    conversationId,
    title: oneLine(redactor.redact(request.title ?? ''), LONGEST_TITLE) || 'Conversation from the bot',
    description:
      shorten(redactor.redact(cleanText(request.description ?? '').trim()), LONGEST_DESCRIPTION) || undefined,
    context: contextAsWished(request.wishes, redactor.redact),
    idleMinutes: request.wishes.idleMinutes ?? undefined,
    customer: customerAsHeard(customer, plan.ranking.language),
    transcript,
    prepared,
  }
  const opened = await openAtFirst(call, handoff, candidates, {
    deadline,
    account: (provider) => storedAccount(call, provider, installation)?.id,
    mayExist: lease.inDoubt.length > 0,
    recordDesk: progress.recordDesk,
    confirmHeld: progress.confirmHeld,
    claim: plan.claim,
    giveUp: async (place) => {
      await progress.confirmHeld()
      await giveUpPlace(call, place, conversationId)
    },
    onFailed: async (attempt, next) => {
      await Promise.all([
        recordFailure(call, attempt),
        emit(call, 'handoffFailedOver', {
          hitlConversationId: conversationId,
          desk: attempt.provider,
          error: attempt.code,
          ...(next ? { nextDesk: next.provider } : {}),
        }),
      ])
    },
    onOpened: async ({ provider, reason }, attempts, leftOut) => {
      const desk = connectDesk(call, provider)
      await Promise.all([
        // The desk is up: it gets what ended sessions owe it.
        desk && payOwed(call, desk, { patienceMs: PAYING_MS, isStart: true }),
        recordSuccess(call, installation, provider),
        emit(call, 'handoffRouted', {
          hitlConversationId: conversationId,
          desk: provider,
          reason,
          attempts,
          ...(leftOut.length > 0 ? { leftOut } : {}),
          ...(plan.ranking.decision.kind === 'assign'
            ? {}
            : { messageForCustomer: plan.ranking.decision.messageForCustomer }),
        }),
      ])
    },
  })
  if (opened.kind === 'failed')
    throw await _failed(call, conversationId, progress, 'no desk took it', _refusal(opened.attempts))
  call.log.info(`${providers[opened.provider]?.title ?? opened.provider} took a handoff`, {
    conversationId,
    desk: opened.provider,
  })
}

/** Writes down that the start has failed. Resolves to the error for the bot. */
const _failed = async (
  call: Call,
  conversationId: string,
  progress: Progress,
  reason: string,
  message: string
): Promise<RuntimeError> => {
  // First: a run that has lost its lock throws here, and must not touch the session of the run that took over.
  await progress.recordFailure()
  // Only the lock says that it failed: this write may still be on its way when another run has opened the session.
  await writeTags(call, conversationId, { reason: tagValue(reason) })
  return new RuntimeError(message)
}

const _refusal = (attempts: Attempt[]): string =>
  [
    'No desk took the handoff.',
    ...attempts.map(
      ({ provider, error }) => `- ${providers[provider]?.title ?? provider}: ${error.replace(`[${provider}] `, '')}`
    ),
  ].join('\n')

const _transcriptOf = (
  { messageHistory, wishes }: { messageHistory: unknown; wishes: SessionWishes },
  customer: KnownCustomer,
  redactor: Redactor
): TranscriptEntry[] =>
  toTranscript(messageHistory, {
    last: wishes.transcriptMessages ?? undefined,
    customer: customer.name,
    nameOf: (userId) => (userId === customer.id ? customer.name : undefined),
  }).map((entry) => ({ ...entry, parts: redactParts(redactor, entry.parts) }))

/** The desk where an earlier run may have left a ticket comes first, whatever its rank is now. */
const _withFirst = (candidates: Candidate[], provider: string | undefined): Candidate[] => {
  if (provider === undefined) return candidates
  const ranked = candidates.find((candidate) => candidate.provider === provider)
  const first = ranked ?? { provider, reason: 'an interrupted start had asked it', options: {} }
  return [first, ...candidates.filter((candidate) => candidate.provider !== provider)]
}
