import { describe, expect, it } from 'vitest'
import { providers } from '../../src/definition/registry'
import type { World } from '../world'
import { compareDesks, compareTexts } from './check'
import { demoCommand, type DemoOptions } from './main'
import { createTimeline } from './timeline'

const desks = Object.keys(providers).length

const run = async (options: DemoOptions = {}) => {
  const written = { out: '', error: '' }
  const code = await demoCommand(
    {
      out: (text) => {
        written.out += text
      },
      error: (text) => {
        written.error += text
      },
    },
    options
  )
  return { code, ...written }
}

const firstDesk = (world: World) => {
  const [sandbox] = Object.values(world.sandboxes)
  if (!sandbox) throw new Error('The world has no desk')
  return sandbox
}

describe('the demonstration', () => {
  it('plays a handoff through each desk and six in turn, and says that all is well', async () => {
    const { code, out, error } = await run()
    expect(error).toBe('')
    expect(out).not.toContain('✗')
    expect(code).toBe(0)
    expect(out.match(/ opens {4}a ticket/g)).toHaveLength(desks + 6)
    expect(out).toContain(`${desks + 6} handoffs, ${desks} desks`)
    expect(out).toContain('Everything arrived: once, in order, at the right desk.')
    expect(out, 'colours are for terminals').not.toContain('\u001B')
    expect(out, 'the log of the router stays out of it').not.toContain('conversationId=')
  })

  it('says so when it cannot even begin', async () => {
    const { code, error } = await run({
      spoil: () => {
        throw new Error('no world today')
      },
    })
    expect({ code, error }).toEqual({ code: 1, error: 'no world today\n' })
  })

  it('notices what is lost', async () => {
    const { code, out } = await run({
      spoil: (world) => firstDesk(world).deliveries.connect(() => Promise.resolve({ status: 200 })),
    })
    expect(code).toBe(1)
    expect(out).toContain('✗ lost for Eve Customer: “Hello, I am on my way. Please unplug it”')
    expect(out).toMatch(/✗ \d+ problems, see above/)
  })

  it('notices what is doubled', async () => {
    const { code, out } = await run({
      spoil: (world) => {
        const sandbox = firstDesk(world)
        const { agentReplies } = sandbox
        sandbox.agentReplies = (...move) => {
          agentReplies(...move)
          return agentReplies(...move)
        }
      },
    })
    expect(code).toBe(1)
    expect(out).toContain('✗ doubled for Eve Customer: “Hello, I am on my way. Please unplug it” (2 times)')
  })

  it('notices what goes to another desk, and shows what the router said about it', async () => {
    const { code, out, error } = await run({
      spoil: (world) => {
        firstDesk(world).server.addFault({
          kind: 'status',
          status: 422,
          matches: ({ body }) => body.includes('Third floor'),
        })
      },
    })
    expect(code).toBe(1)
    expect(out).toContain('✗ misrouted: a ticket of this session is at')
    expect(error).toContain('router: A desk did not take a handoff')
  })
})

describe('comparing what was written with what arrived', () => {
  it.each([
    ['nothing', [], [], []],
    ['all as written', ['a', 'b', 'a'], ['a', 'b', 'a'], []],
    ['one lost', ['a', 'b'], ['a'], ['lost at X: “b”']],
    ['one of two lost', ['a', 'a'], ['a'], ['lost at X: “a” (1 of 2 times)']],
    ['one doubled', ['a', 'b'], ['a', 'b', 'b'], ['doubled at X: “b” (2 times)']],
    ['a stranger', ['a'], ['a', 'c'], ['not meant to be seen at X: “c”']],
    ['another order', ['a', 'b'], ['b', 'a'], ['out of order at X: b | a']],
    ['lost and doubled', ['a', 'b'], ['b', 'b'], ['lost at X: “a”', 'doubled at X: “b” (2 times)']],
  ])('tells %s', (_name, expected, actual, problems) => {
    expect(compareTexts('at X', expected, actual)).toEqual(problems)
  })

  it.each([
    ['at its desk', ['X'], []],
    ['nowhere', [], ['lost: no desk has a ticket of this session']],
    ['elsewhere', ['Y'], ['misrouted: a ticket of this session is at Y, it belongs to X']],
    ['twice', ['X', 'X'], ['doubled: 2 tickets of this session at X']],
    ['at two desks', ['X', 'Y'], ['misrouted: a ticket of this session is at Y, it belongs to X']],
  ])('tells a ticket %s', (_name, found, problems) => {
    expect(compareDesks('X', found)).toEqual(problems)
  })
})

describe('the timeline', () => {
  const written = (colors: boolean): string => {
    let out = ''
    const timeline = createTimeline({ out: (text) => (out += text), error: () => undefined }, colors)
    timeline.show([
      { at: 2_000, who: 'Ben', does: 'reads', what: `two\nlines ${'x'.repeat(200)}` },
      { at: 1_000, who: 'Ada', does: 'writes', what: 'first \u001B[31mred' },
    ])
    return out
  }

  it('is in order of time, a short line each, and nobody’s text controls the terminal', () => {
    const [first, second, end] = written(false).split('\n')
    expect(first).toBe('  00:00:01  Ada             writes   first red')
    expect(second).toMatch(/^ {2}00:00:02 {2}Ben {13}reads {4}two lines x+…$/)
    expect(end).toBe('')
  })

  it('is coloured only where that is wanted', () => {
    expect(written(false)).not.toContain('\u001B')
    expect(written(true)).toContain('\u001B[36mAda')
  })
})
