import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isStatus, LIFE_EVENTS, meaningOf, PHASES, phaseOf, STATUSES } from './life'
import type { Phase } from './life'
import type { Session } from './session'
import { ACTIVATION_MS, JUST_ENDED_MS } from '../botpress/timing'

const OPENED_AT = Date.UTC(2026, 5, 1, 9)
const ENDED_AT = OPENED_AT + 60_000

const session = (given: Partial<Session> = {}): Session => ({
  conversationId: 'conv_1',
  provider: 'alpha',
  ticket: { id: 'ticket_1', conversationId: 'conv_1' },
  status: 'open',
  openedAt: OPENED_AT,
  customerId: 'user_1',
  customerName: 'Eve Customer',
  agents: [],
  endedAt: undefined,
  agentEndedAt: undefined,
  botEndedAt: undefined,
  isUnsolved: false,
  endingAt: undefined,
  cursor: undefined,
  place: undefined,
  scheduled: [],
  ...given,
})

describe('the phase of a session', () => {
  const closed = session({ status: 'closed', endedAt: ENDED_AT })

  it.each<[Phase, string, Session | undefined, number]>([
    ['opening', 'without a session', undefined, OPENED_AT],
    ['opening', 'when it was just written down', session(), OPENED_AT],
    ['opening', 'until the plugin listens', session(), OPENED_AT + ACTIVATION_MS - 1],
    ['open', 'once the plugin listens', session(), OPENED_AT + ACTIVATION_MS],
    ['open', 'without the moment of its opening', session({ openedAt: undefined }), OPENED_AT],
    ['closing', 'while its end is scheduled', closed, ENDED_AT - 1_500],
    ['closing', 'when the customer hears of its end', closed, ENDED_AT],
    ['closing', 'while last messages may be in flight', closed, ENDED_AT + JUST_ENDED_MS - 1],
    ['closed', 'when the last messages have arrived', closed, ENDED_AT + JUST_ENDED_MS],
    ['closed', 'without the moment of its end', session({ status: 'closed' }), OPENED_AT],
  ])('is %s %s', (phase, _when, given, now) => {
    expect(phaseOf(given, now)).toBe(phase)
  })

  it('only moves forward, whatever its tags say', () => {
    const moment = fc.option(fc.integer({ min: OPENED_AT, max: OPENED_AT + 100_000 }), { nil: undefined })
    const written = fc.record({ status: fc.constantFrom(...STATUSES), openedAt: moment, endedAt: moment })
    const times = fc.array(fc.integer({ min: OPENED_AT - 10_000, max: OPENED_AT + 200_000 }), { minLength: 2 })
    fc.assert(
      fc.property(written, times, (tags, moments) => {
        const phases = moments.toSorted((a, b) => a - b).map((now) => PHASES.indexOf(phaseOf(session(tags), now)))
        expect(phases).toEqual(phases.toSorted((a, b) => a - b))
      })
    )
  })
})

describe('the meaning of an event', () => {
  const meanings = (event: (typeof LIFE_EVENTS)[number], phases: readonly Phase[] = PHASES) =>
    phases.map((phase) => meaningOf(event, phase))
  const OVER = ['closing', 'closed'] as const

  it('is defined for every event in every phase', () => {
    for (const event of LIFE_EVENTS) for (const meaning of meanings(event)) expect(meaning).toBeTypeOf('string')
  })

  it('ends a session once: nothing ends it again', () => {
    for (const event of LIFE_EVENTS) {
      for (const meaning of meanings(event, OVER)) expect(['end', 'wait']).not.toContain(meaning)
    }
    expect(meanings('ticket-closed', ['opening', 'open'])).toEqual(['wait', 'end'])
    expect(meanings('stop', ['opening', 'open'])).toEqual(['end', 'end'])
  })

  it('never loses an agent’s message', () => {
    for (const meaning of meanings('agent-message')) expect(['deliver', 'wait', 'tell-agent']).toContain(meaning)
  })

  it('never loses a customer’s or the bot’s message', () => {
    for (const event of ['customer-message', 'bot-message'] as const) {
      for (const meaning of meanings(event)) expect(['deliver', 'refuse']).toContain(meaning)
    }
  })

  it('lets events for the bot wait until the plugin listens', () => {
    const forBot = LIFE_EVENTS.filter((event) => meaningOf(event, 'opening') === 'wait')
    expect(forBot).toEqual(['agent-message', 'agent-assigned', 'ticket-closed'])
  })

  it('announces no agent and delivers no agent’s message after the end', () => {
    expect(meanings('agent-assigned', OVER)).toEqual(['nothing', 'nothing'])
    expect(meanings('agent-message', OVER)).toEqual(['tell-agent', 'tell-agent'])
  })

  it('takes the customer’s last messages to the ticket, and no later ones', () => {
    expect(meanings('customer-message', ['closing', 'closed'])).toEqual(['deliver', 'refuse'])
  })
})

describe('the status of a session', () => {
  it('is open or closed', () => {
    expect(STATUSES.filter(isStatus)).toEqual(['open', 'closed'])
    expect([undefined, '', 'closing', 'opening', 'failed'].filter(isStatus)).toEqual([])
  })
})
