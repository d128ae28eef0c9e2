/** The demo: a handoff through each desk, then a round-robin of six customers. */
import { rotate } from '../../src/routing/rotation'
import { createSession, type Session, type Stage } from './session'
import type { Timeline } from './timeline'
import { titleOf } from './watch'

const CARD = { title: 'Printer on fire', description: 'Third floor, by the window' }
/** What the bot knows about the customer, and formatting. */
const FULL_CARD = {
  title: CARD.title,
  description: 'Third floor, **by the window**: [plan](https://acme.example/plan)',
  hitlSession: { phone: '+33 1 23 45 67 89', channel: 'WhatsApp', attributes: { plan: 'gold' } },
}
const SHOWN = ['+33 1 23 45 67 89', 'WhatsApp', 'gold', 'by the window', 'https://acme.example/plan']
const PICTURE = {
  name: 'printer.png',
  contentType: 'image/png',
  bytes: Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(2_000, 3)]),
}
const MANUAL = { name: 'manual.pdf', contentType: 'application/pdf', bytes: Buffer.from('%PDF-1.7\nthe manual\n') }
const CUSTOMERS = ['Ben Baker', 'Cleo Cook', 'Dan Diver', 'Emma Editor', 'Finn Farmer', 'Gina Guard']

export interface DemoResult {
  handoffs: number
  problems: string[]
}

export const play = async (stage: Stage, timeline: Timeline): Promise<DemoResult> => {
  const desks = Object.keys(stage.world.sandboxes)
  const problems: string[] = []
  for (const desk of desks) problems.push(...(await _throughDesk(stage, timeline, desk)))
  problems.push(...(await _roundRobin(stage, timeline)))
  const handoffs = desks.length + CUSTOMERS.length
  const tickets = Object.values(stage.world.sandboxes).flatMap((sandbox) => sandbox.tickets()).length
  const overall = [
    ...(tickets === handoffs ? [] : [`${handoffs} handoffs created ${tickets} tickets`]),
    ...stage.world.botpress.bot.errors.map(({ message }) => `the bot had an error: ${message}`),
  ]
  if (overall.length > 0) timeline.verdict('', overall)
  return { handoffs, problems: [...problems, ...overall] }
}

/** Puts the desk first in the order, and plays a whole session at it. */
const _throughDesk = async (stage: Stage, timeline: Timeline, desk: string): Promise<string[]> => {
  const { world, time } = stage
  const order = [desk, ...Object.keys(world.sandboxes).filter((name) => name !== desk)]
  timeline.title(`${titleOf(desk)} comes first in the order`)
  const session = createSession(stage, 'Eve Customer')
  return _runScript(timeline, [session], [desk], async (show) => {
    await time.finish(world.save(world.configuration({ strategy: 'priority', order })))
    await session.start('My printer burns', FULL_CARD, SHOWN)
    show()
    await session.say('Is anybody there? It is at 90 °C & rising')
    show()
    await session.assign()
    show()
    await session.reply('Hello, I am on my way. Please unplug it')
    show()
    await session.say('It looks like this now', PICTURE)
    show()
    await session.reply('Read the second page, please', MANUAL)
    show()
    await session.say('Done, thank you!')
    show()
    await session.solve('The fire is out')
    show()
  })
}

const _roundRobin = (stage: Stage, timeline: Timeline): Promise<string[]> => {
  const { world, time } = stage
  const order = Object.keys(world.sandboxes)
  timeline.title(`${CUSTOMERS.length} customers at once, round-robin`)
  const sessions = CUSTOMERS.map((customer) => createSession(stage, customer))
  const shares = order.map((provider) => ({ provider, weight: 1 }))
  const desks = CUSTOMERS.map((_customer, turn) => rotate(shares, turn)[0] ?? '')
  return _runScript(timeline, sessions, desks, async (show) => {
    await time.finish(world.save(world.configuration({ strategy: 'round-robin', order })))
    const each = sessions.map((session, index) => ({ session, customer: CUSTOMERS[index] ?? '' }))
    for (const { customer, session } of each) {
      await session.start(`This is ${customer}, my printer burns`, CARD)
      show()
    }
    for (const { customer, session } of each) await session.say(`${customer} is waiting`)
    show()
    // Answered in reverse order, so that a message in the wrong session shows.
    for (const { customer, session } of each.toReversed()) await session.reply(`Hello ${customer}`)
    show()
    for (const { session } of each) await session.solve()
    show()
  })
}

/** Runs a script and prints its events and problems. `desks`: the expected desk of each session. */
const _runScript = async (
  timeline: Timeline,
  sessions: Session[],
  desks: string[],
  script: (show: () => void) => Promise<void>
): Promise<string[]> => {
  const show = () => timeline.show(sessions.flatMap((session) => session.newEvents()))
  const problems: string[] = []
  try {
    await script(show)
    problems.push(...sessions.flatMap((session, index) => session.problems(desks[index] ?? '')))
  } catch (error) {
    show()
    problems.push(error instanceof Error ? error.message : String(error))
  }
  timeline.verdict('nothing lost, duplicated or misrouted', problems)
  return problems
}
