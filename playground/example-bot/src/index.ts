/** The bot: greets, hands over, and counts what the router reports. */
import { Bot, type Client } from './bp'
import { handOver } from './hand-over'
import { asksForPerson, TEXTS } from './texts'

const bot = new Bot({ actions: {} })

bot.on.message('text', async (props) => {
  const { client, ctx, conversation, user, message } = props
  // The plugin forwards what is said during a handoff. What arrives here is for the bot.
  const say = (text: string) =>
    client.createMessage({
      conversationId: conversation.id,
      userId: ctx.botId,
      type: 'text',
      payload: { text },
      tags: {},
    })
  const { text } = message.payload
  if (!asksForPerson(text)) return void (await say(TEXTS.greeting))
  const outcome = await handOver(
    { conversationId: conversation.id, userId: user.id, text },
    {
      say,
      checkAvailability: async (question) =>
        (await client.callAction({ type: 'hitl-router:checkAvailability', input: question })).output,
      startHitl: async (input) => {
        const start = bot.actionHandlers['hitl#startHitl']
        if (!start) throw new Error('The HITL plugin is missing')
        return start({ ...props, type: 'hitl#startHitl', input })
      },
    }
  )
  await count(client, `handoff-${outcome}`)
})

/** Analytics: one counter for each desk and event. Dashboards in Botpress show them by name. */
const count = async (client: Client, name: string): Promise<void> => {
  await client.trackAnalytics({ name, count: 1 })
}

bot.on.event('hitl-router:handoffRouted', ({ client, event }) => count(client, `routed-to-${event.payload.desk}`))
bot.on.event('hitl-router:handoffFailedOver', ({ client, event }) => count(client, `failed-over-${event.payload.desk}`))
bot.on.event('hitl-router:handoffEnded', ({ client, event }) => count(client, `ended-by-${event.payload.endReason}`))
bot.on.event('hitl-router:deskDown', ({ client, event }) => count(client, `down-${event.payload.desk}`))
bot.on.event('hitl-router:deskUp', ({ client, event }) => count(client, `up-${event.payload.desk}`))

export default bot
