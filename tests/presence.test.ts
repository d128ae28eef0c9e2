/** Desks that take handoffs only while an agent is online. */
import { describe, expect, it } from 'vitest'
import { providerNames } from '../src/definition/registry'
import { action, newUser, startInput } from './support/actions'
import { ticketsOf } from './support/handoffs'
import { connectInstances } from './support/instances'
import { createStage, type Stage } from './support/simulated'

/** The desks whose sandbox shows who is online. */
const KNOWING = (await createStage()).sandboxes
const desks = providerNames.filter((name) => KNOWING[name]?.setAvailable !== undefined)

const stageAt = async (desk: string, routing: Record<string, unknown> = { onlyOnline: desk }): Promise<Stage> => {
  const stage = await createStage()
  const order = [desk, ...providerNames.filter((name) => name !== desk)]
  await stage.save(stage.configuration({ order, ...routing }))
  return stage
}

const setAll = (stage: Stage, desk: string, isAvailable: boolean): void => {
  const sandbox = stage.sandbox(desk)
  for (const { id } of sandbox.agents) sandbox.setAvailable?.(id, isAvailable)
}

const start = async (stage: Stage, title = 'Printer on fire'): Promise<string | undefined> => {
  const userId = await newUser(stage, `${title.replaceAll(' ', '-')}@customer.example`)
  await action(stage, 'startHitl', startInput(userId, { title }))
  return ticketsOf(stage).find((ticket) => ticket.title.includes(title))?.desk
}

/** Requests to a desk that only read who is there. */
const looks = (stage: Stage, desk: string): number =>
  stage.sandbox(desk).server.requests.filter(({ method, path }) => method === 'GET' && /admins$|Presence/.test(path))
    .length

describe.each(desks)('a desk such as %s, where agents are online or not', (desk) => {
  it('takes handoffs while one of them is', async () => {
    expect(await start(await stageAt(desk))).toBe(desk)
  })

  it('leaves them to the next desk while nobody is', async () => {
    const stage = await stageAt(desk)
    setAll(stage, desk, false)
    expect(await start(stage)).not.toBe(desk)
    const reply = await stage.finish(stage.botpress.runtime.gateway.action('explainRouting', {}))
    expect(reply.body).toContain('nobody is online there')
  })

  it('takes them again once somebody has come back, a minute later at most', async () => {
    const stage = await stageAt(desk)
    setAll(stage, desk, false)
    await start(stage, 'First handoff')
    setAll(stage, desk, true)
    await stage.pass(61_000)
    expect(await start(stage, 'Second handoff')).toBe(desk)
  })

  it('is asked once a minute', async () => {
    const stage = await stageAt(desk)
    await start(stage, 'First handoff')
    const before = looks(stage, desk)
    expect(before).toBeGreaterThan(0)
    await start(stage, 'Second handoff')
    expect(looks(stage, desk)).toBe(before)
  })

  it('takes them when it can’t tell, or not in time', async () => {
    const stage = await stageAt(desk)
    setAll(stage, desk, false)
    connectInstances(stage, 1)
    const isLook = ({ method, path }: { method: string; path: string }): boolean =>
      method === 'GET' && /admins$|Presence|members$/.test(path)
    stage.sandbox(desk).server.addFault({ kind: 'status', status: 500, times: 1_000, matches: isLook })
    expect(await start(stage)).toBe(desk)
  })

  it('isn’t asked unless its routing says so', async () => {
    const stage = await stageAt(desk, {})
    setAll(stage, desk, false)
    const before = looks(stage, desk)
    expect(await start(stage)).toBe(desk)
    expect(looks(stage, desk)).toBe(before)
  })
})
