import { describe, expect, it } from 'vitest'
import { ACCOUNT_FAULT_NAMES, accountRefusal, callFault } from './call-faults'
import { createChaos } from './chaos'
import { CALM, WEATHERS } from './kinds'
import { faultDuring, makeOutage, OUTAGES } from './outages'
import { createRandom } from './random'
import { simulatedTime } from './time'

describe('an account that is closed', () => {
  it('is told in each desk’s own way, never as a missing ticket', () => {
    expect(accountRefusal('https://slack.com', 'org_login_required')).toEqual({
      status: 200,
      body: '{"ok":false,"error":"org_login_required"}',
    })
    expect(accountRefusal('https://api.intercom.io', '').status).toBe(403)
    expect(accountRefusal('https://acme.zendesk.com', '').status).toBe(402)
  })
})

describe('an outage', () => {
  const random = createRandom('outages')

  it('of each kind has its own faults: only a lying desk works', () => {
    for (const kind of OUTAGES) {
      const outage = { ...makeOutage(random, 0, [kind]), kind }
      const faults = Array.from({ length: 40 }, () => faultDuring(outage, random))
      const effects = new Set(faults.map((name) => callFault(name).effect))
      if (kind === 'down') expect([...effects]).toEqual(['before'])
      if (kind === 'lying') expect([...effects]).toEqual(['after'])
      // The same refusal for everybody.
      if (kind === 'closed') expect(new Set(faults).size).toBe(1)
    }
    expect(ACCOUNT_FAULT_NAMES).toContain(makeOutage(random, 0, ['closed']).refusal)
  })

  it('counts as one fault, and can be left out', async () => {
    const clock = simulatedTime()
    const weather = { ...CALM, outages: WEATHERS.failover.outages, outage: 1 }
    const options = { seed: 'outages', clock, weather }
    const [chaos, without] = [createChaos(options), createChaos({ ...options, without: new Set(['outage slack#0']) })]
    const struck = { with: 0, without: 0 }
    for (let seconds = 0; seconds < 300; seconds += 1) {
      if (chaos.pickCallFault('desk', 'POST /', 'slack') !== undefined) struck.with += 1
      if (without.pickCallFault('desk', 'POST /', 'slack') !== undefined) struck.without += 1
      await clock.drain(1_000)
    }
    const kinds = chaos.injected.map(({ key }) => key)
    expect(new Set(kinds).size).toBe(kinds.length)
    expect(struck.with).toBeGreaterThan(kinds.length)
    expect(kinds).toContain('outage slack#0')
    expect(without.injected.map(({ key }) => key)).not.toContain('outage slack#0')
    expect(struck.without).toBeLessThan(struck.with)
  })
})
