/** Any handoffs at any desk, in good weather, against what people must see of them: whatever they do, in whatever order, and whatever of it comes twice. */
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { providerNames } from '../../src/definition/registry'
import { captureConsole, type ConsoleCapture } from '../chaos/console-capture'
import type { Switches } from '../../playground/botpress'
import { createModel, habitsOf, type Move } from './model'
import { openScene, type Scene } from './scene'
import { settleAndCompare, step, steps, type Played } from './steps'

const RUNS = Number(process.env['MODEL_RUNS'] ?? 100)
const MOST_STEPS = 16

interface Surroundings extends Partial<Switches> {
  /** Of the router. */
  instances: number
  /** The first step comes before the router counts on the plugin. */
  isEarly: boolean
}

const surroundings: fc.Arbitrary<Surroundings> = fc.record({
  instances: fc.constantFrom(1, 2),
  isEarly: fc.boolean(),
  delivery: fc.constantFrom('concurrent', 'serial'),
  getOrCreate: fc.constantFrom('exact', 'contains'),
})

/** A handover, and what follows. */
const play = async (
  desk: string,
  { instances, isEarly, ...switches }: Surroundings,
  commands: Iterable<fc.AsyncCommand<Played, Scene>>
): Promise<void> => {
  const scene = await openScene({ desk, instances, switches })
  try {
    const played: Played = { model: createModel(habitsOf(desk), scene.agents), steps: 0, hurried: 0 }
    await step({ kind: 'hand-over' }, isEarly).run(played, scene)
    await fc.asyncModelRun(() => ({ model: played, real: scene }), commands)
    await settleAndCompare(played, scene)
  } finally {
    await scene.close()
  }
}

let ear: ConsoleCapture
beforeAll(() => {
  ear = captureConsole()
})
afterAll(() => ear.stop())

describe.each([...providerNames])('handoffs at %s', (desk) => {
  it('are what they must be, whatever people do', { timeout: 60_000 + RUNS * 1_000 }, async () => {
    const property = fc.asyncProperty(surroundings, steps(MOST_STEPS), (around, commands) =>
      play(desk, around, commands)
    )
    await fc.assert(property, { numRuns: RUNS })
  })

  it.each<[string, Move[]]>([
    [
      'an agent who reopens what the bot has solved is told that nobody is there',
      [{ kind: 'bot-stops' }, { kind: 'reopen', ticket: 0 }],
    ],
    [
      'what an agent writes into the ticket of an earlier handoff stays there',
      [
        { kind: 'agent-says', agent: 0, ticket: 0 },
        { kind: 'customer-ends' },
        { kind: 'hand-over' },
        { kind: 'agent-says', agent: 0, ticket: 1 },
        { kind: 'agent-says', agent: 0, ticket: 0 },
        { kind: 'solve', agent: 0, ticket: 1 },
      ],
    ],
  ])('are what they must be: %s', async (_what, moves) => {
    const script = moves.map((move) => step(move))
    await expect(play(desk, { instances: 1, isEarly: false }, script)).resolves.toBeUndefined()
  })
})
