/** Everything that `npm start` runs: router, local Botpress, desks and page. */
import { captureConsole } from '../console'
import { createWorld, type World } from '../world'
import { createApi } from './api'
import { createRouterLog } from './router-log'
import { servePage } from './server'
import type { PageState } from './state'

export interface PlaygroundOptions {
  /** Ports of `page`, `botpress` and each desk by name. Default: free ports. */
  ports?: Record<string, number | undefined>
  /** Receives the lines of the router's log. */
  onLog?(text: string): void
  /** Makes the world, with its configuration saved. Default: a sandbox for each desk. */
  createWorld?(): Promise<World>
}

export interface Playground {
  /** Address of the page. */
  origin: string
  world: World
  close(): Promise<void>
}

export const openPlayground = async (options: PlaygroundOptions = {}): Promise<Playground> => {
  const log = createRouterLog((text) => options.onLog?.(text))
  const restoreConsole = captureConsole(log.record)
  let world: World | undefined
  try {
    const opened = options.createWorld ? await options.createWorld() : await createWorld({ ports: options.ports })
    world = opened
    const pageState: PageState = {
      customers: new Map(),
      routing: { strategy: 'priority', order: Object.keys(opened.sandboxes) },
    }
    if (!options.createWorld) await opened.save(opened.configuration({ ...pageState.routing }))
    const page = await servePage(createApi(opened, pageState, log), options.ports?.['page'])
    return {
      origin: page.origin,
      world: opened,
      close: async () => {
        await page.close()
        await opened.close()
        restoreConsole()
      },
    }
  } catch (error) {
    await world?.close()
    restoreConsole()
    throw error
  }
}
