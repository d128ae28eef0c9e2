/** A customer, a bot and a desk in a world of their own: in simulated time, without sockets, without faults. */
import type { Sandbox, SandboxTicket } from '../../providers/kit/sandbox'
import type { Environment } from '../../src/botpress/environment'
import { createIntegration } from '../../src/integration'
import { createRandom } from '../chaos/random'
import { simulatedTime } from '../chaos/time'
import type { Invoke, InvokeRequest, Runtime, Switches } from '../../playground/botpress'
import { CUSTOMER_LEFT } from '../../playground/botpress/plugin/texts'
import { createWorld } from '../../playground/world'
import type { AgentMove, Move, TicketView, View } from './model'

export interface SceneOptions {
  desk: string
  /** How many instances of the router share the work. */
  instances: number
  switches: Partial<Switches>
}

export interface Scene {
  /** Names of the desk's agents. */
  readonly agents: string[]
  /** Makes a move without waiting for its effects. A handoff lasts until Start HITL has returned. */
  perform(move: Move, words: string): Promise<void>
  /** Lets time pass, in milliseconds. */
  pass(ms: number): Promise<void>
  view(): View
  /** Descriptions of whatever must not happen without faults. */
  faults(): string[]
  close(): Promise<void>
}

const TIMEOUT_MS = 8_000
/** Latency of every call. */
const LATENCY_MS = 5
const UNDELIVERED = /was not delivered: “(.+)”/
const WARNING = 'replies here are not delivered'

export const openScene = async ({ desk, instances, switches }: SceneOptions): Promise<Scene> => {
  const clock = simulatedTime()
  const uninstall = clock.install()
  const world = await createWorld({
    clock,
    sockets: false,
    desks: [desk],
    switches: { latencyMs: LATENCY_MS, ...switches },
  })
  const { bot, runtime } = world.botpress
  const sandbox = world.sandbox(desk)
  const environment: Environment = {
    now: clock.now,
    sleep: clock.sleep,
    setTimer: clock.setTimer,
    random: createRandom('scene').next,
    timeoutMs: TIMEOUT_MS,
    transport: async (config) => {
      await clock.sleep(LATENCY_MS)
      return sandbox.server.transport(config)
    },
  }
  const routers = _createRouters(runtime, environment, instances)
  await clock.run(world.save(world.configuration()))
  const { conversationId } = bot.newCustomer()

  const repetitions: string[] = []
  const repeat = (what: string, answer: Promise<number | undefined>): void => {
    const watched = answer.then((status = 200) => {
      if (status !== 200) repetitions.push(`${what} that was delivered again: answered ${status}`)
    })
    void clock.track(watched)
  }
  const webhookAgain = async (back: number): Promise<number | undefined> => {
    const { log } = sandbox.deliveries
    const made = log[log.length - 1 - (back % log.length)]?.delivery.request
    // A desk signs its redelivery anew.
    return made && (await runtime.gateway.webhook(sandbox.signed(made.body))).status
  }

  const tickets = (): SandboxTicket[] => sandbox.tickets().filter((ticket) => ticket.conversationId !== undefined)
  const idOf = (back: number): string => {
    const ticket = tickets().at(-1 - back)
    if (!ticket) throw new RangeError(`There is no ticket ${back}`)
    return ticket.id
  }

  const perform = async (move: Move, words: string): Promise<void> => {
    switch (move.kind) {
      case 'hand-over':
        await clock.run(bot.customerSays(conversationId, words))
        return clock.run(bot.startHitl(conversationId, { title: 'Printer on fire', description: 'It burns' }))
      case 'customer-says':
        return void clock.track(bot.customerSays(conversationId, words))
      case 'customer-ends':
        return void clock.track(bot.endByCustomer(conversationId))
      case 'bot-stops':
        return void clock.track(bot.stopHitl(conversationId))
      case 'customer-mails':
        return sandbox.customerReplies?.(idOf(move.ticket), words)
      case 'vendor-bot-says':
        return sandbox.botReplies?.(idOf(move.ticket), words)
      case 'reopen':
        return sandbox.reopen(idOf(move.ticket))
      case 'webhook-again':
        return repeat('a webhook', webhookAgain(move.back))
      case 'message-again':
        return repeat('a message', routers.repeat(move.back))
      case 'forget':
        return routers.start()
      case 'pass':
        return clock.drain(move.ms)
      default:
        return _atDesk(sandbox, idOf(move.ticket), move, words)
    }
  }

  const view = (): View => {
    const written = bot.transcript(conversationId).filter(({ from }) => from === 'customer')
    const said = new Set(written.map(({ text }) => text))
    return {
      shown: bot.seen(conversationId).map(({ from, name, text }) => (from === 'agent' ? `${name}: ${text}` : text)),
      isActive: bot.isActive(conversationId),
      continued: bot.continued.length,
      tickets: tickets().map((ticket) => _viewOf(ticket, said)),
    }
  }

  return {
    agents: sandbox.agents.map(({ name }) => name),
    perform,
    pass: clock.drain,
    view,
    faults: () => [
      ...bot.errors.map(({ message }) => `an error of the bot: ${message}`),
      ...sandbox.deliveries.log
        .filter(({ reply }) => reply?.status !== 200)
        .map(({ reply }) => `a webhook: answered ${reply?.status}`),
      ...runtime.deliveries
        .filter(({ to, status }) => to === 'integration' && status !== 200)
        .map(({ status }) => `a message: answered ${status}`),
      ...repetitions,
    ],
    close: async () => {
      await world.close()
      uninstall()
    },
  }
}

const _atDesk = (sandbox: Sandbox, ticketId: string, { kind, agent }: AgentMove, words: string): void => {
  const agentId = sandbox.agents[agent]?.id
  if (agentId === undefined) throw new RangeError(`There is no agent ${agent}`)
  switch (kind) {
    case 'agent-says':
      sandbox.agentReplies(ticketId, words, { agentId })
      break
    case 'agent-takes':
      sandbox.assign(ticketId, agentId)
      break
    case 'note':
      sandbox.agentNotes(ticketId, words, { agentId })
      break
    case 'solve':
      sandbox.solve(ticketId, { agentId })
      break
    case 'solve-with-text':
      sandbox.solve(ticketId, { agentId, text: words })
      break
  }
}

/** `said` is what the customer wrote to the bot. */
const _viewOf = ({ entries, status }: SandboxTicket, said: Set<string>): TicketView => {
  const notes = entries.filter(({ kind }) => kind === 'note').map(({ text }) => text)
  const told = notes.flatMap((text) => UNDELIVERED.exec(text)?.[1] ?? [])
  return {
    status: status === 'open' ? 'open' : 'solved',
    posted: entries
      .filter(({ kind, text }) => (kind === 'customer' ? said.has(text) : text === CUSTOMER_LEFT))
      .map(({ text }) => text),
    told: told.toSorted(),
    warned: notes.filter((text) => text.includes(WARNING)).length,
  }
}

/** The router's instances, and a record of their deliveries for exact duplicates. */
const _createRouters = (runtime: Runtime, environment: Environment, count: number) => {
  const messages: InvokeRequest[] = []
  const recorded =
    (invoke: Invoke): Invoke =>
    (request) => {
      if (request.headers['x-bp-operation'] === 'message_created') messages.push(request)
      return invoke(request)
    }
  const routers = {
    /** Replaces all instances by fresh ones, which remember nothing. */
    start: (): void => {
      const fresh = Array.from({ length: count }, () => createIntegration(environment))
      runtime.gateway.connect(fresh.map((router) => recorded(runtime.inProcess(router, { sockets: false }))))
    },
    /** Delivers a message again; 0 is the last one. Resolves to the status of the answer. */
    repeat: async (back: number): Promise<number | undefined> => {
      const request = messages[messages.length - 1 - (back % messages.length)]
      if (!request) return undefined
      const body = JSON.parse(request.body) as { type: string }
      return (await runtime.gateway.deliver('message_created', body, body.type)).status
    },
  }
  routers.start()
  return routers
}
