/** Attacks through the desks' own answers: pages of HTML, nonsense and hostile values in place of JSON. */
import fc from 'fast-check'
import type { InvokeReply } from '../../playground/botpress'
import { ERROR_PAGE } from '../chaos/call-faults'
import { hostile } from './hostile'
import { defineAttack, isClear, nth, unexpected } from './requests'
import type { Target } from './target'

const STATUSES = [
  200, 201, 204, 301, 302, 307, 400, 401, 402, 403, 404, 409, 410, 422, 423, 429, 451, 500, 503,
] as const

interface Answer {
  status: number
  body: unknown
  /** How many calls get this answer. */
  times: number
}

const answer: fc.Arbitrary<Answer> = fc.record({
  status: fc.constantFrom(...STATUSES),
  body: fc.oneof(
    { weight: 2, arbitrary: hostile },
    fc.constantFrom(ERROR_PAGE, '', 'null', '[]', '{"ok":true}', '{"ok":false}', '{"ok":false,"error":"toString"}'),
    fc.record({ tickets: hostile, conversation_parts: hostile, messages: hostile, user: hostile }),
    fc.record({ ok: fc.boolean(), error: fc.string({ maxLength: 20 }), ts: hostile, message: hostile })
  ),
  times: fc.integer({ min: 1, max: 4 }),
})

const OCCASIONS = ['webhook', 'message', 'start', 'stop', 'save'] as const

/** Makes the router call this desk. */
const _call = (target: Target, which: number, occasion: (typeof OCCASIONS)[number]): Promise<InvokeReply> => {
  const { gateway, identity, store } = target.stage.world.botpress.runtime
  const played = nth(target.played, which)
  const { desk } = played.script
  const sessionId = target.stage.world.botpress.bot.downstreamOf(played.conversationId) ?? ''
  switch (occasion) {
    case 'webhook': {
      const own = target.genuine.filter((made) => made.desk === desk)
      const { request } = nth(own, which)
      const signed = target.stage.world.sandbox(desk).signed(request.body)
      const headers = { ...signed.headers, 'content-type': request.headers['content-type'] }
      return target.send(() => gateway.webhook({ ...request, headers }))
    }
    case 'message': {
      const row = store.messagesOf(sessionId).find(({ direction }) => direction === 'outgoing')
      const times = { createdAt: new Date().toISOString(), updatedAt: new Date().toISOString() }
      const payload = { type: 'text', text: 'are you there?' }
      const conversation = { id: sessionId, channel: 'hitl', integration: identity.alias, tags: {}, ...times }
      const message = { ...row, direction: 'outgoing', tags: {}, payload, ...times }
      const body = { type: 'text', payload, conversation, message, user: { id: row?.userId, tags: {}, ...times } }
      return target.send(() => gateway.deliver('message_created', body))
    }
    case 'start': {
      const customer = store.users.withTags({}).find(({ tags }) => tags['desk:email'])
      const hitlSession = { provider: desk, strict: true }
      const input = { title: `Again ${which}`, userId: customer?.id, hitlSession, messageHistory: [] }
      return target.send(() => gateway.action('startHitl', input))
    }
    case 'stop':
      return target.send(() => gateway.action('stopHitl', { conversationId: sessionId }))
    case 'save':
      return target.send(() => gateway.register(target.stage.world.botpress.webhookAddress()))
  }
}

export const answers = defineAttack({
  name: 'answers of desks',
  request: fc.record({ which: fc.nat(1_000), occasion: fc.constantFrom(...OCCASIONS), answer }),
  run: async (target, { which, occasion, answer: { status, body, times } }) => {
    const { server } = target.stage.world.sandbox(nth(target.played, which).script.desk)
    server.addFault({ kind: 'status', status, body: body ?? 'null', times })
    try {
      const reply = await _call(target, which, occasion)
      return unexpected(reply, (code) => isClear(code) || (occasion === 'webhook' && code === 503))
    } finally {
      server.clearFaults()
    }
  },
})
