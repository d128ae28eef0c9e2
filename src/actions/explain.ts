import { RuntimeError } from '@botpress/sdk'
import type { Call } from '../botpress/call'
import { readInstallation } from '../botpress/installation'
import { decisionOf, readSituation, toHandoff } from './plan'
import { explain } from '../routing/explain'
import { rank } from '../routing/rank'
import { attempts, type Ranking } from '../routing/ranking'
import { cleanWishes, type SessionWishes } from './session-wishes'

type Question = Pick<SessionWishes, 'language' | 'priority' | 'tags' | 'provider' | 'strict'> & { text?: string }

const _rank = async (call: Call, question: Question, instant: number): Promise<Ranking> => {
  const installation = await readInstallation(call)
  const handoff = { ...toHandoff(cleanWishes(question), 'dry-run'), texts: question.text ? [question.text] : [] }
  return rank(await readSituation(call, installation, handoff, { instant }))
}

/**
 * Whether a desk can take a handoff now, which one, and when the next one opens. Opens no ticket and claims no turn.
 * Moments are ISO 8601.
 */
export const checkAvailability = async (call: Call, question: Question) => {
  const ranking = await _rank(call, question, call.environment.now())
  const { decision } = ranking
  const desk = attempts(ranking)[0]
  const opensAt = decision.kind === 'assign' ? undefined : decision.opening?.at
  return {
    available: decision.kind === 'assign',
    willOpen: decision.kind !== 'refuse',
    message: decisionOf(ranking),
    ...(desk ? { desk: desk.provider, deskTitle: desk.title } : {}),
    ...(opensAt === undefined ? {} : { nextOpening: new Date(opensAt).toISOString() }),
  }
}

/**
 * Explains the ranking at any moment. Opens no ticket and claims no turn. Throws a RuntimeError when `at` isn't valid.
 */
export const explainRouting = async (call: Call, question: Question & { at?: string }) => {
  const instant = question.at === undefined ? call.environment.now() : Date.parse(question.at)
  if (Number.isNaN(instant)) {
    throw new RuntimeError('At isn’t a valid time: write it like 2026-12-24T09:00:00+01:00, or leave it empty for now')
  }
  const ranking = await _rank(call, question, instant)
  const desk = attempts(ranking)[0]
  return {
    decision: decisionOf(ranking),
    explanation: explain(ranking).join('\n'),
    ...(desk ? { desk: desk.provider } : {}),
  }
}
