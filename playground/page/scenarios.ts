/** Scenarios in one click. Each plays on the real router, and leaves its state to go on with. */
import { addCustomer, speak, startHandoff } from './customers'
import { moveAgent } from './moves'
import { firstConfiguration, jump, saveConfiguration, type Customer, type Play, type Profile } from './play'
import { timeUntil } from './weekday'
import { sendAgain } from './webhooks'

export interface Scenario {
  id: string
  title: string
  /** One sentence: what to watch. */
  watch: string
  run(stage: Stage): Promise<void>
}

/** What a scenario can do. People take their time: each step waits a little. */
interface Stage {
  play: Play
  customer(profile: Partial<Profile>): Customer
  routing(routing: Record<string, unknown>, desk?: Record<string, unknown>): Promise<void>
  says(customer: Customer, text: string): Promise<void>
  asks(customer: Customer, title: string): Promise<void>
  /** The first agent of the desk that has the customer's ticket. */
  agent(customer: Customer, move: 'assign' | 'reply' | 'note' | 'solve', text?: string): Promise<string>
  wait(ms: number): Promise<void>
  /** Moves the clock ahead. */
  jump(ms: number): Promise<void>
}

const STEP_MS = 900
/** Longer than the bot needs to listen after a handoff. */
const LISTENING_MS = 8_500

/** The position of the customer's latest ticket, with its desk. */
export const ticketOf = (
  { world }: Play,
  { conversationId }: Customer
): { desk: string; ticket: number } | undefined => {
  const session = world.botpress.bot.downstreamOf(conversationId)
  if (session === undefined) return undefined
  for (const [desk, sandbox] of Object.entries(world.sandboxes)) {
    const ticket = sandbox.tickets().findLastIndex((candidate) => candidate.conversationId === session)
    if (ticket >= 0) return { desk, ticket }
  }
  return undefined
}

const _stage = (play: Play): Stage => {
  const wait = (ms: number) => play.clock.sleep(ms)
  return {
    play,
    wait,
    jump: (ms) => jump(play, ms),
    customer: (profile) => {
      const customer = addCustomer(play, profile)
      if (play.scenario) play.scenario.customer = customer.key
      return customer
    },
    routing: (routing, desk = {}) => {
      const first = firstConfiguration(play.world)
      const blocks = Object.keys(play.world.sandboxes).map((name) => [name, { ...(first[name] as object), ...desk }])
      return saveConfiguration(play, { ...Object.fromEntries(blocks), routing })
    },
    says: async (customer, text) => {
      await speak(play, customer, text)
      await wait(STEP_MS)
    },
    asks: async (customer, title) => {
      // A refusal is shown in the chat.
      await startHandoff(play, { customer: customer.key, title }).catch(() => undefined)
      await wait(STEP_MS)
    },
    agent: async (customer, move, text) => {
      const found = ticketOf(play, customer)
      if (!found) throw new Error(`${customer.name} has no ticket`)
      moveAgent(play, { ...found, move, ...(text === undefined ? {} : { text }) })
      await wait(STEP_MS)
      return found.desk
    },
  }
}

const EVE = { name: 'Eve Customer', language: 'en' }
const BEN = { name: 'Ben Baker', language: 'en' }
const VIP = { name: 'Camille Laurent', language: 'fr', priority: 'high' as const, tags: ['vip'] }

export const SCENARIOS: Scenario[] = [
  {
    id: 'handoff',
    title: 'A handoff',
    watch: 'The ticket opens with the whole conversation, and the agent’s reply comes back under their own name.',
    run: async ({ customer, routing, says, asks, agent, wait }) => {
      await routing({ preferredDesk: 'Zendesk' })
      const eve = customer(EVE)
      await says(eve, 'Hi! My printer is on fire.')
      await asks(eve, 'Printer on fire')
      await says(eve, 'Is anybody there?')
      await agent(eve, 'assign')
      await agent(eve, 'reply', 'Hello Eve, I’m here. Please unplug it first.')
      await wait(LISTENING_MS)
      await says(eve, 'Done, thank you!')
    },
  },
  {
    id: 'outage',
    title: 'Zendesk goes down, Slack takes over',
    watch: 'Zendesk answers 500, so the router opens the ticket at Slack instead; three failures open its breaker.',
    run: async ({ play, customer, routing, asks }) => {
      await routing({ preferredDesk: 'Zendesk', thenDesks: 'Slack, Intercom' })
      play.conditions['zendesk'] = 'error'
      for (const [profile, title] of [
        [EVE, 'Printer on fire'],
        [BEN, 'My order is late'],
        [{ name: 'Cleo Cook' }, 'Change of address'],
      ] as const)
        await asks(customer(profile), title)
    },
  },
  {
    id: 'friday',
    title: 'Friday 18:01',
    watch:
      'At 17:59 Zendesk takes the handoff; two minutes later everybody has gone home, and the customer is told when they are back.',
    run: async ({ play, customer, routing, asks, jump }) => {
      await routing(
        { preferredDesk: 'Zendesk', timeZone: 'Europe/Paris', nobodyThere: 'Refuse with the next opening time' },
        { hours: 'Mon-Fri 09:00-18:00' }
      )
      await jump(timeUntil(play.clock.now(), { weekday: 5, time: '17:59', timeZone: 'Europe/Paris' }))
      await asks(customer(EVE), 'One minute to closing')
      await jump(2 * 60_000)
      await asks(customer(BEN), 'One minute too late')
    },
  },
  {
    id: 'vip',
    title: 'A French VIP',
    watch: 'The rule sends the French VIP to Intercom as urgent, while Ben goes to Zendesk as usual.',
    run: async ({ customer, routing, says, asks }) => {
      await routing({
        preferredDesk: 'Zendesk',
        rules: ['VIPs: language fr and tags vip -> Intercom; priority urgent'],
        otherwise: 'Use any desk',
      })
      await asks(customer(BEN), 'Where is my order?')
      const camille = customer(VIP)
      await says(camille, 'Bonjour, ma commande n’est toujours pas arrivée.')
      await asks(camille, 'Commande en retard')
    },
  },
  {
    id: 'switch',
    title: 'Switch vendors in mid-chat',
    watch: 'Eve’s session stays at Zendesk although Slack is preferred now; the next customer goes to Slack.',
    run: async ({ customer, routing, says, asks, agent }) => {
      await routing({ preferredDesk: 'Zendesk' })
      const eve = customer(EVE)
      await asks(eve, 'Printer on fire')
      await routing({ preferredDesk: 'Slack' })
      await says(eve, 'Are you still there?')
      await agent(eve, 'reply', 'Still here, still at Zendesk.')
      await asks(customer(BEN), 'A new question')
    },
  },
  {
    id: 'twice',
    title: 'A webhook comes twice',
    watch: 'Zendesk delivers the agent’s reply three times; the customer reads it once.',
    run: async ({ play, customer, routing, asks, agent }) => {
      await routing({ preferredDesk: 'Zendesk' })
      const eve = customer(EVE)
      await asks(eve, 'Printer on fire')
      const desk = await agent(eve, 'reply', 'You will read this once.')
      await sendAgain(play, desk, (play.webhooks[desk]?.length ?? 0) - 1, 'duplicate')
    },
  },
  {
    id: 'forged',
    title: 'Somebody forges one',
    watch: 'A webhook signed with the wrong secret is answered 401, and nobody reads what it says.',
    run: async ({ play, customer, routing, asks, agent }) => {
      await routing({ preferredDesk: 'Zendesk' })
      const eve = customer(EVE)
      await asks(eve, 'Printer on fire')
      const desk = await agent(eve, 'reply', 'This one is real.')
      await sendAgain(play, desk, (play.webhooks[desk]?.length ?? 0) - 1, 'forge')
    },
  },
  {
    id: 'early',
    title: 'The agent answers too early',
    watch:
      'The agent answers at once; the router holds the reply until the bot listens, 8 s after the start, and loses nothing.',
    run: async ({ customer, routing, asks, agent }) => {
      await routing({ preferredDesk: 'Intercom' })
      const eve = customer(EVE)
      await asks(eve, 'Printer on fire')
      await agent(eve, 'reply', 'That was quick, wasn’t it?')
    },
  },
]

/** Plays a scenario. Every desk is up at its start. Resolves when it has ended. */
export const playScenario = async (play: Play, scenario: Scenario): Promise<void> => {
  for (const desk of Object.keys(play.conditions)) play.conditions[desk] = 'up'
  const running = { id: scenario.id, isRunning: true }
  play.scenario = running
  play.changed()
  try {
    await scenario.run(_stage(play))
  } finally {
    running.isRunning = false
    play.changed()
  }
}
