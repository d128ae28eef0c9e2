/** What each side sees of the other, as the Messages block says. */
import { describe, expect, it } from 'vitest'
import { handOver, seenBy, SETTLED_MS } from './support/handoffs'
import { createStage } from './support/simulated'
import { DESKS } from './regressions/helpers'

const stageWith = async (desk: string, messages: Record<string, unknown>) => {
  const stage = await createStage()
  const order = [desk, ...DESKS.filter((name) => name !== desk)]
  await stage.save({ ...stage.configuration({ order }), messages })
  return stage
}

const CARD = '4111 1111 1111 1111'

describe.each(DESKS)('at %s', (desk) => {
  it('the team’s name stands for the agents’, who still see each other’s', async () => {
    const stage = await stageWith(desk, { teamName: ' Acme\nSupport ' })
    const { sandbox, ticket, conversationId } = await handOver(stage)
    const [ada, ben] = sandbox.agents
    sandbox.agentReplies(ticket().id, 'Hello', { agentId: ada?.id ?? '' })
    await stage.pass(SETTLED_MS)
    sandbox.agentReplies(ticket().id, 'I take over', { agentId: ben?.id ?? '' })
    await stage.pass(SETTLED_MS)
    const seen = seenBy(stage, conversationId).join('\n')
    expect(seen).toContain('Acme Support: Hello')
    expect(seen).toContain('Acme Support: I take over')
    expect(seen).not.toContain(ada?.name)
    expect(seen).not.toContain(ben?.name)
    const users = stage.botpress.runtime.store.users
      .withTags({})
      .filter(({ tags }) => tags['desk:agent'] ?? tags['agent'])
    expect(users.every(({ pictureUrl }) => !pictureUrl)).toBe(true)
  })

  it('what is hidden reaches neither side, and is named in its place', async () => {
    const stage = await stageWith(desk, {
      hide: ['cards from agents, transcripts', '/AB-\\d{6}/ from customers', 'e-mails'],
    })
    const { bot } = stage.botpress
    const { sandbox, ticket, conversationId } = await handOver(stage, {
      title: `About ${CARD}`,
      description: 'Write to eve@customer.example',
      hitlSession: { summary: `Paid with ${CARD}` },
    })
    await bot.customerSays(conversationId, `My card is ${CARD} and AB-123456`)
    await stage.pass(SETTLED_MS)
    sandbox.agentReplies(ticket().id, `Contract AB-123456, card ${CARD}, ada@acme.example`, {
      agentId: sandbox.agents[0]?.id ?? '',
    })
    await stage.pass(SETTLED_MS)
    const fromUs = JSON.stringify([ticket().title, ticket().entries.filter(({ text }) => !text.includes('Contract'))])
    expect(fromUs).not.toMatch(/4111|eve@customer/)
    expect(fromUs).toContain('[card number hidden]')
    expect(fromUs).toContain('AB-123456')
    const seen = seenBy(stage, conversationId).find((line) => line.includes('Contract'))
    expect(seen).toContain(`Contract [text hidden], card ${CARD}, [e-mail address hidden]`)
  })

  it('a phrase of one’s own gives the conversation back, and no other does', async () => {
    const stage = await stageWith(desk, { handBack: '/zurück' })
    const { sandbox, ticket, conversationId } = await handOver(stage)
    const agentId = sandbox.agents[0]?.id ?? ''
    sandbox.agentNotes(ticket().id, '/bot', { agentId })
    await stage.pass(SETTLED_MS)
    expect(stage.botpress.bot.isActive(conversationId)).toBe(true)
    sandbox.agentNotes(ticket().id, '/zurück', { agentId })
    await stage.pass(SETTLED_MS)
    expect(stage.botpress.bot.isActive(conversationId)).toBe(false)
    expect(seenBy(stage, conversationId).join('\n')).not.toContain('/')
  })

  it.each([true, false])('a message that was delivered is marked, if the desk can: %s', async (showDelivered) => {
    const stage = await stageWith(desk, { showDelivered })
    const { sandbox, ticket } = await handOver(stage)
    const id = sandbox.agentReplies(ticket().id, 'Hello', { agentId: sandbox.agents[0]?.id ?? '' })
    await stage.pass(SETTLED_MS)
    const canShow = sandbox.fateOf !== undefined && showDelivered
    expect(sandbox.fateOf?.(id)).toEqual(canShow ? expect.any(String) : undefined)
  })

  it('a name and photo that have changed at the desk are shown within the hour', async () => {
    const stage = await stageWith(desk, {})
    const { sandbox, ticket, conversationId } = await handOver(stage)
    const [ada] = sandbox.agents
    const says = (text: string) => {
      sandbox.agentReplies(ticket().id, text, { agentId: ada?.id ?? '' })
      return stage.pass(SETTLED_MS)
    }
    await says('Hello')
    const { users } = stage.botpress.runtime.store
    const [known] = users.withTags({ 'desk:agent': `${desk}:${ada?.id}` })
    expect(known).toMatchObject({ name: ada?.name, pictureUrl: ada?.pictureUrl })
    // As it was before the change.
    Object.assign(known ?? {}, { name: 'Ada as a trainee', pictureUrl: 'https://photos.example/trainee.png' })
    await stage.pass(61 * 60_000)
    await says('It is still me')
    expect(known).toMatchObject({ name: ada?.name, pictureUrl: ada?.pictureUrl })
    expect(seenBy(stage, conversationId).at(-1)).toContain(`${ada?.name}: It is still me`)
  })

  it('the bot learns desk, agent and ticket of each message', async () => {
    const stage = await stageWith(desk, {})
    const { sandbox, ticket, conversationId } = await handOver(stage)
    const agentId = sandbox.agents[0]?.id ?? ''
    sandbox.agentReplies(ticket().id, 'Hello', { agentId })
    await stage.pass(SETTLED_MS)
    const [message] = stage.botpress.runtime.store.messages
      .withTags({})
      .filter((one) => one.conversationId === conversationId && one.tags['hitl#additionalData'])
    const data = JSON.parse(message?.tags['hitl#additionalData'] ?? '{}') as Record<string, unknown>
    expect(data).toMatchObject({ desk, agentId })
  })
})

it.each([
  [{ teamName: {} }, 'Messages → Team name: '],
  [{ hide: [7] }, 'Messages → Hide → 1: '],
  [{ hide: ['cards', 'passports'] }, 'Messages → Hide → 2: "passports" can\'t be hidden'],
  [{ hide: ['/(a/'] }, "Messages → Hide → 1: /(a/ can't be used"],
  [{ team: 'x' }, 'Messages → team: '],
])('%j is refused with the field and what to do', async (messages, problem) => {
  await expect(stageWith(DESKS[0] ?? '', messages)).rejects.toThrow(problem)
})
