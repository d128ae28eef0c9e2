/**
 * Handoffs with real processes of the router that are killed. They run in real time over sockets, so they are few and
 * short, and runs differ even with the same seed.
 */
import { INSTANCE } from '../rotation/process'
import { createWorld } from '../../playground/world'
import { play } from './batch'
import { withBundle } from './bundle'
import { createChaos } from './chaos'
import { connectWebhooks } from './deliveries'
import { createFleet, type Fleet } from './fleet'
import { KILLING } from './kinds'
import { createRandom } from './random'
import { realTime } from './real-time'
import { addTo, emptyTotals, type Totals } from './run'
import { makeScript, type Script } from './script'
import { watchSecrets } from './console-capture'
import type { Stage } from './stage'

export interface ProcessesOptions {
  seed: string
  handoffs: number
  desks: string[]
  processes: number
  /** Receives everything that the processes print. */
  onOutput(text: string): void
}

/** Scales the pauses between people's moves. */
const STEP_DELAY_FACTOR = 0.2
/** Scales the vendors' retry delays. The router needs time to notice a dead process. */
const RETRY_DELAY_FACTOR = 1 / 3
/** Between the starts of two handoffs. */
const SPACING_MS = 600
const MIN_LIFETIME_MS = 500

const _shortened = (script: Script, index: number): Script => {
  const shorten = (steps: Script['steps']): Script['steps'] =>
    steps.map((step) => ({ ...step, after: Math.round(step.after * STEP_DELAY_FACTOR) }))
  return { ...script, startsAt: index * SPACING_MS, early: shorten(script.early), steps: shorten(script.steps) }
}

const _createStage = async ({ seed, desks, processes, onOutput }: ProcessesOptions, script: string): Promise<Stage> => {
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
    const started = await createFleet(world, { count: processes, random, script, onCutOff, onOutput })
    fleet = started
    const { runtime } = world.botpress
    const webhooks = connectWebhooks(world.sandboxes, {
      clock,
      chaos,
      runtime,
      weather: KILLING,
      retryDelayFactor: RETRY_DELAY_FACTOR,
    })
    const disturb = async (plays: Promise<unknown>): Promise<void> => {
      let isOver = false
      const end = (): void => {
        isOver = true
      }
      plays.then(end, end)
      while (!isOver) {
        await clock.sleep(random.between(MIN_LIFETIME_MS, KILLING.kill))
        const pid = await started.killOne()
        chaos.happens('process-killed', 1, String(pid))
      }
    }
    return { world, clock, chaos, weather: KILLING, webhooks, plugin: {}, order: desks, disturb, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Plays and judges all handoffs. */
export const runProcesses = (options: ProcessesOptions): Promise<Totals> =>
  withBundle(INSTANCE, async (script) => {
    const scripts = Array.from({ length: options.handoffs }, (_, index) =>
      _shortened(makeScript(options.seed, index, options.desks), index)
    )
    const stage = await _createStage(options, script)
    const totals = emptyTotals()
    addTo(totals, { ...(await play(stage, scripts)), leaks: [] })
    return totals
  })
