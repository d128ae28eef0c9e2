import { captureConsole } from '../console'
import { manualClock } from '../botpress'
import { simulatedTime } from '../simulated-time'
import type { Output } from '../terminal/output'
import { createWorld, type World } from '../world'
import { play } from './play'
import { createTimeline } from './timeline'
import { titleOf } from './watch'

export interface DemoOptions {
  colors?: boolean
  /** Injects a fault before the demo starts. The demo must report it. */
  sabotage?(world: World): void
}

/** Number of log lines of the router to print after a failure. */
const LOG_LINES = 12

/** Runs the command. Resolves to its exit code. */
export const demoCommand = async (output: Output, options: DemoOptions = {}): Promise<number> => {
  const timeline = createTimeline(output, options.colors ?? false)
  const warnings: string[] = []
  const restoreConsole = captureConsole((text, level) => {
    if (level === 'warn' || level === 'error') warnings.push(text)
  })
  const started = performance.now()
  const clock = manualClock()
  try {
    const world = await createWorld({ clock })
    try {
      options.sabotage?.(world)
      const desks = Object.keys(world.sandboxes)
      timeline.line(
        `A bot hands customers over to agents at ${desks.map(titleOf).join(', ')}. Simulated time, real HTTP, no accounts.`
      )
      const startedAt = clock.now()
      const { handoffs, problems } = await play({ world, time: simulatedTime(world, clock) }, timeline)
      const minutes = Math.round((clock.now() - startedAt) / 60_000)
      const seconds = ((performance.now() - started) / 1_000).toFixed(1)
      timeline.line()
      timeline.line(`${handoffs} handoffs, ${desks.length} desks; ${minutes} simulated minutes took ${seconds} s.`)
      timeline.verdict(
        'Everything arrived once, in order, at the right desk.',
        problems.length === 0
          ? []
          : [`${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}, see above.`]
      )
      if (problems.length === 0) return 0
    } finally {
      await world.close()
    }
  } catch (error) {
    output.error(`${error instanceof Error ? error.message : String(error)}\n`)
  } finally {
    restoreConsole()
  }
  for (const line of warnings.slice(-LOG_LINES)) output.error(`router: ${line}\n`)
  return 1
}
