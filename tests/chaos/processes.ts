/** Handoffs with processes of the router that are really killed: on the machine's time, over real sockets, and therefore few, short, and never twice the same. */
import { INSTANCE } from '../rotation/process'
import { createWorld } from '../../playground/world'
import { play } from './batch'
import { withBundle } from './bundle'
import { createChaos } from './chaos'
import { connectCouriers } from './deliveries'
import { createFleet, type Fleet } from './fleet'
import { KILLING } from './kinds'
import { createRandom } from './random'
import { realTime } from './real-time'
import { addTo, emptyTotals, type Totals } from './run'
import { makeScript, type Script } from './script'
import { watchSecrets } from './silence'
import type { Stage } from './stage'

export interface ProcessesOptions {
  seed: string
  handoffs: number
  desks: string[]
  processes: number
  /** Gets everything that the processes print. */
  hear(text: string): void
}

/** People hurry. */
const HASTE = 0.2
/** Vendors, too; but the router has to have time to find out that a process is dead. */
const VENDOR_HASTE = 1 / 3
/** Between the beginnings of two handoffs. */
const SPACING_MS = 600
const SHORTEST_LIFE_MS = 500

const _hastened = (script: Script, index: number): Script => {
  const hasten = (steps: Script['steps']): Script['steps'] =>
    steps.map((step) => ({ ...step, after: Math.round(step.after * HASTE) }))
  return { ...script, startsAt: index * SPACING_MS, early: hasten(script.early), steps: hasten(script.steps) }
}

const _createStage = async ({ seed, desks, processes, hear }: ProcessesOptions, script: string): Promise<Stage> => {
  const random = createRandom(`${seed}/processes`)
  const clock = realTime(() => world.botpress.runtime.calls.length)
  const world = await createWorld({
    clock,
    desks,
    switches: {
      delivery: random.chance(0.5) ? 'concurrent' : 'serial',
      getOrCreate: random.chance(0.5) ? 'exact' : 'contains',
    },
  })
  for (const { config } of Object.values(world.sandboxes)) watchSecrets(config)
  let fleet: Fleet | undefined
  const close = async (): Promise<void> => {
    fleet?.close()
    await world.close()
  }
  try {
    await world.save(world.configuration({ strategy: 'priority', order: desks }))
    const chaos = createChaos({ seed, clock, weather: KILLING })
    const onCutOff = (operation: string): void => {
      chaos.happens('request-cut-off', 1, operation)
    }
    const started = await createFleet(world, { count: processes, random, script, onCutOff, hear })
    fleet = started
    const { runtime } = world.botpress
    const couriers = connectCouriers(world.sandboxes, { clock, chaos, runtime, weather: KILLING, haste: VENDOR_HASTE })
    const disturb = async (plays: Promise<unknown>): Promise<void> => {
      let isOver = false
      const end = (): void => {
        isOver = true
      }
      plays.then(end, end)
      while (!isOver) {
        await clock.sleep(random.between(SHORTEST_LIFE_MS, KILLING.kill))
        const pid = await started.killOne()
        chaos.happens('process-killed', 1, String(pid))
      }
    }
    return { world, clock, chaos, weather: KILLING, couriers, disturb, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Resolves when all handoffs have been played and judged. */
export const runProcesses = (options: ProcessesOptions): Promise<Totals> =>
  withBundle(INSTANCE, async (script) => {
    const scripts = Array.from({ length: options.handoffs }, (_, index) =>
      _hastened(makeScript(options.seed, index, options.desks), index)
    )
    const stage = await _createStage(options, script)
    const totals = emptyTotals()
    addTo(totals, { ...(await play(stage, scripts)), leaks: [] })
    return totals
  })
