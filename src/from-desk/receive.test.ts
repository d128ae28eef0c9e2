import { RuntimeError } from '@botpress/sdk'
import { describe, expect, it } from 'vitest'
import { ProviderError } from '../../providers/errors'
import { recordLog } from '../../providers/conformance/tools'
import { DESKS, open } from '../../tests/support/outbox'
import type { Call } from '../botpress/call'
import { providers } from '../definition/registry'
import { LockBusy, OutcomeUnknown } from '../session/lock'
import { receiveWebhook } from './receive'

type Tags = Record<string, string>

/** A webhook about an agent's message reaches an instance in a session that `prepare` has changed. */
const receive = async (desk: string, prepare: (call: Call, tags: Tags) => void) => {
  const { stage, sandbox, ticket, sessionId, instances } = await open(desk, 1)
  sandbox.deliveries.mode = 'held'
  sandbox.agentReplies(ticket().id, 'Ada is here', { agentId: sandbox.agents[0]?.id ?? '' })
  const request = sandbox.deliveries.waiting.map((delivery) => delivery.request).at(-1)
  const tags = stage.botpress.runtime.store.conversations.get(sessionId())?.tags
  if (!request || !tags) throw new Error('There is no webhook, or no session')
  const log = recordLog()
  let status: number | undefined
  const work = instances.run(async (call) => {
    const prepared = { ...call, client: Object.create(call.client) as Call['client'], log }
    prepare(prepared, tags)
    const reply = await receiveWebhook(prepared, request)
    status = reply.status
  })
  await stage.finish(work)
  const lines = log.lines.filter(({ message }) => message.startsWith('A webhook'))
  return { status, lines: lines.map(({ level, message }) => `${level}: ${message}`) }
}

const failWith =
  (error: Error) =>
  ({ client }: Call): void => {
    client.initializeIncomingMessage = () => Promise.reject(error)
    client.getOrSetState = () => Promise.reject(error)
    client.getConversation = () => Promise.reject(error)
    client.listConversations = () => Promise.reject(error)
  }

describe.each(DESKS)('a webhook of %s', (desk) => {
  const retryStatus = providers[desk]?.retryReply.status

  it('is answered without a line when it was applied', async () => {
    expect(await receive(desk, () => {})).toEqual({ status: 200, lines: [] })
  })

  it('that comes before its session is asked for again, at level debug', async () => {
    const { status, lines } = await receive(desk, (_call, tags) => {
      for (const tag of ['provider', 'ticketId', 'status']) delete tags[`desk:${tag}`]
    })
    expect(status).toBe(retryStatus)
    expect(lines).toEqual([expect.stringMatching(/^debug: .* before its session was open\./)])
  })

  it('that takes too long is asked for again, at level info', async () => {
    const { status, lines } = await receive(desk, ({ client }) => {
      client.initializeIncomingMessage = () => new Promise(() => {})
      client.getOrSetState = () => new Promise(() => {})
    })
    expect(status).toBe(retryStatus)
    expect(lines).toEqual([expect.stringMatching(/^info: .* took too long\./)])
  })

  it.each([
    ['info', new LockBusy('Another caller holds the lock')],
    ['warn', new OutcomeUnknown('Whether it happened is not known')],
    ['warn', new ProviderError(desk, 'unavailable', 'No answer')],
    ['error', new TypeError('undefined is not a function')],
    ['error', new RuntimeError('A bug')],
  ])('that fails is asked for again, at level %s for %s', async (level, error) => {
    const { status, lines } = await receive(desk, failWith(error))
    expect(status).toBe(retryStatus)
    expect(lines).toEqual([expect.stringMatching(new RegExp(`^${level}: `))])
  })

  it('that waits for someone to mend the desk is asked for again, at level error', async () => {
    const { status, lines } = await receive(desk, failWith(new ProviderError(desk, 'unauthorized', 'No access')))
    expect(status).toBe(retryStatus)
    expect(lines).toEqual([expect.stringMatching(/^error: A webhook waits until its desk is mended/)])
  })
})
