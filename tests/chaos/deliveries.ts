/**
 * Delivers webhooks from a vendor to the router with faults: delayed, out of order, duplicated, lost, or delivered with
 * the answer lost.
 *
 * After a loss the vendor sees no answer and retries by its own rules. Slack never retries a button press: it shows an
 * error, and the agent presses again. This file does the same.
 */
import type { Delivery, Sandbox } from '../../providers/kit/sandbox'
import type { WebhookReply, WebhookRequest } from '../../providers/provider'
import type { Runtime } from '../../playground/botpress'
import type { Chaos } from './chaos'
import type { Weather } from './kinds'
import type { StageTime } from './time'

/**
 * How long each vendor waits for an answer and between its attempts: the first and as many more as there are delays.
 * The sandbox decides which answers are followed by another attempt.
 */
const VENDOR_RETRIES: Record<string, { timeoutMs: number; retryDelaysMs: readonly number[] }> = {
  // https://developer.zendesk.com/documentation/webhooks/ – 12 s time-out; retries 409 soon, time-outs with back-off.
  zendesk: { timeoutMs: 12_000, retryDelaysMs: [2_000, 5_000, 10_000, 30_000, 60_000] },
  // https://developers.intercom.com/docs/webhooks/webhook-notifications – 5 s time-out; one retry after a minute.
  intercom: { timeoutMs: 5_000, retryDelaysMs: [60_000] },
  // https://docs.slack.dev/apis/events-api/#retries – 3 s time-out; retries at once, after 1 min, after 5 min.
  slack: { timeoutMs: 3_000, retryDelaysMs: [500, 60_000, 300_000] },
}
const BUTTON_RETRY_MS = 4_000
const MAX_BUTTON_PRESSES = 6

export interface Answer {
  desk: string
  at: number
  ms: number
  status: number
}

export interface WebhookLog {
  readonly answers: Answer[]
  /** Deliveries that the vendor gave up. */
  readonly givenUp: { desk: string; body: string; at: number }[]
}

/** How long a vendor waits for an answer, in milliseconds. */
export const vendorTimeoutMs = (desk: string): number => VENDOR_RETRIES[desk]?.timeoutMs ?? 10_000

export interface WebhookOptions {
  clock: StageTime
  chaos: Chaos
  runtime: Runtime
  weather: Weather
  /** Scales the vendors' retry delays. Default: 1. */
  retryDelayFactor?: number
}

export const connectWebhooks = (
  sandboxes: Record<string, Sandbox>,
  { clock, chaos, runtime, weather, retryDelayFactor = 1 }: WebhookOptions
): WebhookLog => {
  const rate = weather.webhook
  const answers: WebhookLog['answers'] = []
  const givenUp: WebhookLog['givenUp'] = []

  const deliver = async (desk: string, request: WebhookRequest): Promise<WebhookReply> => {
    const from = clock.now()
    const reply = await runtime.gateway.webhook(request)
    answers.push({ desk, at: from, ms: clock.now() - from, status: reply.status })
    return reply
  }

  for (const [desk, sandbox] of Object.entries(sandboxes)) {
    sandbox.deliveries.mode = 'held'
    sandbox.deliveries.connect(async (request) => {
      if (chaos.happens('webhook-lost', rate, desk)) {
        await clock.sleep(vendorTimeoutMs(desk))
        throw new Error('Lost in transit')
      }
      const isAnswerLost = chaos.happens('webhook-answer-lost', rate, desk)
      const delivered = clock.track(deliver(desk, request))
      if (chaos.happens('webhook-duplicated', rate, desk)) {
        const later = chaos.random('duplicate').between(0, 2) * 1_000
        clock.setTimer(() => deliver(desk, request), later)
      }
      const timeout = clock.sleep(vendorTimeoutMs(desk)).then(() => undefined)
      const reply = await Promise.race([delivered, timeout])
      if (isAnswerLost || !reply) throw new Error('No answer in time')
      return reply
    })
    sandbox.deliveries.schedule((delivery, send) => {
      const delays = VENDOR_RETRIES[desk]?.retryDelaysMs
      if (delays && delivery.attempt > delays.length + 1) {
        givenUp.push({ desk, body: delivery.request.body, at: clock.now() })
        return
      }
      const random = chaos.random(`${desk} way`)
      const usual = 10 + random.between(0, weather.spread / 10) * 10
      const late = chaos.happens('webhook-delayed', rate, desk) ? random.between(1, 30) * 500 : 0
      const wait = delivery.attempt === 1 ? 0 : (delays?.[delivery.attempt - 2] ?? 1_000) * retryDelayFactor
      clock.setTimer(() => _send(desk, delivery, send, { clock, givenUp }), wait + usual + late)
    })
  }
  return { answers, givenUp }
}

const _send = async (
  desk: string,
  delivery: Delivery,
  send: () => Promise<{ isRepeated: boolean; status?: number }>,
  { clock, givenUp }: { clock: StageTime; givenUp: WebhookLog['givenUp'] }
): Promise<void> => {
  const { isRepeated, status } = await send()
  if (isRepeated || (status !== undefined && status < 300)) return
  const { body } = delivery.request
  if (body.startsWith('payload=') && delivery.attempt < MAX_BUTTON_PRESSES) {
    const again = { ...delivery, attempt: delivery.attempt + 1 }
    clock.setTimer(() => _send(desk, again, send, { clock, givenUp }), BUTTON_RETRY_MS)
    return
  }
  givenUp.push({ desk, body, at: clock.now() })
}
