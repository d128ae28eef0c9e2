/** What customers do: they come, write, send files and ask for a human. */
import type { Bot } from '../botpress'
import type { Customer, Play, Profile } from './play'
import { Refusal } from './refusal'

export type Content = Parameters<Bot['customerSays']>[1]

type NewCustomer = { [Field in keyof Profile]?: Profile[Field] | null | undefined }

interface Handoff {
  customer: string
  title?: string | null | undefined
  provider?: string | null | undefined
}

const NAMES = ['Eve Customer', 'Ben Baker', 'Cleo Cook', 'Dan Diver', 'Emma Editor', 'Finn Farmer', 'Gina Guard']

export const customerAt = (play: Play, key: string): Customer => {
  const customer = play.customers.get(key)
  if (!customer) throw new Refusal(404, 'This customer isn’t known: the playground was reset. Reload the page')
  return customer
}

export const addCustomer = (play: Play, given: NewCustomer): Customer => {
  const name = given.name?.trim() || NAMES[play.customers.size % NAMES.length] || 'Eve Customer'
  const { conversationId } = play.world.botpress.bot.newCustomer({ name })
  const key = `c${play.customers.size + 1}`
  const customer: Customer = {
    key,
    conversationId,
    name,
    language: given.language?.trim() ?? '',
    priority: given.priority ?? 'normal',
    tags: given.tags ?? [],
  }
  play.customers.set(key, customer)
  play.changed()
  return customer
}

/** The Start HITL card, with what the bot knows about the customer. Throws a Refusal when no desk takes it. */
export const startHandoff = async (play: Play, { customer: key, title, provider }: Handoff): Promise<void> => {
  const customer = customerAt(play, key)
  const { bot } = play.world.botpress
  if (bot.isActive(customer.conversationId)) throw new Refusal(409, `${customer.name} is already with an agent`)
  const subject = title?.trim() || 'A question'
  // The plugin starts one handoff per message of the customer.
  await say(play, customer, `I want to talk to a human: ${subject}`)
  const { language, priority, tags } = customer
  const hitlSession = {
    ...(provider ? { provider } : {}),
    ...(language ? { language } : {}),
    ...(priority === 'normal' ? {} : { priority }),
    ...(tags.length > 0 ? { tags } : {}),
  }
  const lines: string[] = []
  customer.explanation = lines
  delete customer.refusal
  try {
    await play.exchanges.within({ customer: key, lines }, () =>
      bot.startHitl(customer.conversationId, { title: subject, hitlSession })
    )
  } catch (error) {
    customer.refusal = textOf(error)
    throw new Refusal(422, customer.refusal)
  } finally {
    play.changed()
  }
}

export const say = (play: Play, customer: Customer, content: Content): Promise<string> => {
  const title = typeof content === 'string' ? content : content.type
  const about = { customer: customer.key }
  const { end } = play.exchanges.begin({ kind: 'message', from: 'customer', to: 'bot', title, ...about })
  end({})
  return play.exchanges.within(about, () => play.world.botpress.bot.customerSays(customer.conversationId, content))
}

export const speak = async (play: Play, customer: Customer, content: Content): Promise<void> => {
  const { bot } = play.world.botpress
  const isHandedOver = bot.isActive(customer.conversationId)
  await say(play, customer, content)
  if (isHandedOver) return
  const answer = 'I am only a bot. Ask for a human, and an agent will read this.'
  await play.exchanges.within({ customer: customer.key }, () => bot.botSays(customer.conversationId, answer))
}

export const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
