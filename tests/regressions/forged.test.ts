/** Forged and replayed deliveries: the router acts only on what the desk has signed, and only once. */
import { describe, expect, it } from 'vitest'
import { captureConsole } from '../chaos/console-capture'
import { countSeen, SETTLED_MS, handOver } from '../support/handoffs'
import { DESKS, sessionAt, startAt, send, takeDeliveries, visible } from './helpers'

const DAY_MS = 24 * 60 * 60_000
const isAboutSignature = (name: string): boolean => /signature|timestamp/i.test(name)

/** A session with a delivery of each kind, signed by the desk and not yet delivered. */
const withHeldDeliveries = async (desk: string) => {
  const session = await sessionAt(desk)
  const { sandbox, ticket, agentId } = session
  sandbox.deliveries.mode = 'held'
  const other = sandbox.agents[1]?.id ?? ''
  sandbox.agentReplies(ticket().id, 'Said once', { agentId })
  sandbox.assign(ticket().id, other)
  sandbox.solve(ticket().id, { agentId })
  return { ...session, genuine: takeDeliveries(sandbox).map(({ request }) => request) }
}

describe.each(DESKS)('a delivery without a valid signature of %s', (desk) => {
  it('is rejected and changes nothing when the signature is missing or wrong', async () => {
    const { stage, sandbox, genuine, conversationId } = await withHeldDeliveries(desk)
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
    // The same requests take effect with the desk's own signature.
    for (const request of genuine) await send(stage, request)
    await stage.pass(SETTLED_MS)
    expect(countSeen(stage, conversationId, 'Said once')).toBe(1)
    expect(stage.botpress.bot.isActive(conversationId)).toBe(false)
  })

  it('is rejected without an exception when the signature has another length', async () => {
    const { stage, genuine } = await withHeldDeliveries(desk)
    const [request] = genuine
    const name = Object.keys(request?.headers ?? {}).find((header) => header.endsWith('signature')) ?? ''
    const valid = request?.headers[name] ?? ''
    const invalid = [
      ...Array.from({ length: 130 }, (_unused, length) => 'a'.repeat(length)),
      ...Array.from({ length: valid.length }, (_unused, length) => valid.slice(0, length)),
      `${valid}0`,
      `${valid}${valid}`,
      ` ${valid}`,
      valid.toUpperCase(),
      'ü'.repeat(valid.length),
      '😀'.repeat(valid.length),
      'x'.repeat(100_000),
    ].filter((signature) => signature !== valid)
    for (const signature of invalid) {
      const reply = await send(stage, { ...request, headers: { ...request?.headers, [name]: signature } })
      expect(reply.status, `${signature.length} characters`).toBe(401)
    }
    expect((await send(stage, request ?? {})).status).toBe(200)
  })

  it('is rejected when its time is too old or in the future', async () => {
    const { stage, sandbox, genuine } = await withHeldDeliveries(desk)
    const before = visible(stage)
    for (const request of genuine) {
      // Without a signed time stamp, the time is in the notification itself.
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

  it('never gets its challenge back', async () => {
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

  it('is logged without the secret, the valid signature or the body', async () => {
    const { stage, sandbox, genuine } = await withHeldDeliveries(desk)
    const output = captureConsole()
    let printed: string
    try {
      for (const request of genuine) {
        await send(stage, { ...request, headers: sandbox.signed(request.body, { secret: 'a guess' }).headers })
      }
      printed = output.lines().join('\n')
    } finally {
      output.stop()
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
  it('above the size limit is rejected even with a valid signature', async () => {
    const { stage, sandbox, genuine } = await withHeldDeliveries(desk)
    const before = visible(stage)
    for (const { body } of genuine) {
      const padded = body.startsWith('payload=') ? `${body}&pad=${'x'.repeat(1_100_000)}` : body + ' '.repeat(1_100_000)
      expect((await send(stage, sandbox.signed(padded))).status).toBe(413)
    }
    await stage.pass(SETTLED_MS)
    expect(visible(stage)).toBe(before)
  })

  it('has no effect when it is replayed in the session, after its end, in the next one or a day later', async () => {
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
