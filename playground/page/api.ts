/** The page's API: moves of the customer and the agents, and the choice of routing. */
import { z } from '@botpress/sdk'
import type { World } from '../world'
import { Refusal } from './refusal'
import type { RouterLog } from './router-log'
import { stateOf, STRATEGIES, type PageState } from './state'

export interface ApiRequest {
  method: string
  path: string
  query: URLSearchParams
  /** Parsed JSON of a POST. */
  body?: unknown
}

/** Returns the JSON of the reply. Throws a `Refusal`. */
export type Api = (request: ApiRequest) => Promise<unknown>

const MAX_TEXT_LENGTH = 10_000
const NAMES = ['Eve Customer', 'Ben Baker', 'Cleo Cook', 'Dan Diver', 'Emma Editor', 'Finn Farmer']

const text = z
  .string()
  .refine((value) => value.trim() !== '', 'is empty')
  .refine((value) => value.length <= MAX_TEXT_LENGTH, `is longer than ${MAX_TEXT_LENGTH} characters`)
const optionalText = z.string().max(MAX_TEXT_LENGTH).nullish()

const bodies = {
  customers: z.object({ name: z.string().max(100).nullish() }),
  start: z.object({ customer: z.string(), title: optionalText, provider: z.string().nullish() }),
  say: z.object({ customer: z.string(), text }),
  end: z.object({ customer: z.string() }),
  agent: z.object({
    desk: z.string(),
    ticket: z.string(),
    move: z.enum(['reply', 'note', 'assign', 'solve', 'reopen']),
    text: optionalText,
    agentId: z.string().nullish(),
  }),
  routing: z.object({ strategy: z.enum(STRATEGIES), order: z.array(z.string()).max(100) }),
}
type Bodies = { [Name in keyof typeof bodies]: z.infer<(typeof bodies)[Name]> }

export const createApi = (world: World, pageState: PageState, log: RouterLog): Api => {
  const { bot } = world.botpress
  let saving: Promise<unknown> = Promise.resolve()

  const known = (id: string): string => {
    const name = pageState.customers.get(id)
    if (name === undefined) throw new Refusal(404, 'Unknown customer: the playground may have restarted')
    return name
  }

  const posts: { [Name in keyof Bodies]: (body: Bodies[Name]) => Promise<unknown> } = {
    customers: ({ name }) => {
      const chosen = name?.trim() || NAMES[pageState.customers.size % NAMES.length] || 'Eve Customer'
      const { conversationId } = bot.newCustomer({ name: chosen })
      pageState.customers.set(conversationId, chosen)
      return Promise.resolve({ customer: conversationId, name: chosen })
    },

    start: async ({ customer, title, provider }) => {
      const name = known(customer)
      if (bot.isActive(customer)) throw new Refusal(409, `${name} is already with an agent`)
      const subject = title?.trim() || 'A question'
      // The plugin starts one handoff per message of the customer.
      await bot.customerSays(customer, `I want to talk to a human: ${subject}`)
      const lines: string[] = []
      pageState.lastHandoff = { customer: name, lines }
      const card = { title: subject, ...(provider ? { hitlSession: { provider } } : {}) }
      await log
        .collect(lines, () => bot.startHitl(customer, card))
        .catch((error: unknown) => {
          throw new Refusal(422, _textOf(error))
        })
      return {}
    },

    say: async ({ customer, text: words }) => {
      known(customer)
      const isHandedOver = bot.isActive(customer)
      await bot.customerSays(customer, words)
      if (!isHandedOver) await bot.botSays(customer, 'I am only a bot. Ask for a human, and an agent will read this.')
      return {}
    },

    end: async ({ customer }) => {
      const name = known(customer)
      if (!bot.isActive(customer)) throw new Refusal(409, `${name} isn't with an agent`)
      await bot.endByCustomer(customer)
      return {}
    },

    agent: (body) => {
      _moveAgent(world, body)
      return Promise.resolve({})
    },

    routing: (choice) => {
      const save = saving.then(() => _saveRouting(world, pageState, choice))
      saving = save.catch(() => undefined)
      return save
    },
  }

  return async ({ method, path, query, body }) => {
    const name = path.replace('/api/', '')
    if (name === 'state') {
      if (method !== 'GET') throw new Refusal(405, 'Use GET', { allow: 'GET' })
      const customer = query.get('customer') ?? undefined
      if (customer !== undefined) known(customer)
      return stateOf(world, pageState, customer)
    }
    if (!Object.hasOwn(posts, name)) throw new Refusal(404, 'Unknown path')
    if (method !== 'POST') throw new Refusal(405, 'Use POST', { allow: 'POST' })
    return _run(posts, name as keyof Bodies, body)
  }
}

const _run = <Name extends keyof Bodies>(
  posts: { [Key in Name]: (body: Bodies[Key]) => Promise<unknown> },
  name: Name,
  body: unknown
): Promise<unknown> => {
  const parsed = bodies[name].safeParse(body)
  if (parsed.success) return posts[name](parsed.data as Bodies[Name])
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`)
  throw new Refusal(400, problems.join('; '))
}

const _moveAgent = (world: World, { desk, ticket, move, text: words, agentId }: Bodies['agent']): void => {
  const sandbox = Object.hasOwn(world.sandboxes, desk) ? world.sandboxes[desk] : undefined
  if (!sandbox) throw new Refusal(404, `Unknown desk "${desk}"`)
  const find = () => sandbox.tickets().find(({ id, status }) => id === ticket && status !== 'deleted')
  if (!find()) throw new Refusal(404, 'Unknown ticket')
  const agent = agentId ? sandbox.agents.find(({ id }) => id === agentId) : sandbox.agents[0]
  if (!agent) throw new Refusal(404, 'Unknown agent')
  const by = { agentId: agent.id }
  if (move === 'assign') return _attempt(() => sandbox.assign(ticket, agent.id))
  if (move === 'solve')
    return _attempt(() => sandbox.solve(ticket, { ...by, ...(words?.trim() ? { text: words } : {}) }))
  if (move === 'reopen') {
    _attempt(() => sandbox.reopen(ticket))
    if (find()?.status === 'open') return undefined
    throw new Refusal(409, "This desk can't reopen tickets: write a reply to continue")
  }
  const message = text.safeParse(words ?? '')
  if (!message.success) throw new Refusal(400, `text: ${message.error.issues[0]?.message ?? 'is invalid'}`)
  if (move === 'note') return _attempt(() => sandbox.agentNotes(ticket, message.data, by))
  return _attempt(() => void sandbox.agentReplies(ticket, message.data, by))
}

/** Refuses a move that the desk doesn't allow. */
const _attempt = (work: () => void): void => {
  try {
    work()
  } catch (error) {
    throw new Refusal(409, _textOf(error))
  }
}

const _saveRouting = async (
  world: World,
  pageState: PageState,
  { strategy, order }: Bodies['routing']
): Promise<unknown> => {
  const { gateway } = world.botpress.runtime
  const before = gateway.configuration
  try {
    await world.save(world.configuration({ strategy, order }))
  } catch (error) {
    // A refused configuration isn't saved.
    gateway.configuration = before
    throw new Refusal(422, _textOf(error))
  }
  pageState.routing = { strategy, order }
  return {}
}

const _textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
