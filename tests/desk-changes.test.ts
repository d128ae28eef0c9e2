/**
 * What agents change afterwards, give back, or learn about their messages; and desks that are busy, pending or deliver
 * once.
 */
import { aboutTag } from '../src/session/about'
import { describe, expect, it } from 'vitest'
import { handOver, SETTLED_MS } from './support/handoffs'
import { MEMORY_DESK, openMemoryStage } from './memory-desk/register'

const open = async (
  messages: Record<string, unknown> = {},
  card: { hitlSession?: Record<string, unknown> } = {},
  options: Parameters<typeof openMemoryStage>[1] = {}
) => {
  const stage = await openMemoryStage(messages, options)
  const handoff = await handOver(stage, card)
  const { id } = handoff.ticket()
  const act = async <T>(work: () => T): Promise<T> => {
    const result = work()
    await stage.pass(SETTLED_MS)
    return result
  }
  return {
    stage,
    handoff,
    id,
    act,
    say: (text: string) => act(() => stage.desk.agentReplies(id, text)),
    texts: () =>
      stage.botpress.runtime.store
        .messagesOf(handoff.ticket().conversationId ?? '')
        .filter(({ direction }) => direction === 'incoming')
        .map(({ payload }) => payload['text']),
    notes: () => handoff.ticket().entries.flatMap(({ kind, text }) => (kind === 'note' ? [text] : [])),
  }
}

describe('an agent’s edit', () => {
  it('reaches the customer as a correction, once, and the agent is told', async () => {
    const { stage, say, act, texts, notes } = await open()
    const message = await say('It costs 10 euros')
    await act(() => stage.desk.agentEdits?.(message, 'It costs 100 euros'))
    const webhook = stage.desk.deliveries.log.at(-1)?.delivery.request.body ?? ''
    stage.restart()
    await stage.finish(stage.receive(stage.desk.signed(webhook)))
    expect(texts()).toEqual(['It costs 10 euros', 'Correction: It costs 100 euros'])
    expect(notes().filter((text) => text.includes('correction'))).toHaveLength(1)
  })

  it('is said for every version, also for the first one again', async () => {
    const { stage, say, act, texts } = await open()
    const message = await say('Monday')
    for (const text of ['Tuesday', 'Tuesday', 'Monday']) await act(() => stage.desk.agentEdits?.(message, text))
    expect(texts()).toEqual(['Monday', 'Correction: Tuesday', 'Correction: Monday'])
  })

  it.each([
    ['de', 'Korrektur: Morgen'],
    ['fr-CA', 'Correction : Morgen'],
    ['zh-TW', '更正：Morgen'],
    ['tlh', 'Correction: Morgen'],
  ])('is in the customer’s language: %s', async (language, corrected) => {
    const { stage, id, handoff, say, act, texts } = await open()
    await stage.botpress.runtime.perform(
      { by: 'bot' },
      'PUT',
      `/v1/chat/conversations/${handoff.ticket().conversationId}`,
      {
        tags: { 'desk:about': aboutTag({ language }) },
      }
    )
    const message = await say('Heute')
    await act(() => stage.desk.agentEdits?.(message, 'Morgen'))
    expect(texts().at(-1)).toBe(corrected)
    expect(id).not.toBe('')
  })

  it('is in the language of the words where no other is known', async () => {
    const { stage, say, act, texts } = await open()
    const message = await say('Ihr Paket kommt leider erst am Montag bei Ihnen an')
    await act(() => stage.desk.agentEdits?.(message, 'Ihr Paket kommt leider erst am Dienstag bei Ihnen an'))
    expect(texts().at(-1)).toMatch(/^Korrektur: /)
  })

  it('before the delivery changes what is delivered', async () => {
    const { stage, id, act, texts, notes } = await open()
    stage.desk.deliveries.mode = 'held'
    await act(() => {
      const message = stage.desk.agentReplies(id, 'helo')
      stage.desk.agentEdits?.(message, 'hello')
    })
    await stage.finish(stage.desk.deliveries.flush())
    await stage.pass(SETTLED_MS)
    expect(texts()).toEqual(['hello'])
    expect(notes()).toEqual([])
  })

  it('is left alone where the configuration says so, and the agent is told', async () => {
    const { stage, say, act, texts, notes } = await open({ sendEdits: false })
    const message = await say('It costs 10 euros')
    await act(() => stage.desk.agentEdits?.(message, 'It costs 100 euros'))
    expect(texts()).toEqual(['It costs 10 euros'])
    expect(notes()).toEqual(['The customer still has the earlier text: changes are not sent.'])
  })

  it('after the end is not delivered, and the agent is told', async () => {
    const { stage, handoff, say, act, texts, notes } = await open()
    const message = await say('It costs 10 euros')
    await stage.finish(stage.botpress.bot.stopHitl(handoff.conversationId))
    await stage.pass(60_000)
    await act(() => stage.desk.agentEdits?.(message, 'It costs 100 euros'))
    expect(texts()).toEqual(['It costs 10 euros'])
    expect(notes().some((text) => text.includes('was not delivered'))).toBe(true)
  })
})

describe('an agent’s deletion', () => {
  it('of a delivered message is told to the customer, once, and the agent learns it', async () => {
    const { stage, say, act, texts, notes } = await open()
    const message = await say('The code is 4711')
    await act(() => stage.desk.deleteReply?.(message))
    const webhook = stage.desk.deliveries.log.at(-1)?.delivery.request.body ?? ''
    stage.restart()
    await stage.finish(stage.receive(stage.desk.signed(webhook)))
    expect(texts()).toEqual(['The code is 4711', 'Please disregard this message: “The code is 4711”'])
    expect(notes()).toEqual(['The customer has already got the deleted message: they were asked to disregard it.'])
  })

  it('of a message that was not delivered is not mentioned', async () => {
    const { stage, id, act, texts, notes } = await open()
    stage.desk.deliveries.mode = 'held'
    await act(() => stage.desk.deleteReply?.(stage.desk.agentReplies(id, 'The code is 4711')))
    await stage.finish(stage.desk.deliveries.flush())
    await stage.pass(SETTLED_MS)
    expect(texts()).toEqual([])
    expect(notes()).toEqual([])
  })

  it('is left alone where the configuration says so', async () => {
    const { stage, say, act, texts, notes } = await open({ sendEdits: false })
    const message = await say('The code is 4711')
    await act(() => stage.desk.deleteReply?.(message))
    expect(texts()).toEqual(['The code is 4711'])
    expect(notes()).toEqual(['The customer has already got the deleted message, and keeps it.'])
  })
})

describe('a conversation that an agent gives back', () => {
  it('ends for the customer, after what was said before, and its ticket stays open', async () => {
    const { stage, handoff, id, act, texts, notes } = await open()
    await act(() => {
      stage.desk.agentReplies(id, 'The bot helps you now')
      stage.desk.agentNotes(id, '/bot')
    })
    expect(texts()).toEqual(['The bot helps you now'])
    expect(stage.botpress.bot.isActive(handoff.conversationId)).toBe(false)
    expect(handoff.ticket().status).toBe('open')
    expect(notes().at(-1)).toContain('The bot has the conversation with the customer again')
    await act(() => stage.desk.agentReplies(id, 'One more thing'))
    expect(texts()).toEqual(['The bot helps you now'])
    expect(notes().at(-1)).toContain('was not delivered')
  })
})

describe('the fate of an agent’s message', () => {
  it('is shown at what was not delivered, beside the note', async () => {
    const { stage, handoff, say, notes } = await open()
    await stage.finish(stage.botpress.bot.stopHitl(handoff.conversationId))
    await stage.pass(60_000)
    const late = await say('Too late')
    expect(stage.desk.fateOf?.(late)).toContain('not delivered')
    expect(notes().some((text) => text.includes('was not delivered'))).toBe(true)
  })

  it('is shown at what was delivered, where the configuration asks for it', async () => {
    for (const showDelivered of [true, false]) {
      const { stage, say } = await open({ showDelivered })
      const message = await say('Hello')
      expect(stage.desk.fateOf?.(message)).toBe(showDelivered ? 'delivered' : undefined)
    }
  })
})

describe('a desk that delivers a webhook once', () => {
  it('is read with the next message of the customer', async () => {
    const { stage, handoff, say, texts } = await open()
    stage.botpress.runtime.addFault({ kind: 'status', status: 500, path: /initialize|messages/, times: 99 })
    await say('Are you there?')
    stage.botpress.runtime.clearFaults()
    expect(texts()).toEqual([])
    await stage.finish(stage.botpress.bot.customerSays(handoff.conversationId, 'hello?'))
    await stage.pass(SETTLED_MS)
    expect(texts()).toEqual(['Are you there?'])
  })

  it('is read with the next event, whatever that is', async () => {
    const { stage, id, act, say, texts } = await open()
    stage.botpress.runtime.addFault({ kind: 'status', status: 500, path: /initialize|messages/, times: 99 })
    await say('Are you there?')
    stage.botpress.runtime.clearFaults()
    await act(() => stage.desk.assign(id, 'agent-bob'))
    expect(texts()).toEqual(['Are you there?'])
  })
})

describe('a webhook that is signed with its address', () => {
  it('is verified at the address of the last save, and at no other', async () => {
    const { stage, id } = await open()
    const request = stage.desk.signed(JSON.stringify({ kind: 'assigned', ticket: id, agent: { id: 'a', name: 'A' } }))
    expect(request.url).toContain('https://webhook.botpress.cloud/')
    expect((await stage.finish(stage.receive(request))).status).toBe(200)
    expect((await stage.finish(stage.receive({ ...request, query: 'x=1' }))).status).toBe(401)
  })
})

describe('a desk that is busy', () => {
  it('is left for the next one, and stays healthy', async () => {
    const stage = await openMemoryStage({}, { desks: ['zendesk'], before: (desk) => (desk.isFull = true) })
    for (let count = 0; count < 4; count += 1) expect((await handOver(stage)).sandbox.name).toBe('zendesk')
    stage.desk.isFull = false
    // A breaker that had counted would leave it out now.
    expect((await handOver(stage)).sandbox.name).toBe(MEMORY_DESK)
  })
})

describe('a desk that the vendor is still setting up', () => {
  it('can be saved, takes no handoffs, and is asked again with the next one', async () => {
    const stage = await openMemoryStage({}, { desks: ['zendesk'], before: (desk) => (desk.isSettingUp = true) })
    expect((await handOver(stage)).sandbox.name).toBe('zendesk')
    expect(stage.desk.tickets()).toEqual([])
    stage.desk.isSettingUp = false
    expect((await handOver(stage)).sandbox.name).toBe(MEMORY_DESK)
    const calls = stage.desk.channelCalls
    expect((await handOver(stage)).sandbox.name).toBe(MEMORY_DESK)
    expect(stage.desk.channelCalls, 'what is ready is not asked again').toBe(calls)
  })

  it('is asked again with the next save', async () => {
    const stage = await openMemoryStage({}, { desks: ['zendesk'], before: (desk) => (desk.isSettingUp = true) })
    stage.desk.isSettingUp = false
    await stage.save(stage.configuration())
    const calls = stage.desk.channelCalls
    expect((await handOver(stage)).sandbox.name).toBe(MEMORY_DESK)
    expect(stage.desk.channelCalls).toBe(calls)
  })
})

describe('the Messages block', () => {
  it('is refused with its field where a value can’t be', async () => {
    const stage = await openMemoryStage()
    await expect(stage.save({ ...stage.configuration(), messages: { keepFilesDays: 400 } })).rejects.toThrow(
      'Messages → Keep files: write a number of days from 1 to 90'
    )
    await expect(stage.save({ ...stage.configuration(), messages: { keepFiles: 4 } })).rejects.toThrow(
      'Messages → keepFiles: isn'
    )
  })
})
