import { RuntimeError } from '@botpress/sdk'
import type { Call } from '../botpress/call'
import { randomId } from '../botpress/environment'
import { readInstallation } from '../botpress/installation'
import { getCustomer } from '../botpress/people'
import { rankForCustomer, readRouting, readSituation, toHandoff } from './plan'
import { explain, explainMoment } from '../routing/explain'
import { MOMENT_ADVICE, parseMoment } from '../routing/moment'
import { attempts, type Ranking } from '../routing/ranking'
import { cleanWishes, type SessionWishes } from './session-wishes'

type Question = Pick<SessionWishes, 'language' | 'priority' | 'tags' | 'provider' | 'strict'> & {
  text?: string
  userId?: string
}

/** Ranks as for a handoff: shares are drawn anew for each question, and a customer returns to their last desk. */
const _rank = async (call: Call, question: Question, instant: number): Promise<Ranking> => {
  const [installation, customer] = await Promise.all([
    readInstallation(call),
    question.userId ? getCustomer(call, question.userId) : undefined,
  ])
  const texts = question.text ? [question.text] : []
  const handoff = { ...toHandoff(cleanWishes(question), `dry-run-${randomId(call.environment)}`), texts }
  const situation = await readSituation(call, installation, handoff, { instant, ...(customer ? { customer } : {}) })
  return rankForCustomer({ ...situation, isDryRun: true }, texts)
}

/**
 * Whether a desk can take a handoff now, which one, and when the next one opens, with a sentence for the lead and one
 * for the customer. Opens no ticket and claims no turn. Moments are ISO 8601.
 */
export const checkAvailability = async (call: Call, question: Question) => {
  const ranking = await _rank(call, question, call.clock.now())
  const { decision, messageForCustomer } = ranking
  const desk = attempts(ranking)[0]
  const opensAt = decision.kind === 'assign' ? undefined : decision.opening?.at
  return {
    available: decision.kind === 'assign',
    willOpen: decision.kind !== 'refuse',
    message: explain(ranking)[0] ?? '',
    messageForCustomer,
    ...(desk ? { desk: desk.provider, deskTitle: desk.title } : {}),
    ...(opensAt === undefined ? {} : { nextOpening: new Date(opensAt).toISOString() }),
  }
}

/**
 * Explains the ranking at any moment; its first line names the moment. Opens no ticket and claims no turn. Throws a
 * RuntimeError when `at` isn't valid.
 */
export const explainRouting = async (call: Call, question: Question & { at?: string }) => {
  const { timeZone } = readRouting(call.context.configuration)
  const at = question.at?.trim() ? question.at : undefined
  const instant = at === undefined ? call.clock.now() : parseMoment(at, timeZone)
  if (instant === undefined)
    throw new RuntimeError(`At isn’t a valid time: ${MOMENT_ADVICE}, or leave it empty for now`)
  const ranking = await _rank(call, question, instant)
  const desk = attempts(ranking)[0]
  return {
    decision: explain(ranking)[0] ?? '',
    explanation: explainMoment(ranking, timeZone, at).join('\n'),
    ...(desk ? { desk: desk.provider } : {}),
  }
}
