/** The configuration is saved anew while sessions are open. */
import type { World } from '../../playground/world'
import type { Chaos } from './chaos'
import type { SAVES } from './moves'
import type { StageTime } from './time'

type Save = (typeof SAVES)[number]

/** A bot builder who is refused tries again after this time. */
const PATIENCE_MS = 5_000
const MOST_TRIES = 6

export const createSaves = (world: World, desks: string[], chaos: Chaos, clock: StageTime) => {
  const { runtime } = world.botpress
  const order = [...desks]
  const otherCredentials = new Set<string>()
  let disabled: string | undefined
  let installations = 1

  const change = (kind: Save): void => {
    const random = chaos.random('what is saved')
    const desk = random.pick(desks)
    disabled = undefined
    switch (kind) {
      case 'again':
        return
      case 'order':
        order.push(...order.splice(0, 1))
        return
      case 'disabled':
        disabled = desk
        return
      case 'credentials':
        if (!otherCredentials.delete(desk)) otherCredentials.add(desk)
        return
      case 'reinstalled':
        installations += 1
        runtime.identity.webhookId = `wh-local-${installations}`
        return
    }
  }

  const configuration = (): Record<string, unknown> => {
    const made = world.configuration({ strategy: 'priority', order })
    const blocks = Object.entries(world.sandboxes).map(([desk, sandbox]) => {
      const config = (otherCredentials.has(desk) ? sandbox.otherConfig : undefined) ?? sandbox.config
      return [desk, { ...config, enabled: desk !== disabled }] as const
    })
    return { ...made, ...Object.fromEntries(blocks) }
  }

  return {
    /** Saves something else. A save that a fault has spoilt is repeated, as people do. */
    save: async (kind: Save): Promise<void> => {
      change(kind)
      for (let tries = 1; tries <= MOST_TRIES; tries += 1) {
        const saved = await world.save(configuration()).then(
          () => true,
          () => false
        )
        if (saved) return
        await clock.sleep(PATIENCE_MS)
      }
    },
  }
}
