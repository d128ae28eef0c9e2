/** Any handoffs at any desk, in good weather, against what people must see of them: whatever they do, in whatever order, and whatever of it comes twice. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { providerNames } from '../../src/definition/registry'
import { listen, type Ear } from '../chaos/silence'
import type { Move } from './model'
import { checkSequences, describeFailure, play } from './play'
import { step } from './steps'

const RUNS = 60

let ear: Ear
beforeAll(() => {
  ear = listen()
})
afterAll(() => ear.stop())

describe.each([...providerNames])('handoffs at %s', (desk) => {
  it('are what they must be, whatever people do', async () => {
    const result = await checkSequences({ desk, runs: RUNS, seed: 1 })
    expect(result.failed ? await describeFailure(result) : undefined).toBeUndefined()
    expect(result.numRuns).toBe(RUNS)
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
