/** Random moves of people at every desk, without faults, compared with what the model says they must see. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { providerNames } from '../../src/definition/registry'
import { captureConsole, type ConsoleCapture } from '../chaos/console-capture'
import type { Move } from './model'
import { checkSequences, describeFailure, play } from './play'
import { step } from './steps'

const RUNS = 100

let output: ConsoleCapture
beforeAll(() => {
  output = captureConsole()
})
afterAll(() => output.stop())

/** A move, and whether the next one follows before everything has arrived. */
type Hurried = [Move, 'at once'?]

describe.each([...providerNames])('a sequence of moves at %s', (desk) => {
  it('shows people what they must see, for random moves', async () => {
    const result = await checkSequences({ desk, runs: RUNS })
    expect(result.failed ? await describeFailure(result) : undefined).toBeUndefined()
    expect(result.numRuns).toBe(RUNS)
  })

  it.each<[string, Hurried[]]>([
    [
      'tells an agent who reopens what the bot ended that nobody is connected',
      [[{ kind: 'bot-stops' }], [{ kind: 'reopen', ticket: 0 }]],
    ],
    [
      'keeps what an agent writes into the ticket of an earlier handoff there',
      [
        [{ kind: 'agent-says', agent: 0, ticket: 0 }],
        [{ kind: 'customer-ends' }],
        [{ kind: 'hand-over' }],
        [{ kind: 'agent-says', agent: 0, ticket: 1 }],
        [{ kind: 'agent-says', agent: 0, ticket: 0 }],
        [{ kind: 'solve', agent: 0, ticket: 1 }],
      ],
    ],
    [
      'leaves a ticket to the agents after their end, when the customer writes and the bot stops',
      [
        [{ kind: 'solve', agent: 0, ticket: 0 }, 'at once'],
        [{ kind: 'customer-says' }, 'at once'],
        [{ kind: 'bot-stops' }],
      ],
    ],
    [
      'leaves a ticket to the agents after their end with a text, when the customer writes and ends',
      [
        [{ kind: 'solve-with-text', agent: 0, ticket: 0 }, 'at once'],
        [{ kind: 'customer-says' }, 'at once'],
        [{ kind: 'customer-ends' }],
      ],
    ],
    [
      'leaves a ticket open that an agent has solved and reopened, when the customer ends',
      [
        [{ kind: 'solve', agent: 0, ticket: 0 }, 'at once'],
        [{ kind: 'reopen', ticket: 0 }, 'at once'],
        [{ kind: 'customer-ends' }],
      ],
    ],
    [
      'delivers a message that crosses the end by another agent, or reports it',
      [
        [{ kind: 'agent-says', agent: 1, ticket: 0 }],
        [{ kind: 'agent-says', agent: 1, ticket: 0 }, 'at once'],
        [{ kind: 'solve-with-text', agent: 1, ticket: 0 }, 'at once'],
        [{ kind: 'agent-says', agent: 0, ticket: 0 }, 'at once'],
      ],
    ],
  ])('%s', async (_rule, moves) => {
    for (const instances of [1, 2]) {
      const script = moves.map(([move, pace]) => step(move, pace === 'at once'))
      await expect(play(desk, { instances, isEarly: false }, script)).resolves.toBeUndefined()
    }
  })
})
