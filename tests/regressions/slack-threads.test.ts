/** What people write into a thread in Slack, through the whole product: to the customer, or into a note. */
import { expect, it } from 'vitest'
import type { SlackSandbox } from '../../providers/slack/sandbox'
import { seenBy, SETTLED_MS } from '../support/handoffs'
import { sessionAt } from './helpers'

const MALLORY = 'U0MALLORY01'
const BOT_USER = 'U0HITLROUTER'

const open = async () => {
  const session = await sessionAt('slack')
  const { stage, ticket, conversationId } = session
  const thread = session.sandbox as SlackSandbox
  const before = seenBy(stage, conversationId).length
  return {
    thread,
    id: ticket().id,
    pass: () => stage.pass(SETTLED_MS),
    seen: () => seenBy(stage, conversationId).slice(before),
    notes: () =>
      ticket()
        .entries.filter(({ kind, author }) => kind === 'note' && author === 'HITL Router')
        .map(({ text }) => text),
  }
}

const section = (...elements: Record<string, unknown>[]) => [
  { type: 'rich_text', elements: [{ type: 'rich_text_section', elements }] },
]

it('an internal note stays in Slack in any formatting, and a doubtful one is told to its author once', async () => {
  const { thread, id, pass, seen, notes } = await open()
  const before = notes().length
  const bold = section({ type: 'text', text: '// he has not paid', style: { bold: true } })
  thread.postAsPerson(id, '*// he has not paid*', { blocks: bold })
  await pass()
  expect(notes()).toHaveLength(before)
  const apart = section({ type: 'text', text: '/ / he has not paid' })
  thread.postAsPerson(id, '/ / he has not paid', { blocks: apart })
  thread.deliveries.waiting.push(...thread.deliveries.waiting)
  await pass()
  expect(seen()).toEqual([])
  expect(notes().slice(before)).toEqual([expect.stringContaining('looks like an internal note')])
  expect(notes().join()).not.toContain('paid')
})

it('a forwarded message and a post of the router without marks never reach the customer', async () => {
  const { thread, id, pass, seen, notes } = await open()
  const before = notes().length
  thread.echoUnmarked(id, 'customer words')
  const attachments = [{ is_share: true, text: 'Hold the button for ten seconds.' }]
  thread.postAsPerson(id, '', { attachments })
  await pass()
  expect(seen()).toEqual([])
  expect(notes().slice(before)).toEqual([expect.stringContaining('a forwarded message')])
  expect(thread.tickets()[0]?.entries.filter(({ author }) => author === BOT_USER)).toEqual([])
})

it('people of another company are told once that they don’t speak to the customer', async () => {
  const { thread, id, pass, seen, notes } = await open()
  const before = notes().length
  thread.share(id)
  for (const text of ['hello', 'anybody?', 'hm']) {
    thread.agentReplies(id, text, { agentId: MALLORY })
    await pass()
  }
  expect(seen()).toEqual([])
  expect(notes().slice(before)).toEqual([expect.stringContaining('Only people of this workspace')])
})

it('a late webhook of a deleted reply delivers nothing', async () => {
  const { thread, id, pass, seen } = await open()
  thread.deliveries.mode = 'held'
  const reply = thread.agentReplies(id, 'a slip', { agentId: thread.agents[0]?.id ?? '' })
  thread.deleteReply?.(reply)
  await pass()
  await pass()
  // Slack signs each delivery when it sends it.
  thread.deliveries.waiting.splice(
    0,
    thread.deliveries.waiting.length,
    ...thread.deliveries.waiting.map(({ request }) => ({ request: thread.signed(request.body), attempt: 1 }))
  )
  thread.deliveries.mode = 'auto'
  await thread.deliveries.flush()
  await pass()
  expect(seen()).toEqual([])
})
