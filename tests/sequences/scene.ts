/** A customer, a bot and a desk in a world of their own: in simulated time, without sockets, without faults. */
import type { Sandbox, SandboxTicket } from '../../providers/kit/sandbox'
import type { Environment } from '../../src/botpress/environment'
import { createIntegration } from '../../src/integration'
import { createRandom } from '../chaos/random'
import { simulatedTime } from '../chaos/time'
import type { Invoke, InvokeRequest, PluginConfiguration, Runtime, Switches } from '../../playground/botpress'
import { CUSTOMER_LEFT } from '../../playground/botpress/plugin/texts'
import { createWorld } from '../../playground/world'
import type { AgentMove, Move, OutageMove, TicketView, VendorChange, View } from './model'

export interface SceneOptions {
  desk: string
  /** How many instances of the router share the work. */
  instances: number
  switches: Partial<Switches>
  /** How far the second instance's clock is ahead, in milliseconds. */
  skewMs?: number
  plugin?: PluginConfiguration
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
/** Longer than a delivery waits for the desk. */
const OUTAGE_MS = 90_000
const UNDELIVERED = /was not delivered: “(.+)”/
const WITHDRAWN = /^Please disregard this message: “(.+)”$/
const WARNING = 'replies here are not delivered'

export const openScene = async (options: SceneOptions): Promise<Scene> => {
  const { desk, instances, switches, skewMs = 0, plugin = {} } = options
  const clock = simulatedTime()
  const uninstall = clock.install()
  const world = await createWorld({
    clock,
    sockets: false,
    desks: [desk],
    switches: { latencyMs: LATENCY_MS, ...switches },
    plugin,
  })
  const { bot, runtime } = world.botpress
  const sandbox = world.sandbox(desk)
  const environment: Environment = {
    now: clock.now,
    sleep: clock.sleep,
    setTimer: clock.setTimer,
    random: createRandom('scene').next,
    timeoutMs: TIMEOUT_MS,
    web: world.web.web,
    transport: async (config) => {
      await clock.sleep(LATENCY_MS)
      return sandbox.server.transport(config)
    },
  }
  const environments = Array.from({ length: instances }, (_, index) => ({
    ...environment,
    now: () => clock.now() + index * skewMs,
  }))
  const routers = _createRouters(runtime, environments)
  await clock.run(world.save(world.configuration()))
  const { userId, conversationId } = bot.newCustomer()

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

  /** Deliveries during an outage may fail; later ones must not. */
  const silences: { from: number; until: number }[] = []
  const isExcused = (at: number): boolean => silences.some(({ from, until }) => at >= from && at <= until)

  const outage = async ({ first, agent, ticket }: OutageMove, words: string): Promise<void> => {
    const from = clock.now()
    sandbox.server.addFault({ kind: 'status', status: 503, times: Number.POSITIVE_INFINITY })
    void clock.track(bot.customerSays(conversationId, `${words} into silence`))
    await clock.drain(OUTAGE_MS)
    sandbox.server.clearFaults()
    silences.push({ from, until: clock.now() })
    if (first === 'customer') void clock.track(bot.customerSays(conversationId, words))
    else _atDesk(sandbox, idOf(ticket), { kind: 'agent-says', agent, ticket }, words)
  }

  const forgetUser = (whose: 'customer' | 'agent'): void => {
    const messages = runtime.store.messagesOf(bot.downstreamOf(conversationId) ?? '')
    const agent = messages.findLast(({ direction }) => direction === 'incoming')?.userId
    const customer = runtime.store.users.get(userId)?.tags['hitl#downstream']
    runtime.store.users.remove((whose === 'agent' ? agent : customer) ?? '')
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
      case 'outage':
        return outage(move, words)
      case 'forget-user':
        return forgetUser(move.whose)
      case 'vendor-change':
        return _changeAtVendor(sandbox, idOf(move.ticket), move.what)
      default:
        return _atDesk(sandbox, idOf(move.ticket), move, words)
    }
  }

  const view = (): View => {
    const written = bot.transcript(conversationId).filter(({ from }) => from === 'customer')
    const said = new Set(written.map(({ text }) => text))
    const lines = bot.seen(conversationId)
    return {
      shown: lines.flatMap(({ from, name, text }) => {
        if (from !== 'agent') return [text]
        return WITHDRAWN.test(text) ? [] : [`${name}: ${text}`]
      }),
      withdrawn: lines.flatMap(({ text }) => WITHDRAWN.exec(text)?.[1] ?? []).toSorted(),
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
        .filter(({ to, status, at }) => to === 'integration' && status !== 200 && !isExcused(at))
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

const _changeAtVendor = (sandbox: Sandbox, ticketId: string, what: VendorChange): void => {
  switch (what) {
    case 'merge-contact':
      return sandbox.mergeContact?.(ticketId)
    case 'change-address':
      return sandbox.changeAddress?.(ticketId)
    case 'convert-ticket':
      return sandbox.convertTicket?.(ticketId)
    case 'delete-reply': {
      const ticket = sandbox.tickets().find(({ id }) => id === ticketId)
      const last = ticket?.entries.findLast(({ kind }) => kind === 'agent')
      return last && sandbox.deleteReply?.(last.id)
    }
  }
}

/** `said` is what the customer wrote to the bot. */
const _viewOf = ({ entries, status }: SandboxTicket, said: Set<string>): TicketView => {
  const notes = entries.filter(({ kind }) => kind === 'note').map(({ text }) => text)
  const told = notes.flatMap((text) => UNDELIVERED.exec(text)?.[1] ?? [])
  return {
    status: status === 'open' ? 'open' : 'solved',
    posted: entries.flatMap(({ kind, text }) => {
      if (kind !== 'customer') return text === CUSTOMER_LEFT ? [text] : []
      // What has waited for the desk goes out merged.
      return text.split(/\n+/).filter((line) => said.has(line))
    }),
    told: told.toSorted(),
    warned: notes.filter((text) => text.includes(WARNING)).length,
  }
}

/** The router's instances, and a record of their deliveries for exact duplicates. */
const _createRouters = (runtime: Runtime, environments: Environment[]) => {
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
      const fresh = environments.map((environment) => createIntegration(environment))
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
