import { describe, expect, it } from 'vitest'
import { needsCleanup } from './cleanup'
import { agentsTag, readSession, type Tags } from './session'

const OPEN: Tags = { provider: 'alpha', ticketId: 'ticket_1', status: 'open', openedAt: '2026-06-01T09:00:00.000Z' }
const EARLY = '2026-06-01T09:10:00.000Z'
const LATE = '2026-06-01T09:10:02.000Z'

const read = (tags: Tags) => readSession({ id: 'conv_1', tags: { ...OPEN, ...tags } })

describe('a conversation', () => {
  it('is a session when it has a desk, a ticket and a status', () => {
    const ticket = { id: 'ticket_1', conversationId: 'conv_1' }
    expect(read({})).toMatchObject({ conversationId: 'conv_1', provider: 'alpha', ticket, status: 'open' })
    expect(read({ status: 'closed' })).toMatchObject({ status: 'closed', endedAt: undefined })
  })

  it.each<[string, Tags]>([
    ['a desk', { provider: '' }],
    ['a ticket', { ticketId: '' }],
    ['a status', { status: '' }],
    ['a start that succeeded', { status: 'failed' }],
  ])('isn’t a session without %s', (_what, tags) => {
    expect(read(tags)).toBeUndefined()
  })
})

describe('a session', () => {
  it('is closed as soon as one side has ended it, even if a slow start calls it open', () => {
    expect(read({ agentEndedAt: EARLY })).toMatchObject({ status: 'closed', endedAt: Date.parse(EARLY) })
    expect(read({ botEndedAt: EARLY })).toMatchObject({ status: 'closed', endedAt: Date.parse(EARLY) })
  })

  it.each([
    ['the agent’s', { agentEndedAt: EARLY, botEndedAt: LATE }],
    ['the bot’s', { agentEndedAt: LATE, botEndedAt: EARLY }],
  ])('ends with the first of two ends, here %s', (_whose, tags) => {
    expect(read(tags)).toMatchObject({ endedAt: Date.parse(EARLY), botEndedAt: Date.parse(tags.botEndedAt) })
  })

  it('keeps its announced agents, newest last', () => {
    const agents = [
      { agentId: 'ada@desk one', at: Date.parse(EARLY) },
      { agentId: 'ben', at: Date.parse(LATE) },
    ]
    expect(read({ agents: agentsTag(agents) })?.agents).toEqual(agents)
  })
})

describe('the cleanup of an end', () => {
  const isNeeded = (tags: Tags): boolean => {
    const session = read(tags)
    if (!session) throw new Error('There is no session')
    return needsCleanup(session)
  }
  const BOT_END = { status: 'closed', botEndedAt: LATE, unsolved: 'yes' }
  const AGENT_END = { status: 'closed', agentEndedAt: EARLY, endingAt: EARLY }

  it.each<[string, Tags, boolean]>([
    ['isn’t needed while an agent’s end is under way', { endingAt: EARLY }, false],
    ['isn’t needed when an agent’s end was written down in time', { ...AGENT_END, endingAt: '' }, false],
    ['is needed after an agent’s late end', AGENT_END, true],
    ['is needed after the bot’s end', BOT_END, true],
    ['is needed for the bot’s end when the agent’s is cleaned up', { ...AGENT_END, ...BOT_END, endingAt: '' }, true],
    ['is needed for the agent’s end when the bot’s is cleaned up', { ...BOT_END, ...AGENT_END, unsolved: '' }, true],
    ['isn’t needed when both are', { ...AGENT_END, ...BOT_END, endingAt: '', unsolved: '' }, false],
  ])('%s', (_what, tags, expected) => {
    expect(isNeeded(tags)).toBe(expected)
  })
})
