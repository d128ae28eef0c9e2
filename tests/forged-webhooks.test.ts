/** Forged webhooks of a desk whose secret is stored: refusing them costs next to nothing, and never the real ones. */
import { describe, expect, it } from 'vitest'
import type { ZendeskSandbox } from '../providers/zendesk/sandbox'
import { seenBy, SETTLED_MS } from './support/handoffs'
import { open, type Session } from './support/outbox'

const REFUSED_FOR_MS = 10_000

const start = async (instances = 1) => {
  const session = await open('zendesk', instances)
  const zendesk = session.sandbox as ZendeskSandbox
  await session.stage.pass(SETTLED_MS)
  return { ...session, zendesk }
}

/** Sends one webhook and resolves to its status. */
const send = async ({ stage, zendesk }: Awaited<ReturnType<typeof start>>, body: string, secret?: string) => {
  const request = zendesk.signed(body, secret === undefined ? {} : { secret })
  const reply = await stage.finish(stage.botpress.runtime.gateway.webhook(request))
  return reply.status
}

const callsOf = ({ instances }: Session) =>
  instances.all.reduce((sum, { asked }) => sum + asked.filter(({ side }) => side === 'api').length, 0)

describe('forged webhooks', () => {
  it('one after the other cost one call in ten seconds', async () => {
    const session = await start()
    const before = callsOf(session)
    for (let count = 0; count < 50; count += 1) {
      expect(await send(session, `{"hitl":"replied","n":${count}}`, 'guessed')).toBe(401)
    }
    expect(callsOf(session) - before).toBe(1)
    await session.stage.pass(REFUSED_FOR_MS)
    expect(await send(session, '{}', 'guessed')).toBe(401)
    expect(callsOf(session) - before).toBe(2)
  })

  it('at once cost one call', async () => {
    const session = await start()
    const before = callsOf(session)
    const { stage, zendesk } = session
    const forged = Array.from({ length: 50 }, () => zendesk.signed('{}', { secret: 'guessed' }))
    const replies = await stage.finish(
      Promise.all(forged.map((request) => stage.botpress.runtime.gateway.webhook(request)))
    )
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([401]))
    expect(callsOf(session) - before).toBe(1)
  })

  it('delay no real one', async () => {
    const session = await start()
    const { stage, zendesk, conversationId, ticket } = session
    expect(await send(session, '{}', 'guessed')).toBe(401)
    zendesk.agentReplies(ticket().id, 'Ada is here')
    await stage.pass(SETTLED_MS)
    expect(seenBy(stage, conversationId).join('\n')).toContain('Ada is here')
  })

  /** Zendesk's side of a save: the webhook was recreated, with another secret. */
  const recreate = async ({ stage, zendesk, instances }: Awaited<ReturnType<typeof start>>) => {
    const [webhook] = zendesk.rules.webhooks
    Object.assign(webhook ?? {}, { secret: 'recreated' })
    instances.takeTurns(0)
    await stage.save(stage.configuration({ order: ['zendesk', 'intercom', 'slack'] }))
  }

  it('before a save don’t outlive it where it was made', async () => {
    const session = await start()
    expect(await send(session, '{}', 'guessed')).toBe(401)
    await recreate(session)
    expect(await send(session, '{"hitl":"none"}')).toBe(200)
  })

  it('during a save don’t outlive it', async () => {
    const session = await start()
    const { stage, zendesk, instances } = session
    // The look for the forged one begins before the save and ends after it.
    instances.all[0]?.delayAt(5_000, ({ side, path }) => side === 'api' && path.includes('/states/'))
    const forged = stage.botpress.runtime.gateway.webhook(zendesk.signed('{}', { secret: 'guessed' }))
    await recreate(session)
    expect((await stage.finish(forged)).status).toBe(401)
    expect(await send(session, '{"hitl":"none"}')).toBe(200)
  })

  it('before a save at another instance don’t outlive its spreading', async () => {
    const session = await start(2)
    const { stage, instances } = session
    instances.choose('at the second', 1)
    expect(await send(session, '{"at the second":1}', 'guessed')).toBe(401)
    await recreate(session)
    await stage.pass(REFUSED_FOR_MS)
    expect(await send(session, '{"at the second":2}')).toBe(200)
  })
})
