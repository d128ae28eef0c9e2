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

describe('the demo', () => {
  it('plays a handoff through each desk and a round-robin of six, and reports success', async () => {
    const { code, out, error } = await run()
    expect(error).toBe('')
    expect(out).not.toContain('✗')
    expect(code).toBe(0)
    expect(out.match(/ opens {4}a ticket/g)).toHaveLength(desks + 6)
    expect(out).toContain(`${desks + 6} handoffs, ${desks} desks`)
    expect(out).toContain('Everything arrived once, in order, at the right desk.')
    expect(out, 'no colours outside of terminals').not.toContain('\u001B')
    expect(out, 'no log of the router').not.toContain('conversationId=')
  })

  it('shows files both ways, formatting, and who is who at each desk', async () => {
    const { out } = await run()
    for (const { title } of Object.values(providers)) {
      const part = out.slice(out.indexOf(`${title} comes first`)).split('\n\n')[0] ?? ''
      expect(part).toMatch(new RegExp(`${title} +shows +Eve Customer: It looks like this now 📎 printer\\.png`))
      expect(part).toMatch(/Eve Customer +reads +Ada \w+ \(with photo\): Read the second page, please 📎 manual\.pdf/)
      for (const fact of ['+33 1 23 45 67 89', 'WhatsApp', 'gold', '*by the window*']) expect(part).toContain(fact)
    }
  })

  it('reports a file that did not arrive', async () => {
    const { code, out } = await run({
      sabotage: (world) => {
        world.web.publish = () => ''
      },
    })
    expect(code).toBe(1)
    expect(out).toMatch(/✗ lost at \w+: “It looks like this now 📎 printer\.png”/)
  })

  it('prints the error when it can’t start', async () => {
    const { code, error } = await run({
      sabotage: () => {
        throw new Error('out of memory')
      },
    })
    expect({ code, error }).toEqual({ code: 1, error: 'out of memory\n' })
  })

  it('reports a lost message', async () => {
    const { code, out } = await run({
      sabotage: (world) => firstDesk(world).deliveries.connect(() => Promise.resolve({ status: 200 })),
    })
    expect(code).toBe(1)
    expect(out).toContain('✗ lost for Eve Customer: “Hello, I am on my way. Please unplug it”')
    expect(out).toMatch(/✗ \d+ problems, see above/)
  })

  it('reports a duplicate', async () => {
    const { code, out } = await run({
      sabotage: (world) => {
        const sandbox = firstDesk(world)
        const { agentReplies } = sandbox
        sandbox.agentReplies = (...reply) => {
          agentReplies(...reply)
          return agentReplies(...reply)
        }
      },
    })
    expect(code).toBe(1)
    expect(out).toContain('✗ duplicated for Eve Customer: “Hello, I am on my way. Please unplug it” (2 times)')
  })

  it('reports a misrouted session, with the router’s log', async () => {
    const { code, out, error } = await run({
      sabotage: (world) => {
        firstDesk(world).server.addFault({
          kind: 'status',
          status: 422,
          body: {},
          matches: ({ body }) => body.includes('Third floor'),
        })
      },
    })
    expect(code).toBe(1)
    expect(out).toContain('✗ misrouted: this session has a ticket at')
    expect(error).toContain('router: A desk did not take a handoff')
  })
})

describe('the comparison of sent and received texts', () => {
  it.each([
    ['no texts', [], [], []],
    ['equal texts', ['a', 'b', 'a'], ['a', 'b', 'a'], []],
    ['a lost text', ['a', 'b'], ['a'], ['lost at X: “b”']],
    ['one of two copies lost', ['a', 'a'], ['a'], ['lost at X: “a” (1 of 2 times)']],
    ['a duplicate', ['a', 'b'], ['a', 'b', 'b'], ['duplicated at X: “b” (2 times)']],
    ['an unexpected text', ['a'], ['a', 'c'], ['unexpected at X: “c”']],
    ['another order', ['a', 'b'], ['b', 'a'], ['out of order at X: b | a']],
    ['a loss and a duplicate', ['a', 'b'], ['b', 'b'], ['lost at X: “a”', 'duplicated at X: “b” (2 times)']],
  ])('reports %s', (_name, expected, actual, problems) => {
    expect(compareTexts('at X', expected, actual)).toEqual(problems)
  })

  it.each([
    ['at its desk', ['X'], []],
    ['at no desk', [], ['lost: no desk has a ticket for this session']],
    ['at another desk', ['Y'], ['misrouted: this session has a ticket at Y instead of X']],
    ['twice at its desk', ['X', 'X'], ['duplicated: this session has 2 tickets at X']],
    ['at two desks', ['X', 'Y'], ['misrouted: this session has a ticket at Y instead of X']],
  ])('reports a ticket %s', (_name, found, problems) => {
    expect(compareDesks('X', found)).toEqual(problems)
  })
})

describe('the timeline', () => {
  const written = (colors: boolean): string => {
    let out = ''
    const timeline = createTimeline({ out: (text) => (out += text), error: () => undefined }, colors)
    timeline.show([
      { at: 2_000, actor: 'Ben', action: 'reads', detail: `two\nlines ${'x'.repeat(200)}` },
      { at: 1_000, actor: 'Ada', action: 'writes', detail: 'first \u001B[31mred' },
    ])
    return out
  }

  it('is sorted by time, one short line per event, without control codes from texts', () => {
    const [first, second, end] = written(false).split('\n')
    expect(first).toBe('  00:00:01  Ada             writes   first red')
    expect(second).toMatch(/^ {2}00:00:02 {2}Ben {13}reads {4}two lines x+…$/)
    expect(end).toBe('')
  })

  it('has colours only on request', () => {
    expect(written(false)).not.toContain('\u001B')
    expect(written(true)).toContain('\u001B[36mAda')
  })
})
