/** Who is believed: only what the desk itself has signed, once, and nothing before its signature has been checked. */
import { describe, expect, it } from 'vitest'
import { captureConsole } from '../chaos/console-capture'
import { countSeen, SETTLED_MS, handOver } from '../support/handoffs'
import { DESKS, sessionAt, startAt, send, takeDeliveries, visible } from './helpers'

const DAY_MS = 24 * 60 * 60_000
const isAboutSignature = (name: string): boolean => /signature|timestamp/i.test(name)

/** Everything an agent can do in one session, signed by the desk and not yet delivered. */
const held = async (desk: string) => {
  const session = await sessionAt(desk)
  const { sandbox, ticket, agentId } = session
  sandbox.deliveries.mode = 'held'
  const other = sandbox.agents[1]?.id ?? ''
  sandbox.agentReplies(ticket().id, 'Said once', { agentId })
  sandbox.assign(ticket().id, other)
  sandbox.solve(ticket().id, { agentId })
  return { ...session, genuine: takeDeliveries(sandbox).map(({ request }) => request) }
}

describe.each(DESKS)('a delivery that %s has not signed', (desk) => {
  it('writes as nobody, assigns nobody and ends nothing, however its signature is wrong', async () => {
    const { stage, sandbox, genuine, conversationId } = await held(desk)
    expect(genuine.length).toBeGreaterThan(0)
    const foreign = DESKS.filter((name) => name !== desk).map((name) => stage.sandbox(name))
    const before = visible(stage)
    for (const request of genuine) {
      const { headers } = request
      const without = Object.fromEntries(Object.entries(headers).filter(([name]) => !isAboutSignature(name)))
      const forged = [
        { ...request, headers: without },
        { ...request, body: `${request.body} ` },
        { ...request, headers: sandbox.signed(request.body, { secret: 'a guess' }).headers },
        ...foreign.map((other) => ({ ...request, headers: other.signed(request.body).headers })),
      ]
      for (const attempt of forged) {
        const reply = await send(stage, { ...attempt, path: `/${desk}` })
        expect(reply.status, JSON.stringify(attempt.headers)).toBe(401)
      }
    }
    await stage.pass(SETTLED_MS)
    expect(visible(stage)).toBe(before)
    // The same requests with the desk's own signature do what they say.
    for (const request of genuine) await send(stage, request)
    await stage.pass(SETTLED_MS)
    expect(countSeen(stage, conversationId, 'Said once')).toBe(1)
    expect(stage.botpress.bot.isActive(conversationId)).toBe(false)
  })

  it('is refused and not an exception when the signature is of another length', async () => {
    const { stage, genuine } = await held(desk)
    const [request] = genuine
    const name = Object.keys(request?.headers ?? {}).find((header) => header.endsWith('signature')) ?? ''
    const right = request?.headers[name] ?? ''
    const wrong = [
      ...Array.from({ length: 130 }, (_unused, length) => 'a'.repeat(length)),
      ...Array.from({ length: right.length }, (_unused, length) => right.slice(0, length)),
      `${right}0`,
      `${right}${right}`,
      ` ${right}`,
      right.toUpperCase(),
      'ü'.repeat(right.length),
      '😀'.repeat(right.length),
      'x'.repeat(100_000),
    ].filter((signature) => signature !== right)
    for (const signature of wrong) {
      const reply = await send(stage, { ...request, headers: { ...request?.headers, [name]: signature } })
      expect(reply.status, `${signature.length} characters`).toBe(401)
    }
    expect((await send(stage, request ?? {})).status).toBe(200)
  })

  it('is refused when it was signed long ago or for a later time', async () => {
    const { stage, sandbox, genuine } = await held(desk)
    const before = visible(stage)
    for (const request of genuine) {
      // Where the signature covers no time of its own, the notification inside it tells when it was made.
      const isTimed = Object.keys(request.headers).some((header) => header.endsWith('timestamp'))
      const old = request.body.replace(/"created_at":\d+/g, `"created_at":${(stage.clock.now() - 8 * DAY_MS) / 1_000}`)
      const attempts = isTimed
        ? [-DAY_MS, DAY_MS].map((off) => sandbox.signed(request.body, { at: stage.clock.now() + off }))
        : [sandbox.signed(old)]
      for (const attempt of attempts) expect((await send(stage, attempt)).status).toBe(401)
    }
    await stage.pass(SETTLED_MS)
    expect(visible(stage)).toBe(before)
  })

  it('gets no answer to a challenge and no handshake, but for a constant', async () => {
    const stage = await startAt(desk)
    const headers = { 'content-type': 'application/json' }
    for (const challenge of [
      '{"type":"url_verification","challenge":"canary-4711"}',
      '{"type":"notification_event","topic":"ping","challenge":"canary-4711"}',
    ]) {
      const reply = await send(stage, { path: `/${desk}`, headers, body: challenge })
      expect(reply.status).toBe(401)
      expect(reply.body).not.toContain('canary-4711')
    }
    const head = await send(stage, { method: 'HEAD', path: `/${desk}`, body: '' })
    expect([200, 405]).toContain(head.status)
    expect(head.body).not.toContain('canary')
  })

  it('is told in the log without the secret, the signature that would be right, or the body', async () => {
    const { stage, sandbox, genuine } = await held(desk)
    const ear = captureConsole()
    let printed: string
    try {
      for (const request of genuine) {
        await send(stage, { ...request, headers: sandbox.signed(request.body, { secret: 'a guess' }).headers })
      }
      printed = ear.lines().join('\n')
    } finally {
      ear.stop()
    }
    expect(printed).toContain('signature')
    expect(printed).not.toContain('Said once')
    expect(printed).not.toContain('a guess')
    for (const [field, value] of Object.entries(sandbox.config)) {
      if (/secret|token/i.test(field)) expect(printed, field).not.toContain(String(value))
    }
    for (const request of genuine) {
      for (const [name, value] of Object.entries(request.headers)) {
        if (name.endsWith('signature')) expect(printed).not.toContain(String(value))
      }
    }
  })
})

describe.each(DESKS)('a delivery of %s', (desk) => {
  it('above the limit is refused unread, however rightly it is signed', async () => {
    const { stage, sandbox, genuine } = await held(desk)
    const before = visible(stage)
    for (const { body } of genuine) {
      const padded = body.startsWith('payload=') ? `${body}&pad=${'x'.repeat(1_100_000)}` : body + ' '.repeat(1_100_000)
      expect((await send(stage, sandbox.signed(padded))).status).toBe(413)
    }
    await stage.pass(SETTLED_MS)
    expect(visible(stage)).toBe(before)
  })

  it('that is recorded and played back has no effect: in the session, after its end, in the next one, a day later', async () => {
    const { stage, sandbox, ticket, conversationId, agentId } = await sessionAt(desk)
    const { bot } = stage.botpress
    const replay = async (when: string) => {
      await stage.pass(SETTLED_MS)
      const before = visible(stage)
      const recorded = new Set(sandbox.deliveries.log.map(({ delivery }) => delivery.request))
      for (const request of recorded) {
        expect([200, 401], when).toContain((await send(stage, request)).status)
      }
      await stage.pass(SETTLED_MS)
      expect(visible(stage), when).toBe(before)
    }
    await bot.customerSays(conversationId, 'thank you')
    sandbox.assign(ticket().id, sandbox.agents[1]?.id ?? '')
    sandbox.agentReplies(ticket().id, 'You are welcome', { agentId })
    await replay('in the session')
    sandbox.solve(ticket().id, { agentId, text: 'Goodbye' })
    await replay('after its end')
    await handOver(stage)
    await replay('in the next session')
    await bot.customerSays(conversationId, 'it burns again')
    await stage.finish(bot.startHitl(conversationId, { title: 'Once more' }))
    expect(bot.isActive(conversationId)).toBe(true)
    await replay('in the same customer’s next session')
    await stage.pass(DAY_MS)
    await replay('a day later')
  })
})
