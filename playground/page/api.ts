/** What the page can do: the customer's moves, the agents' moves, and the bot builder's choice of routing. */
import { z } from '@botpress/sdk'
import type { World } from '../world'
import { Refusal } from './refusal'
import type { RouterLog } from './router-log'
import { stateOf, STRATEGIES, type Played } from './state'

export interface ApiRequest {
  method: string
  path: string
  query: URLSearchParams
  /** Of a POST: parsed JSON. */
  body?: unknown
}

/** Answers with what is sent as JSON; throws a `Refusal`. */
export type Api = (request: ApiRequest) => Promise<unknown>

const LONGEST_TEXT = 10_000
const NAMES = ['Eve Customer', 'Ben Baker', 'Cleo Cook', 'Dan Diver', 'Emma Editor', 'Finn Farmer']

const text = z
  .string()
  .refine((value) => value.trim() !== '', 'is empty')
  .refine((value) => value.length <= LONGEST_TEXT, `is longer than ${LONGEST_TEXT} characters`)
const optionalText = z.string().max(LONGEST_TEXT).nullish()

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

export const createApi = (world: World, played: Played, log: RouterLog): Api => {
  const { bot } = world.botpress
  let saving: Promise<unknown> = Promise.resolve()

  const known = (id: string): string => {
    const name = played.customers.get(id)
    if (name === undefined)
      throw new Refusal(404, 'There is no such customer: the playground may have been started anew')
    return name
  }

  const posts: { [Name in keyof Bodies]: (body: Bodies[Name]) => Promise<unknown> } = {
    customers: ({ name }) => {
      const chosen = name?.trim() || NAMES[played.customers.size % NAMES.length] || 'Eve Customer'
      const { conversationId } = bot.newCustomer({ name: chosen })
      played.customers.set(conversationId, chosen)
      return Promise.resolve({ customer: conversationId, name: chosen })
    },

    start: async ({ customer, title, provider }) => {
      const name = known(customer)
      if (bot.isActive(customer)) throw new Refusal(409, `${name} is with an agent already`)
      const subject = title?.trim() || 'A question'
      // The plugin starts one handoff per message of the customer.
      await bot.customerSays(customer, `I want to talk to a human: ${subject}`)
      const lines: string[] = []
      played.lastHandoff = { customer: name, lines }
      const card = { title: subject, ...(provider ? { hitlSession: { provider } } : {}) }
      await log
        .during(lines, () => bot.startHitl(customer, card))
        .catch((error: unknown) => {
          throw new Refusal(422, _textOf(error))
        })
      return {}
    },

    say: async ({ customer, text: words }) => {
      known(customer)
      const isHandedOver = bot.isActive(customer)
      await bot.customerSays(customer, words)
      if (!isHandedOver) await bot.botSays(customer, 'I am only a bot. Ask for a human, and an agent reads this.')
      return {}
    },

    end: async ({ customer }) => {
      const name = known(customer)
      if (!bot.isActive(customer)) throw new Refusal(409, `${name} is not with an agent`)
      await bot.endByCustomer(customer)
      return {}
    },

    agent: (body) => {
      _moveAgent(world, body)
      return Promise.resolve({})
    },

    routing: (choice) => {
      const save = saving.then(() => _saveRouting(world, played, choice))
      saving = save.catch(() => undefined)
      return save
    },
  }

  return async ({ method, path, query, body }) => {
    const name = path.replace('/api/', '')
    if (name === 'state') {
      if (method !== 'GET') throw new Refusal(405, 'This is only read', { allow: 'GET' })
      const customer = query.get('customer') ?? undefined
      if (customer !== undefined) known(customer)
      return stateOf(world, played, customer)
    }
    if (!Object.hasOwn(posts, name)) throw new Refusal(404, 'There is nothing here')
    if (method !== 'POST') throw new Refusal(405, 'This is done by POST', { allow: 'POST' })
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
  if (!sandbox) throw new Refusal(404, `There is no desk ${desk}`)
  const find = () => sandbox.tickets().find(({ id, status }) => id === ticket && status !== 'deleted')
  if (!find()) throw new Refusal(404, 'There is no such ticket')
  const agent = agentId ? sandbox.agents.find(({ id }) => id === agentId) : sandbox.agents[0]
  if (!agent) throw new Refusal(404, 'There is no such agent')
  const who = { agentId: agent.id }
  if (move === 'assign') return _at(() => sandbox.assign(ticket, agent.id))
  if (move === 'solve') return _at(() => sandbox.solve(ticket, { ...who, ...(words?.trim() ? { text: words } : {}) }))
  if (move === 'reopen') {
    _at(() => sandbox.reopen(ticket))
    if (find()?.status === 'open') return undefined
    throw new Refusal(409, 'Nothing is reopened at this desk: whoever wants to go on writes')
  }
  const message = text.safeParse(words ?? '')
  if (!message.success) throw new Refusal(400, `text: ${message.error.issues[0]?.message ?? 'is wrong'}`)
  if (move === 'note') return _at(() => sandbox.agentNotes(ticket, message.data, who))
  return _at(() => void sandbox.agentReplies(ticket, message.data, who))
}

/** What a desk does not let its agents do. */
const _at = (work: () => void): void => {
  try {
    work()
  } catch (error) {
    throw new Refusal(409, _textOf(error))
  }
}

const _saveRouting = async (world: World, played: Played, { strategy, order }: Bodies['routing']): Promise<unknown> => {
  const { gateway } = world.botpress.runtime
  const before = gateway.configuration
  try {
    await world.save(world.configuration({ strategy, order }))
  } catch (error) {
    // What is refused is not saved: the configuration stays what it was.
    gateway.configuration = before
    throw new Refusal(422, _textOf(error))
  }
  played.routing = { strategy, order }
  return {}
}

const _textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
