/**
 * The way of webhooks from a vendor to the router, as bad as it can be: late, overtaken, twice, lost, or delivered with the answer lost.
 *
 * What is lost is lost as the vendor sees it: it got no answer, and its own rules say whether it tries again. A delivery that no person makes up for and that the vendor
 * never repeats is therefore not lost here. Slack's buttons are the case: Slack shows the agent that it did not work, and the agent presses again.
 */
import type { Delivery, Sandbox } from '../../providers/kit/sandbox'
import type { WebhookReply, WebhookRequest } from '../../providers/provider'
import type { Runtime } from '../../playground/botpress'
import type { Chaos } from './chaos'
import type { Weather } from './kinds'
import type { StageTime } from './time'

/** How long each vendor waits for an answer, and for its next try. */
const HABITS: Record<string, { patienceMs: number; waitsMs: readonly number[] }> = {
  // https://developer.zendesk.com/documentation/webhooks/ – 12 seconds; a 409 is tried again soon, no answer after growing waits.
  zendesk: { patienceMs: 12_000, waitsMs: [2_000, 5_000, 10_000, 30_000, 60_000] },
  // https://developers.intercom.com/docs/webhooks/webhook-notifications – five seconds; the schedule is not published.
  intercom: { patienceMs: 5_000, waitsMs: [60_000, 120_000, 240_000, 480_000] },
  // https://docs.slack.dev/apis/events-api/#retries – three seconds; at once, after one minute, after five.
  slack: { patienceMs: 3_000, waitsMs: [500, 60_000, 300_000] },
}
const PERSON_TRIES_AGAIN_MS = 4_000
const MOST_PRESSES = 6

export interface Answer {
  desk: string
  at: number
  ms: number
  status: number
}

export interface Couriers {
  readonly answers: Answer[]
  /** Bodies of deliveries that the vendor has given up, with their time. */
  readonly givenUp: { desk: string; body: string; at: number }[]
}

/** How long a vendor waits for an answer, in milliseconds. */
export const patienceOfVendor = (desk: string): number => HABITS[desk]?.patienceMs ?? 10_000

export interface CourierOptions {
  clock: StageTime
  chaos: Chaos
  runtime: Runtime
  weather: Weather
  /** Which part of its usual time a vendor waits before it tries again; all of it unless told. */
  haste?: number
}

export const connectCouriers = (
  sandboxes: Record<string, Sandbox>,
  { clock, chaos, runtime, weather, haste = 1 }: CourierOptions
): Couriers => {
  const rate = weather.webhook
  const answers: Couriers['answers'] = []
  const givenUp: Couriers['givenUp'] = []

  const handOver = async (desk: string, request: WebhookRequest): Promise<WebhookReply> => {
    const from = clock.now()
    const reply = await runtime.gateway.webhook(request)
    answers.push({ desk, at: from, ms: clock.now() - from, status: reply.status })
    return reply
  }

  for (const [desk, sandbox] of Object.entries(sandboxes)) {
    sandbox.deliveries.mode = 'held'
    sandbox.deliveries.connect(async (request) => {
      if (chaos.happens('webhook-lost', rate, desk)) {
        await clock.sleep(patienceOfVendor(desk))
        throw new Error('Lost on its way')
      }
      const isAnswerLost = chaos.happens('webhook-answer-lost', rate, desk)
      const handed = clock.track(handOver(desk, request))
      if (chaos.happens('webhook-duplicated', rate, desk)) {
        const later = chaos.random('duplicate').between(0, 2) * 1_000
        clock.setTimer(() => handOver(desk, request), later)
      }
      const tooLate = clock.sleep(patienceOfVendor(desk)).then(() => undefined)
      const reply = await Promise.race([handed, tooLate])
      if (isAnswerLost || !reply) throw new Error('No answer in time')
      return reply
    })
    sandbox.deliveries.schedule((delivery, send) => {
      const random = chaos.random(`${desk} way`)
      const usual = 10 + random.between(0, weather.spread / 10) * 10
      const late = chaos.happens('webhook-delayed', rate, desk) ? random.between(1, 30) * 500 : 0
      const wait = delivery.attempt === 1 ? 0 : (HABITS[desk]?.waitsMs[delivery.attempt - 2] ?? 1_000) * haste
      clock.setTimer(() => _deliver(desk, delivery, send, { clock, givenUp }), wait + usual + late)
    })
  }
  return { answers, givenUp }
}

const _deliver = async (
  desk: string,
  delivery: Delivery,
  send: () => Promise<{ isRepeated: boolean; status?: number }>,
  { clock, givenUp }: { clock: StageTime; givenUp: Couriers['givenUp'] }
): Promise<void> => {
  const { isRepeated, status } = await send()
  if (isRepeated || (status !== undefined && status < 300)) return
  const { body } = delivery.request
  if (body.startsWith('payload=') && delivery.attempt < MOST_PRESSES) {
    const again = { ...delivery, attempt: delivery.attempt + 1 }
    clock.setTimer(() => _deliver(desk, again, send, { clock, givenUp }), PERSON_TRIES_AGAIN_MS)
    return
  }
  givenUp.push({ desk, body, at: clock.now() })
}
