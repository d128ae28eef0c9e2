/** `npm start -- --live FILE --public-url URL`: real desks, local Botpress. */
import { configuredDesks, deskBlock } from '../../src/botpress/configuration'
import { readConfiguration, type Configuration } from '../configuration-file'
import { parsePublicUrl, type Reach } from '../doctor/address'
import { openPlayground, type Playground } from '../page/playground'
import { InputError } from '../terminal/arguments'
import { unconnectedDriver } from '../unconnected'
import { createLiveWorld, type LiveOptions, type LiveWorld } from './world'

export interface OpenLiveOptions {
  file: string
  publicUrl: string
  webhookPort: number
  ports: Record<string, number | undefined>
  reach: Reach
  resolveOrigin?: LiveOptions['resolveOrigin']
  onLog(text: string): void
  /** What people should know, a line each. */
  tell(line: string): void
}

export interface Live {
  playground: Playground
  /** Removes the subscriptions and closes. */
  close(): Promise<Left>
}

/** What people have to remove. */
export interface Left {
  /** What could not be removed. */
  failed: string[]
  /** What people have set up by hand. */
  byHand: string[]
}

/** Throws a UsageError for a file or an address that can't be used, and the router's message for a refused save. */
export const openLive = async (options: OpenLiveOptions): Promise<Live> => {
  const publicUrl = parsePublicUrl(options.publicUrl)
  const read = readConfiguration(options.file, { option: 'live', placeholders: false })
  if (read.problem !== undefined) throw new InputError(read.problem)
  for (const remark of read.remarks) options.tell(remark)
  const { configuration } = read
  /** The router's complaints while it removes what it has made. */
  const complaints: string[] = []
  let isClosing = false
  const onLog = (text: string): void => {
    if (isClosing && /Could not clean up|isn’t valid any more/.test(text)) complaints.push(_line(text))
    options.onLog(text)
  }
  let world: LiveWorld | undefined
  const cleanUp = async (): Promise<Left> => {
    isClosing = true
    await world?.unsubscribe()
    return { failed: complaints, byHand: _byHand(configuration) }
  }
  try {
    const playground = await openPlayground({
      ports: options.ports,
      onLog,
      createWorld: async () => {
        world = await createLiveWorld({
          configuration,
          publicUrl,
          webhookPort: options.webhookPort,
          botpressPort: options.ports['botpress'],
          reach: options.reach,
          resolveOrigin: options.resolveOrigin,
        })
        options.tell(`Webhooks arrive at ${world.gate.origin}, and vendors send them to ${world.address}/<desk>`)
        await world.begin()
        return world
      },
    })
    return {
      playground,
      close: async () => {
        const left = await cleanUp()
        await playground.close()
        return left
      },
    }
  } catch (error) {
    // A refused save may have made the subscriptions of other desks already.
    await cleanUp().catch(() => undefined)
    await world?.close()
    throw error
  }
}

const _line = (text: string): string => text.split('\n')[0] ?? ''

/** Desks whose webhooks people have set up by hand: nobody else can take them back. */
const _byHand = (configuration: Configuration): string[] =>
  configuredDesks(configuration)
    .filter(({ enabled, notReady }) => enabled && notReady === undefined)
    .filter(({ provider }) => !unconnectedDriver(provider, deskBlock(configuration, provider)).unsubscribe)
    .map(({ title }) => `${title}: give its app the address of your installation again, or remove the app`)
