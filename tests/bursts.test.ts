/** Agents who write many messages within a moment, at many instances: nobody counts on the desk's retries. */
import { describe, expect, it } from 'vitest'
import { handOver, seenBy, SETTLED_MS } from './support/handoffs'
import { connectInstances } from './support/instances'
import { DESKS, startAt } from './regressions/helpers'

const INSTANCES = 8
/** Milliseconds that one call takes. */
const LATENCY = { api: 30, desk: 80 }

interface Burst {
  count: number
  /** Between two messages, in milliseconds. */
  pauseMs: number
  scheduledMessages?: 'visible' | 'hidden'
  /** The agent has written before. */
  isKnown?: boolean
  /** The plugin isn't certain to listen yet. */
  isEarly?: boolean
  /** Instances have met the session. */
  isWarm?: boolean
}

const burst = async (
  desk: string,
  { count, pauseMs, isKnown, isEarly, isWarm, scheduledMessages = 'visible' }: Burst
) => {
  const stage = await startAt(desk, { sockets: false, switches: { scheduledMessages } })
  let instances = connectInstances(stage, INSTANCES, { latency: LATENCY })
  const { sandbox, ticket, conversationId } = await handOver(stage)
  const agentId = sandbox.agents[0]?.id ?? ''
  const said: string[] = []
  const says = (text: string): void => {
    said.push(text)
    sandbox.agentReplies(ticket().id, text, { agentId })
  }
  if (!isEarly) await stage.pass(SETTLED_MS)
  for (let number = 0; isKnown && number < (isWarm ? 2 * INSTANCES : 1); number += 1) {
    says(`before ${number}`)
    await stage.pass(3_000)
  }
  if (!isWarm) instances = connectInstances(stage, INSTANCES, { latency: LATENCY })
  const { gateway } = stage.botpress.runtime
  const statuses: number[] = []
  const durations: number[] = []
  sandbox.deliveries.mode = 'held'
  const work: Promise<void>[] = []
  for (let number = 0; number < count; number += 1) {
    says(`answer ${number}`)
    for (const { request } of sandbox.deliveries.waiting.splice(0)) {
      const startedAt = stage.clock.now()
      work.push(
        gateway.webhook(request).then(({ status }) => {
          statuses.push(status)
          durations.push(stage.clock.now() - startedAt)
        })
      )
    }
    if (pauseMs > 0) await stage.pass(pauseMs)
  }
  await stage.finish(Promise.all(work))
  await stage.pass(2 * SETTLED_MS)
  const answers = seenBy(stage, conversationId).flatMap((line) => /^agent [^:]*: (.*)$/.exec(line)?.[1] ?? [])
  const joined = seenBy(stage, conversationId).filter((line) => line.includes('joined')).length
  return { said, answers, joined, refused: statuses.filter((status) => status !== 200).length, durations, instances }
}

const BURSTS: [string, Burst][] = [10, 20].flatMap((count) =>
  (['visible', 'hidden'] as const).flatMap((scheduledMessages) =>
    [0, 100].flatMap((pauseMs): [string, Burst][] => {
      const more = { count, pauseMs, scheduledMessages }
      const when = `${count} messages, ${pauseMs} ms apart, schedules ${scheduledMessages}`
      return [
        [`${when}: of a new agent`, more],
        [`${when}: of a known agent`, { ...more, isKnown: true }],
        [`${when}: of a known agent, warm`, { ...more, isKnown: true, isWarm: true }],
        [`${when}: early`, { ...more, isEarly: true }],
      ]
    })
  )
)

describe.each(DESKS)('many answers within a moment at %s', (desk) => {
  it.each(BURSTS)('are shown once and in order, with no retry: %s', async (_name, given) => {
    const { said, answers, joined, refused, durations } = await burst(desk, given)
    if (process.env['SHOW']) console.log(desk, _name, refused, Math.max(...durations))
    expect(answers).toEqual(said)
    expect(joined).toBe(1)
    expect(refused).toBe(0)
  })
})
