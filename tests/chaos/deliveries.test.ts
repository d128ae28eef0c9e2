/** Vendors deliver a webhook as often as they say. */
import { afterEach, describe, expect, it } from 'vitest'
import type { WebhookReply } from '../../providers/provider'
import { CALM } from './kinds'
import { createStage, type Stage } from './stage'

let stage: Stage | undefined
afterEach(() => stage?.close())

/** How often a desk delivers what an agent wrote, and whether it gives up, when the router answers like this. */
const attemptsOf = async (desk: string, answer: () => Promise<WebhookReply>) => {
  stage = await createStage({ seed: 'deliveries', desks: [desk], weather: CALM })
  const { world, clock, webhooks } = stage
  const times: number[] = []
  world.botpress.runtime.gateway.webhook = () => {
    times.push(clock.now())
    return answer()
  }
  world.sandbox(desk).foreignTicket()
  await clock.drain(30 * 60_000)
  const first = times[0] ?? 0
  return { after: times.map((at) => Math.round((at - first) / 1_000)), givenUp: webhooks.givenUp.length > 0 }
}

const never = (): Promise<WebhookReply> => new Promise(() => {})

describe('a webhook without an answer', () => {
  it('is repeated by Intercom once, a minute later', async () => {
    const { after, givenUp } = await attemptsOf('intercom', never)
    const [first, second] = after
    expect([first, after.filter((seconds) => seconds > 70).length, givenUp]).toEqual([0, 0, true])
    expect(after.some((seconds) => seconds >= 60)).toBe(true)
    expect(second).toBeDefined()
  })

  it('is repeated by Slack three times: at once, after a minute and after five more', async () => {
    const { after, givenUp } = await attemptsOf('slack', never)
    expect([after.length % 4, givenUp]).toEqual([0, true])
    expect(after.at(-1)).toBeGreaterThan(360)
  })
})

describe('a webhook that was answered', () => {
  it.each(['zendesk', 'intercom', 'slack'])('is not repeated by %s', async (desk) => {
    const { givenUp, after } = await attemptsOf(desk, () => Promise.resolve({ status: 200 }))
    expect([givenUp, after.every((seconds) => seconds < 5)]).toEqual([false, true])
  })
})
