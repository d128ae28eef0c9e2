/** The demonstration: a handoff through each desk, then six customers in turn. */
import { rotate } from '../../src/routing/rotation'
import { createSession, type Session, type Stage } from './session'
import type { Timeline } from './timeline'
import { titleOf } from './watch'

const CARD = { title: 'Printer on fire', description: 'Third floor, by the window' }
const CUSTOMERS = ['Ben Baker', 'Cleo Cook', 'Dan Diver', 'Emma Editor', 'Finn Farmer', 'Gina Guard']

/** What came of it. */
export interface Played {
  handoffs: number
  problems: string[]
}

export const play = async (stage: Stage, timeline: Timeline): Promise<Played> => {
  const desks = Object.keys(stage.world.sandboxes)
  const problems: string[] = []
  for (const desk of desks) problems.push(...(await _throughDesk(stage, timeline, desk)))
  problems.push(...(await _inTurn(stage, timeline)))
  const handoffs = desks.length + CUSTOMERS.length
  const tickets = Object.values(stage.world.sandboxes).flatMap((sandbox) => sandbox.tickets()).length
  const others = [
    ...(tickets === handoffs ? [] : [`${handoffs} handoffs made ${tickets} tickets`]),
    ...stage.world.botpress.bot.errors.map(({ message }) => `the bot met an error: ${message}`),
  ]
  if (others.length > 0) timeline.verdict('', others)
  return { handoffs, problems: [...problems, ...others] }
}

/** Which desk takes the next handoff is one field of the configuration. */
const _throughDesk = async (stage: Stage, timeline: Timeline, desk: string): Promise<string[]> => {
  const { world, time } = stage
  const order = [desk, ...Object.keys(world.sandboxes).filter((name) => name !== desk)]
  timeline.title(`${titleOf(desk)} comes first in the order`)
  const session = createSession(stage, 'Eve Customer')
  return _judged(timeline, [session], [desk], async (show) => {
    await time.finish(world.save(world.configuration({ strategy: 'priority', order })))
    await session.begin('My printer burns', CARD)
    show()
    await session.says('Is anybody there? It is at 90 °C & rising')
    show()
    await session.assign()
    show()
    await session.replies('Hello, I am on my way. Please unplug it')
    show()
    await session.says('Done, thank you!')
    show()
    await session.solves('The fire is out')
    show()
  })
}

const _inTurn = (stage: Stage, timeline: Timeline): Promise<string[]> => {
  const { world, time } = stage
  const order = Object.keys(world.sandboxes)
  timeline.title(`${CUSTOMERS.length} customers at once, round-robin`)
  const sessions = CUSTOMERS.map((customer) => createSession(stage, customer))
  const shares = order.map((provider) => ({ provider, weight: 1 }))
  const desks = CUSTOMERS.map((_customer, turn) => rotate(shares, turn)[0] ?? '')
  return _judged(timeline, sessions, desks, async (show) => {
    await time.finish(world.save(world.configuration({ strategy: 'round-robin', order })))
    const each = sessions.map((session, index) => ({ session, customer: CUSTOMERS[index] ?? '' }))
    for (const { customer, session } of each) {
      await session.begin(`This is ${customer}, my printer burns`, CARD)
      show()
    }
    for (const { customer, session } of each) await session.says(`${customer} is waiting`)
    show()
    // The last one is answered first: what is said in one session must not appear in another.
    for (const { customer, session } of each.toReversed()) await session.replies(`Hello ${customer}`)
    show()
    for (const { session } of each) await session.solves()
    show()
  })
}

/** Plays, shows what happened meanwhile, and says what is wrong. `desks`: where each session has to be. */
const _judged = async (
  timeline: Timeline,
  sessions: Session[],
  desks: string[],
  script: (show: () => void) => Promise<void>
): Promise<string[]> => {
  const show = () => timeline.show(sessions.flatMap((session) => session.news()))
  const problems: string[] = []
  try {
    await script(show)
    problems.push(...sessions.flatMap((session, index) => session.problems(desks[index] ?? '')))
  } catch (error) {
    show()
    problems.push(error instanceof Error ? error.message : String(error))
  }
  timeline.verdict('nothing lost, doubled or misrouted', problems)
  return problems
}
