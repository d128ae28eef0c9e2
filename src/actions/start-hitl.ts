import { RuntimeError, z } from '@botpress/sdk'
import { isProviderError } from '../../providers/errors'
import type { Call } from '../botpress/call'
import { randomId } from '../botpress/environment'
import { describeError } from '../botpress/errors'
import { emit } from '../botpress/analytics'
import { readInstallation, type Installation } from '../botpress/installation'
import { getCustomer, realAddress, type KnownCustomer } from '../botpress/people'
import { planHandoff } from './plan'
import { recordFailure, recordSuccess } from './health'
import { providers } from '../definition/registry'
import { toTranscript } from '../to-desk/transcript'
import { overlappingStart, repeatedStart } from './repeated-start'
import { holdRun, noteFailure, takePlace } from './run'
import { readSessionWishes, type SessionWishes } from './session-wishes'
import { openAtFirst, START_BUDGET_MS, type Attempt, type Candidate, type Handoff } from './open-session'

const LONGEST_TITLE = 250
/** What is left of the budget when nothing is begun again. */
const LAST_TRY_MS = 8_000
const PAUSE_MS = 500
const LONGEST_DESCRIPTION = 8_000

const input = z.object({
  userId: z.string().min(1),
  title: z.string().nullish(),
  description: z.string().nullish(),
  messageHistory: z.unknown(),
})

/**
 * Hands a conversation to the first desk that can take it. Answers with the Botpress conversation of the session; the same handoff again gets the same one. Throws a RuntimeError when nobody is there, or when every desk has
 * failed: it then says what each of them answered.
 */
export const startHitl = async (call: Call, raw: unknown): Promise<{ conversationId: string }> => {
  const run: Run = { id: randomId(call.environment), deadline: call.environment.now() + START_BUDGET_MS }
  for (;;) {
    try {
      return await _start(call, raw, run)
    } catch (error) {
      // Botpress has failed, and the answer of an earlier run of this handoff may depend on this one.
      const isOver = call.environment.now() + LAST_TRY_MS > run.deadline
      if (error instanceof RuntimeError || isProviderError(error) || isOver) throw error
      call.log.warn('A start begins again', { error: describeError(error) })
      await call.environment.sleep(PAUSE_MS)
    }
  }
}

interface Run {
  id: string
  /** Milliseconds since the epoch. */
  deadline: number
}

const _start = async (call: Call, raw: unknown, { id, deadline }: Run): Promise<{ conversationId: string }> => {
  const parsed = input.safeParse(raw)
  if (!parsed.success)
    throw new RuntimeError('Start HITL needs the id of a user, and a title and a description if there are any')
  const wishes = readSessionWishes(call, (raw as { hitlSession?: unknown }).hitlSession)

  const reading = Promise.all([getCustomer(call, parsed.data.userId), readInstallation(call)])
  // A repetition is answered without it.
  reading.catch(() => undefined)
  const place = await takePlace(call, raw, parsed.data.userId)
  if (place.session) return repeatedStart(call, place.session)
  const [found, installation] = await reading
  if (!found)
    throw new RuntimeError(
      `The customer’s user ${parsed.data.userId} does not exist any more: HITL cannot start for it`
    )

  const { conversationId } = place
  const hold = await holdRun(call, conversationId, id, deadline)
  if (hold.kind === 'open') return overlappingStart(call, conversationId)

  const customer = _asWished(found, wishes)
  const transcript = toTranscript(parsed.data.messageHistory, {
    customer: customer.name,
    nameOf: (userId) => (userId === customer.id ? customer.name : undefined),
  })
  const plan = await planHandoff(call, installation, {
    conversationId,
    customer,
    wishes,
    transcript,
    // Whoever died before he had asked a desk may not have had one.
    takesTurn: hold.kind === 'mine' || (hold.provider === undefined && hold.turn === undefined),
    turn: hold.kind === 'taken-over' ? hold.turn : undefined,
  })
  for (const line of plan.lines) call.log.info(line, { conversationId })
  const candidates = hold.kind === 'taken-over' ? _first(plan.candidates, hold.provider) : plan.candidates
  if (candidates.length === 0) {
    await noteFailure(call, conversationId, plan.decision)
    throw new RuntimeError(plan.decision)
  }
  const handoff = {
    title: _shortened(parsed.data.title?.trim() || 'Conversation from the bot', LONGEST_TITLE),
    description: _shortened(parsed.data.description?.trim() ?? '', LONGEST_DESCRIPTION) || undefined,
    customer,
    transcript,
  }
  return _open(
    call,
    { conversationId, mayExist: hold.kind === 'taken-over' },
    handoff,
    installation,
    candidates,
    deadline
  )
}

const _open = async (
  call: Call,
  place: { conversationId: string; mayExist: boolean },
  handoff: Handoff,
  installation: Installation,
  candidates: Candidate[],
  deadline: number
): Promise<{ conversationId: string }> => {
  const { conversationId } = place
  const opened = await openAtFirst(call, place, handoff, candidates, deadline, {
    failed: async (attempt, next) => {
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
    opened: async ({ provider, reason }, attempts) => {
      await Promise.all([
        recordSuccess(call, installation, provider),
        emit(call, 'handoffRouted', { hitlConversationId: conversationId, desk: provider, reason, attempts }),
      ])
    },
  })
  if (!('provider' in opened)) {
    await noteFailure(call, conversationId, 'no desk took it')
    throw new RuntimeError(_refusal(opened.attempts))
  }
  call.log.info(`${providers[opened.provider]?.title ?? opened.provider} took a handoff`, {
    conversationId,
    desk: opened.provider,
  })
  return { conversationId }
}

const _refusal = (attempts: Attempt[]): string =>
  [
    'No desk took the handoff.',
    ...attempts.map(
      ({ provider, error }) => `- ${providers[provider]?.title ?? provider}: ${error.replace(`[${provider}] `, '')}`
    ),
  ].join('\n')

const _asWished = (customer: KnownCustomer, wishes: SessionWishes): KnownCustomer => {
  const email = realAddress(wishes.email) ?? customer.email
  const name = wishes.name?.trim() || customer.name
  return { ...customer, name, ...(email ? { email } : {}) }
}

/** The desk where a run that died may have left a ticket comes first, whatever the ranking says now. */
const _first = (candidates: Candidate[], provider: string | undefined): Candidate[] => {
  if (provider === undefined) return candidates
  const there = candidates.find((candidate) => candidate.provider === provider)
  const begun = there ?? { provider, reason: 'an interrupted start had begun there', options: {} }
  return [begun, ...candidates.filter((candidate) => candidate.provider !== provider)]
}

const _shortened = (text: string, limit: number): string => {
  const plain = text.replaceAll('\0', '')
  return plain.length <= limit ? plain : `${plain.slice(0, limit - 1).replace(/[\ud800-\udbff]$/, '')}…`
}
