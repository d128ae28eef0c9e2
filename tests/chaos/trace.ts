/** Everything that happened in one handoff, one line each, in order. Messages appear as their marks. */
import type { PlayedHandoff } from './actors'
import { MARKS, type TicketsOf } from './places'
import type { Stage } from './stage'

const _shorten = (text: string): string => (text.match(MARKS) ?? [text.slice(0, 60).replaceAll('\n', ' ')]).join(' ')

export const traceOf = (stage: Stage, ticketsOf: TicketsOf, played: PlayedHandoff): string[] => {
  const { bot, runtime } = stage.world.botpress
  const lines: { at: number; line: string }[] = []
  const add = (at: number, line: string) => lines.push({ at, line })
  const sessionId = bot.downstreamOf(played.conversationId) ?? ''
  for (const said of played.said) add(said.at, `said by ${said.by}${said.name ? ` ${said.name}` : ''}: ${said.mark}`)
  for (const { name, at } of played.takes) add(at, `taken by ${name}`)
  for (const { move, at } of played.ends) add(at, move)
  for (const { from, name, text, at } of bot.seen(played.conversationId))
    add(at, `customer sees ${from}${name ? ` ${name}` : ''}: ${_shorten(text)}`)
  for (const { sandbox, ticket } of ticketsOf(played.script.handoff)) {
    for (const { kind, author, text, at } of ticket.entries)
      add(at, `in ${sandbox.name} ${ticket.id}: ${kind} by ${author}: ${_shorten(text)}`)
    for (const { delivery, reply } of sandbox.deliveries.log)
      if (delivery.request.body.includes(ticket.id))
        add(0, `webhook, attempt ${delivery.attempt}: ${reply?.status ?? 'no answer'}`)
  }
  for (const message of runtime.store.messagesOf(sessionId)) {
    const text = String(message.payload['text'] ?? '')
    add(
      message.createdAt,
      `session ${message.direction} ${message.id}: ${_shorten(text)} ${JSON.stringify(message.tags)}`
    )
  }
  for (const { to, kind, id, status, attempt, at } of runtime.deliveries)
    if (runtime.store.messages.get(id)?.conversationId === sessionId)
      add(at, `${kind} ${id} to ${to}, attempt ${attempt}: ${status ?? 'unreachable'}`)
  for (const event of runtime.store.events.withTags({}))
    if (event.payload['conversationId'] === sessionId || event.payload['conversationId'] === played.conversationId)
      add(event.createdAt, `event ${event.type} ${event.status}`)
  for (const state of runtime.store.states.values())
    if (state.subject === sessionId || state.subject === played.conversationId)
      add(state.updatedAt, `state ${state.name} ${JSON.stringify(state.payload)}`)
  for (const note of bot.notes)
    if (note.conversationId === sessionId) add(note.at, `plugin: ${note.what} ${note.id ?? ''}`)
  for (const { kind, at, about } of stage.chaos.injected) add(at, `fault ${kind} ${about}`)
  return lines
    .toSorted((a, b) => a.at - b.at)
    .map(({ at, line }) => `${at === 0 ? '' : new Date(at).toISOString().slice(14, 23)} ${line}`)
}
