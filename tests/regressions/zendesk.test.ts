/** What Zendesk does to a live session behind the router's back. */
import { describe, expect, it } from 'vitest'
import type { ZendeskSandbox } from '../../providers/zendesk/sandbox'
import { countSeen, seenBy, SETTLED_MS } from '../support/handoffs'
import { open } from '../support/outbox'

const END = 'The human agent closed the conversation'

const start = async () => {
  const session = await open('zendesk', 1)
  const { stage, conversationId } = session
  await stage.pass(SETTLED_MS)
  const seen = () => seenBy(stage, conversationId).join('\n')
  return { ...session, zendesk: session.sandbox as ZendeskSandbox, seen }
}

describe('a session at Zendesk', () => {
  it('whose contact is merged into another user goes on', async () => {
    const { stage, zendesk, ticket, says, posted, refusalOf, seen } = await start()
    zendesk.mergeContact(ticket().id)
    await stage.finish(says('still me'))
    await stage.pass(SETTLED_MS)
    await stage.finish(says('and again'))
    await stage.pass(SETTLED_MS)
    expect(posted()).toEqual(['still me', 'and again'])
    expect([refusalOf('still me'), refusalOf('and again')]).toEqual([undefined, undefined])
    zendesk.agentReplies(ticket().id, 'I see you')
    await stage.pass(SETTLED_MS)
    expect(seen()).toContain('I see you')
    expect(seen()).not.toContain(END)
  })

  it.each(['suspendContact', 'deleteContact'] as const)('whose contact is gone goes on (%s)', async (move) => {
    const { stage, zendesk, ticket, says, posted, seen } = await start()
    zendesk[move](ticket().id)
    await stage.finish(says('still me'))
    await stage.pass(SETTLED_MS)
    expect(posted()).toEqual([expect.stringMatching(/^Eve Customer .*still me$/s)])
    expect(seen()).not.toContain(END)
  })

  it('shows the answers and the end behind a comment whose author is gone', async () => {
    const { stage, zendesk, ticket, conversationId, seen } = await start()
    zendesk.addComment(ticket().id, { author_id: 4_711, html_body: '<p>GONE</p>' })
    zendesk.agentReplies(ticket().id, 'AFTER')
    zendesk.solve(ticket().id)
    await stage.pass(SETTLED_MS)
    expect(seen()).not.toContain('GONE')
    expect(countSeen(stage, conversationId, 'AFTER')).toBe(1)
    expect(countSeen(stage, conversationId, END)).toBe(1)
  })

  it('shows no protocol of a call', async () => {
    const { stage, zendesk, ticket, seen } = await start()
    zendesk.addComment(ticket().id, {
      type: 'VoiceComment',
      html_body: 'Call from: +1 (555) 010-0199<br>Listen to the recording: https://acme.zendesk.com/recording',
      via: { channel: 'voice', source: { rel: 'outbound' } },
      data: { recording_url: 'https://acme.zendesk.com/recording' },
    })
    await stage.pass(SETTLED_MS)
    expect(seen()).not.toMatch(/Call from|recording/)
  })

  it('is not ended by a page of a proxy or by another address of the account', async () => {
    const { stage, zendesk, ticket, says, seen } = await start()
    for (const body of ['<!doctype html>', { error: { title: 'No help desk at acme.zendesk.com' } }]) {
      zendesk.server.addFault({ kind: 'status', status: 404, body, times: 30 })
      await stage.finish(says('hello?'))
      await stage.pass(SETTLED_MS)
      zendesk.server.clearFaults()
    }
    zendesk.agentReplies(ticket().id, 'I am here')
    await stage.pass(SETTLED_MS)
    expect(seen()).toContain('I am here')
    expect(seen()).not.toContain(END)
  })
})
