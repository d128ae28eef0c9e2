/** The steps of a sequence, as commands that fast-check generates, runs and shrinks. */
import * as fc from 'fast-check'
import { expect } from 'vitest'
import { VENDOR_CHANGES, type AgentMove, type Model, type Move } from './model'
import type { Scene } from './scene'

/** Longer than anything that the router schedules. */
const SETTLED_MS = 20_000
/** The time between hurried steps: not everything has arrived. */
const HURRY_MS = 100
/** So few that an agent's end hasn't reached the customer yet. */
const MOST_IN_A_HURRY = 5

export interface Played {
  model: Model
  steps: number
  /** Steps since everything had arrived. */
  hurried: number
}

/** Lets everything arrive, and compares what people see with the model. */
export const settleAndCompare = async (played: Played, scene: Scene): Promise<void> => {
  await scene.pass(SETTLED_MS)
  played.hurried = 0
  const seen = scene.view()
  expect({ ...seen, faults: scene.faults() }).toEqual({ ...played.model.settled(seen), faults: [] })
}

class Step implements fc.AsyncCommand<Played, Scene> {
  public constructor(
    private readonly move: Move,
    private readonly isHurried: boolean
  ) {}

  public check({ model }: Readonly<Played>): boolean {
    return model.needsRest(this.move) || model.allows(this.move)
  }

  public async run(played: Played, scene: Scene): Promise<void> {
    const { model } = played
    if (played.hurried > 0 && model.needsRest(this.move)) await settleAndCompare(played, scene)
    if (!model.allows(this.move)) return
    played.steps += 1
    played.hurried += 1
    const words = `words ${played.steps}`
    model.apply(this.move, words)
    await scene.perform(this.move, words)
    if (this.isHurried && played.hurried < MOST_IN_A_HURRY) await scene.pass(HURRY_MS)
    else await settleAndCompare(played, scene)
  }

  /** The arrow means that the next step follows at once. */
  public toString(): string {
    const { kind, ...how } = this.move
    const details = Object.entries(how).map(([name, value]) => `, ${name} ${value}`)
    return `${kind}${details.join('')}${this.isHurried ? ' →' : ''}`
  }
}

/** A fixed step. */
export const step = (move: Move, isHurried = false): fc.AsyncCommand<Played, Scene> => new Step(move, isHurried)

const agent = fc.nat(1)
const back = fc.nat(8)
/** Mostly the newest ticket. */
const ticket = fc.constantFrom(0, 0, 0, 0, 1)
const minutes = fc.integer({ min: 1, max: 30 })
const byAgent = (kind: AgentMove['kind']): fc.Arbitrary<Move> => fc.record({ kind: fc.constant(kind), agent, ticket })

const MOVES: fc.Arbitrary<Move>[] = [
  fc.constant({ kind: 'hand-over' }),
  fc.constant({ kind: 'customer-says' }),
  fc.constant({ kind: 'customer-says' }),
  byAgent('agent-says'),
  byAgent('agent-says'),
  byAgent('agent-takes'),
  byAgent('note'),
  byAgent('solve'),
  byAgent('solve-with-text'),
  fc.constant({ kind: 'customer-ends' }),
  fc.constant({ kind: 'bot-stops' }),
  fc.record({ kind: fc.constantFrom('reopen', 'customer-mails', 'vendor-bot-says'), ticket }),
  fc.record({ kind: fc.constantFrom('webhook-again', 'message-again'), back }),
  minutes.map((count): Move => ({ kind: 'pass', ms: count * 60_000 })),
  fc.constant({ kind: 'forget' }),
  fc.record({
    kind: fc.constant('outage'),
    first: fc.constantFrom('customer', 'agent'),
    agent,
    ticket: fc.constant(0),
  }),
  fc.record({ kind: fc.constant('vendor-change'), what: fc.constantFrom(...VENDOR_CHANGES), ticket }),
  fc.record({ kind: fc.constant('forget-user'), whose: fc.constantFrom('customer', 'agent') }),
]

/** Up to `count` steps in any order. */
export const steps = (count: number): fc.Arbitrary<Iterable<fc.AsyncCommand<Played, Scene>>> =>
  fc.commands(
    MOVES.map((move) =>
      fc.tuple(move, fc.boolean()).map(([made, hurries]) => new Step(made, hurries && made.kind !== 'pass'))
    ),
    { maxCommands: count, size: 'max' }
  )
