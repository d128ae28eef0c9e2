/** Messages that a rate limit deferred go to the desk together: few posts, each message exactly once and in order. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { providers } from '../src/definition/registry'
import type { OutboundMessage } from '../providers/provider'
import {
  DESKS,
  GIVEN_UP_MS,
  limited,
  linesOf,
  marksUnit,
  oncePerSecond,
  open,
  posts,
  rejects,
  type Session,
} from './support/outbox'

afterEach(() => vi.restoreAllMocks())

const numbered = (count: number): string[] => Array.from({ length: count }, (_, index) => `message ${index}.`)

const LIMIT_MS = 12_000

/** Lets these messages wait for a limit until they are old enough to go together with `last`. */
const waitTogether = async (session: Session, texts: string[]): Promise<void> => {
  const limit = limited(session, 600)
  await session.says(...texts)
  await session.stage.pass(LIMIT_MS)
  limit.isOn = false
  session.sandbox.server.clearFaults()
}

describe.each(DESKS)('waiting messages at %s', (desk) => {
  it('drain soon and in few posts when the desk takes one write a second', async () => {
    const session = await open(desk, 3)
    oncePerSecond(session)
    const texts = numbered(50)
    await session.says(...texts)
    await session.stage.pass(8_000)
    expect(linesOf(session.posted())).toEqual(texts)
    expect(session.posted().length).toBeLessThanOrEqual(5)
    await session.stage.pass(GIVEN_UP_MS)
    expect(linesOf(session.posted())).toEqual(texts)
    for (const text of texts) expect(session.answers(text)).toEqual([200])
  })

  it('drain in few posts after an instance died while it posted them together', async () => {
    const session = await open(desk, 3)
    oncePerSecond(session)
    const texts = numbered(50)
    session.instances.all[0]?.dieAt('after', posts('message 20.'))
    session.instances.all[1]?.dieAt('before', posts('message 40.'))
    await session.says(...texts)
    await session.stage.pass(2 * GIVEN_UP_MS)
    session.instances.choose('the last', 2)
    await session.says('the last')
    await session.stage.pass(GIVEN_UP_MS)
    expect(linesOf(session.posted())).toEqual([...texts, 'the last'])
    expect(session.posted().length).toBeLessThanOrEqual(10)
  })

  it.each(['before', 'after'] as const)(
    'arrive once when no answer comes %s a merged post took effect',
    async (when) => {
      const session = await open(desk, 2)
      await waitTogether(session, ['first', 'second', 'third'])
      const { server } = session.sandbox
      let isPosted = false
      const isMerged = ({ body }: { body: Buffer }): boolean => !isPosted && (isPosted = body.includes('third'))
      server.addFault({ kind: 'timeout', effect: when, matches: isMerged })
      server.addFault({ kind: 'status', status: 500, times: 8, matches: () => isPosted })
      await session.says('fourth')
      await session.stage.pass(GIVEN_UP_MS)
      await session.says('fifth')
      await session.stage.pass(GIVEN_UP_MS)
      expect(linesOf(session.posted())).toEqual(['first', 'second', 'third', 'fourth', 'fifth'])
      expect(session.answers('fifth')).toEqual([200])
    }
  )

  it.each([
    ['before', 1],
    ['after', 1],
    ['after', 2],
    ['before', 4],
    ['after', 4],
  ] as const)('arrive once when the instance dies %s it writes mark %i of a merged unit', async (when, mark) => {
    const session = await open(desk, 3)
    await waitTogether(session, ['first', 'second', 'third'])
    session.instances.choose('fourth', 0)
    session.instances.choose('fifth', 1)
    let marks = 0
    session.instances.all[0]?.dieAt(when, (asked) => marksUnit(asked) && (marks += 1) === mark)
    await session.says('fourth')
    await session.stage.pass(25_000)
    expect(session.posted()).toEqual([])
    await session.says('fifth')
    await session.stage.pass(GIVEN_UP_MS)
    expect(linesOf(session.posted())).toEqual(['first', 'second', 'third', 'fourth', 'fifth'])
  })

  it('cost only the one that the desk rejects', async () => {
    const session = await open(desk, 2)
    const texts = numbered(8)
    await waitTogether(session, texts)
    rejects(session, 'message 5.')
    await session.says('the last')
    await session.stage.pass(GIVEN_UP_MS)
    expect(linesOf(session.posted())).toEqual([...texts.filter((text) => text !== 'message 5.'), 'the last'])
    expect(session.posted().length).toBeLessThanOrEqual(5)
    expect(session.answers('the last')).toEqual([200])
    expect(session.refusalOf('message 5.')).toContain('the desk answered')
    for (const text of texts) expect(session.refusalOf(text) === undefined).toBe(text !== 'message 5.')
  })

  it('arrive once when the instance dies while it divides a rejected unit', async () => {
    const session = await open(desk, 3)
    await waitTogether(session, ['first', 'second', 'poison', 'third'])
    rejects(session, 'poison')
    session.instances.choose('fourth', 0)
    session.instances.choose('fifth', 1)
    let marks = 0
    // The unit of five takes five marks, the next one is the first of its division.
    session.instances.all[0]?.dieAt('after', (asked) => marksUnit(asked) && (marks += 1) === 6)
    await session.says('fourth')
    await session.stage.pass(25_000)
    await session.says('fifth')
    await session.stage.pass(GIVEN_UP_MS)
    expect(linesOf(session.posted())).toEqual(['first', 'second', 'third', 'fourth', 'fifth'])
    expect(session.refusalOf('poison')).toContain('the desk answered')
  })
})

describe.each(DESKS)('a bug of the driver for %s', (desk) => {
  const withBug = (fails: (post: () => Promise<unknown>, message: OutboundMessage) => Promise<void>): void => {
    const provider = providers[desk]
    if (!provider) throw new Error('There is no such desk')
    const { connect } = provider
    vi.spyOn(provider, 'connect').mockImplementation((...given) => {
      const driver = connect(...given)
      return {
        ...driver,
        postMessage: async (ticket, message) => {
          if (!JSON.stringify(message.parts).includes('broken')) return driver.postMessage(ticket, message)
          await fails(() => driver.postMessage(ticket, message), message)
          throw new TypeError('a bug')
        },
      }
    })
  }

  it('costs only the message that it fails at', async () => {
    const session = await open(desk, 2)
    withBug(() => Promise.resolve())
    await session.says('first', 'broken', 'second')
    await session.stage.pass(GIVEN_UP_MS)
    expect(session.posted()).toEqual(['first', 'second'])
    expect(session.answers('broken')).toEqual([400])
    expect(session.refusalOf('broken')).toContain('TypeError')
    expect([...session.answers('first'), ...session.answers('second')]).toEqual([200, 200])
  })

  it('costs only that message when it was merged with others', async () => {
    const session = await open(desk, 2)
    await waitTogether(session, ['first', 'broken', 'second'])
    withBug(() => Promise.resolve())
    await session.says('third')
    await session.stage.pass(GIVEN_UP_MS)
    expect(linesOf(session.posted())).toEqual(['first', 'second', 'third'])
    expect(session.refusalOf('broken')).toContain('TypeError')
  })

  it('after posting leaves no duplicate, and no claim that the message was delivered', async () => {
    const session = await open(desk, 2)
    await waitTogether(session, ['first', 'broken', 'second'])
    withBug(async (post) => {
      await post()
    })
    await session.says('third')
    await session.stage.pass(GIVEN_UP_MS)
    await session.says('fourth')
    await session.stage.pass(GIVEN_UP_MS)
    expect(linesOf(session.posted())).toEqual(['first', 'broken', 'second', 'third', 'fourth'])
    expect(session.refusalOf('broken')).toContain('not known')
    expect(session.answers('third')).toEqual([400])
    expect(session.answers('fourth')).toEqual([200])
  })
})
