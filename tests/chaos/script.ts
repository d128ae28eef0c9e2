/** Random scripts: what the people in one handoff do. */
import { DELETIONS, VENDOR_MOVES } from './moves'
import { createRandom, type Random } from './random'

export type Move =
  | (typeof VENDOR_MOVES)[number]
  | (typeof DELETIONS)[number]
  | 'customer-says'
  | 'customer-sends-file'
  | 'agent-says'
  | 'agent-sends-file'
  | 'agent-edits'
  | 'agent-notes'
  | 'agent-takes'
  | 'vendor-bot-says'
  | 'customer-mails'
  | 'agent-solves'
  | 'agent-solves-with-text'
  | 'agent-reopens'
  | 'customer-ends'
  | 'bot-stops'

export interface Step {
  /** Milliseconds after the previous step. */
  after: number
  move: Move
  /** Index of one of the desk's agents. */
  agent: number
}

export interface Script {
  /** Number of the handoff in its run. */
  handoff: number
  /** The desk that the handoff names. */
  desk: string
  /** It names none: routing decides. */
  anyDesk?: boolean
  /** Milliseconds after the start of the batch. */
  startsAt: number
  /** Steps of an agent as soon as the ticket exists, even before the plugin listens. */
  early: Step[]
  /** Steps after Start HITL has returned. */
  steps: Step[]
}

const MAX_STEPS = 10

const _pause = (random: Random): number => {
  const kind = random.next()
  if (kind < 0.25) return random.between(0, 30) * 10
  if (kind < 0.6) return random.between(3, 20) * 100
  return random.between(2, 20) * 1_000
}

const _talk = (random: Random): Move => {
  const kind = random.next()
  if (kind < 0.32) return 'customer-says'
  if (kind < 0.36) return 'customer-sends-file'
  if (kind < 0.68) return 'agent-says'
  if (kind < 0.72) return 'agent-sends-file'
  if (kind < 0.74) return 'agent-edits'
  if (kind < 0.82) return 'agent-notes'
  if (kind < 0.92) return 'agent-takes'
  if (kind < 0.96) return 'vendor-bot-says'
  return 'customer-mails'
}

const END: Move[] = ['agent-solves', 'agent-solves-with-text', 'customer-ends', 'bot-stops']

/** What a weather adds to scripts. */
interface ScriptExtras {
  anyDesk: boolean
  vendorMoves: number
  deletions: number
}

/** What only some desks can do is drawn more often. */
const PICKED_MOVES = [...VENDOR_MOVES, 'address-changes', 'ticket-converted'] as const

/** The script of a handoff. Extras are drawn apart, so the rest is the same in every weather. */
export const makeScript = (
  seed: string,
  handoff: number,
  desks: readonly string[],
  extras?: Partial<ScriptExtras>
): Script => {
  const script = _plainScript(seed, handoff, desks)
  if (!extras) return script
  const random = createRandom(`${seed}/extras ${handoff}`)
  const steps = [...script.steps]
  const insert = (move: Move): void => {
    const agent = random.chance(0.7) ? 0 : 1
    // The first agent stays.
    const step: Step = { after: _pause(random), move, agent: move === 'agent-leaves' ? 1 : agent }
    steps.splice(random.between(1, steps.length - 1), 0, step)
  }
  if (random.chance(extras.vendorMoves ?? 0)) insert(random.pick(PICKED_MOVES))
  if (random.chance(extras.deletions ?? 0)) insert(random.pick(DELETIONS))
  if (!extras.anyDesk) return { ...script, steps }
  // Where several tickets may be opened for one handoff, an agent may act in any of them, and early.
  const early = script.early.length > 0 || random.chance(0.6) ? script.early : [_earlyStep(random)]
  return { ...script, steps, early, anyDesk: true }
}

const _earlyStep = (random: Random): Step => ({ after: _pause(random), move: 'agent-says', agent: 0 })

const _plainScript = (seed: string, handoff: number, desks: readonly string[]): Script => {
  const random = createRandom(`${seed}/script ${handoff}`)
  const step = (move: Move): Step => ({ after: _pause(random), move, agent: random.chance(0.7) ? 0 : 1 })
  const early = random.chance(0.25) ? [step(random.chance(0.4) ? 'agent-takes' : 'agent-says')] : []
  if (early.length > 0 && random.chance(0.2)) early.push(step('agent-solves'))
  const desk = random.pick(desks)
  const steps: Step[] = []
  const count = random.between(2, MAX_STEPS)
  for (let index = 0; index < count; index += 1) steps.push(step(_talk(random)))
  // Sessions that are still open at the end of the run are ended in calm weather.
  if (random.chance(0.85)) {
    steps.push(step(random.pick(END)))
    if (random.chance(0.3)) steps.push(step('agent-says'))
    if (random.chance(0.15)) steps.push(step('agent-reopens'), step('agent-says'))
    if (random.chance(0.1)) steps.push(step('agent-solves'))
  }
  return { handoff, desk, startsAt: random.between(0, 40) * 500, early, steps }
}

/** The script on one line. */
export const describeScript = ({ desk, anyDesk, early, steps }: Script): string => {
  const describe = ({ after, move, agent }: Step) => `+${after} ${move}${move.startsWith('agent') ? ` (${agent})` : ''}`
  return [
    anyDesk ? 'at any desk' : `at ${desk}`,
    ...early.map((step) => `early ${describe(step)}`),
    ...steps.map(describe),
  ].join(', ')
}
