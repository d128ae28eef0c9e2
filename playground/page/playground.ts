/** Router, local Botpress, desks and page: everything that `npm start` starts. */
import { takeConsole } from '../console'
import { createWorld, type World } from '../world'
import { createApi } from './api'
import { createRouterLog } from './router-log'
import { servePage } from './server'
import type { Played } from './state'

export interface PlaygroundOptions {
  /** Free ones unless given: `page`, `botpress`, and each desk by its name. */
  ports?: Record<string, number | undefined>
  /** Gets the router's log. */
  onLog?(text: string): void
}

export interface Playground {
  /** Where the page is. */
  origin: string
  world: World
  close(): Promise<void>
}

export const openPlayground = async (options: PlaygroundOptions = {}): Promise<Playground> => {
  const log = createRouterLog((text) => options.onLog?.(text))
  const giveBack = takeConsole(log.record)
  let world: World | undefined
  try {
    const opened = await createWorld({ ports: options.ports })
    world = opened
    const played: Played = {
      customers: new Map(),
      routing: { strategy: 'priority', order: Object.keys(opened.sandboxes) },
    }
    await opened.save(opened.configuration({ ...played.routing }))
    const page = await servePage(createApi(opened, played, log), options.ports?.['page'])
    return {
      origin: page.origin,
      world: opened,
      close: async () => {
        await page.close()
        await opened.close()
        giveBack()
      },
    }
  } catch (error) {
    await world?.close()
    giveBack()
    throw error
  }
}
