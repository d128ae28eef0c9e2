import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isStatus, LIFE_EVENTS, meaningOf, PHASES, phaseOf, STATUSES } from './life'
import type { Phase } from './life'
import type { Session } from './session'
import { ACTIVATION_MS, JUST_ENDED_MS } from '../botpress/timing'

const OPENED_AT = Date.UTC(2026, 5, 1, 9)
const CLOSED_AT = OPENED_AT + 60_000

const session = (given: Partial<Session> = {}): Session => ({
  conversationId: 'conv_1',
  provider: 'alpha',
  ticket: { id: 'ticket_1', conversationId: 'conv_1' },
  status: 'open',
  openedAt: OPENED_AT,
  customerId: 'user_1',
  customerName: 'Eve Customer',
  agents: [],
  closedAt: undefined,
  closedBy: undefined,
  stoppedAt: undefined,
  endingAt: undefined,
  untoldSince: undefined,
  isUnsolved: false,
  cursor: undefined,
  ...given,
})

describe('the phase of a session', () => {
  const closed = session({ status: 'closed', closedAt: CLOSED_AT, closedBy: 'agent' })

  it.each<[string, Session | undefined, number, Phase]>([
    ['nothing is written down', undefined, OPENED_AT, 'opening'],
    ['it has just been written down', session(), OPENED_AT, 'opening'],
    ['the plugin may not listen yet', session(), OPENED_AT + ACTIVATION_MS - 1, 'opening'],
    ['the plugin listens', session(), OPENED_AT + ACTIVATION_MS, 'open'],
    ['it was opened before moments were written down', session({ openedAt: undefined }), OPENED_AT, 'open'],
    ['its end is written down and still to come', closed, CLOSED_AT - 1_500, 'closing'],
    ['the customer hears of its end', closed, CLOSED_AT, 'closing'],
    ['its last words may be on their way', closed, CLOSED_AT + JUST_ENDED_MS - 1, 'closing'],
    ['its last words have come', closed, CLOSED_AT + JUST_ENDED_MS, 'closed'],
    ['nobody knows when it ended', session({ status: 'closed' }), OPENED_AT, 'closed'],
    ['no desk took it', session({ status: 'failed', ticket: undefined }), OPENED_AT, 'failed'],
  ])('when %s', (_when, given, now, phase) => {
    expect(phaseOf(given, now)).toBe(phase)
  })

  it('moves forward only, whatever is written down', () => {
    const moment = fc.option(fc.integer({ min: OPENED_AT, max: OPENED_AT + 100_000 }), { nil: undefined })
    const written = fc.record({ status: fc.constantFrom(...STATUSES), openedAt: moment, closedAt: moment })
    const times = fc.array(fc.integer({ min: OPENED_AT - 10_000, max: OPENED_AT + 200_000 }), { minLength: 2 })
    fc.assert(
      fc.property(written, times, (tags, moments) => {
        const phases = moments.toSorted((a, b) => a - b).map((now) => PHASES.indexOf(phaseOf(session(tags), now)))
        expect(phases).toEqual(phases.toSorted((a, b) => a - b))
      })
    )
  })
})

describe('what an event means', () => {
  const meanings = (event: (typeof LIFE_EVENTS)[number], phases: readonly Phase[] = PHASES) =>
    phases.map((phase) => meaningOf(event, phase))
  const OVER = ['closing', 'closed', 'failed'] as const

  it('is told for every event in every phase', () => {
    for (const event of LIFE_EVENTS) for (const meaning of meanings(event)) expect(meaning).toBeTypeOf('string')
  })

  it('is the end once: what has ended does not end again', () => {
    for (const event of LIFE_EVENTS) {
      for (const meaning of meanings(event, OVER)) expect(['end', 'wait']).not.toContain(meaning)
    }
    expect(meanings('ticket-closed', ['opening', 'open'])).toEqual(['wait', 'end'])
    expect(meanings('stop', ['opening', 'open'])).toEqual(['end', 'end'])
  })

  it('is never that an agent’s words vanish', () => {
    for (const meaning of meanings('agent-message')) expect(['deliver', 'wait', 'tell-agent']).toContain(meaning)
  })

  it('is never that the customer’s words vanish', () => {
    for (const event of ['customer-message', 'bot-message'] as const) {
      for (const meaning of meanings(event)) expect(['deliver', 'refuse']).toContain(meaning)
    }
  })

  it('is that what is for the bot waits until the plugin listens', () => {
    const forBot = LIFE_EVENTS.filter((event) => meaningOf(event, 'opening') === 'wait')
    expect(forBot).toEqual(['agent-message', 'agent-assigned', 'ticket-closed'])
  })

  it('is for nobody after the end: no agent is announced, and nothing that he says is delivered', () => {
    expect(meanings('agent-assigned', OVER)).toEqual(['nothing', 'nothing', 'nothing'])
    expect(meanings('agent-message', OVER)).toEqual(['tell-agent', 'tell-agent', 'tell-agent'])
  })

  it('is that the customer’s last words reach the ticket, and no later ones', () => {
    expect(meanings('customer-message', ['closing', 'closed'])).toEqual(['deliver', 'refuse'])
  })
})

describe('a status', () => {
  it('is one of three words', () => {
    expect(STATUSES.filter(isStatus)).toEqual([...STATUSES])
    expect([undefined, '', 'closing', 'opening'].filter(isStatus)).toEqual([])
  })
})
