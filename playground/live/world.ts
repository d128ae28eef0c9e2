/** A local Botpress with a bot and the router, connected to the real desks of a configuration. */
import { createHash, randomUUID } from 'node:crypto'
import type { Environment } from '../../src/botpress/environment'
import { productionEnvironment } from '../../src/botpress/environment'
import { configuredDesks } from '../../src/botpress/configuration'
import { createIntegration } from '../../src/integration'
import definition from '../../integration.definition'
import { createLocalBotpress, realClock } from '../botpress'
import type { Configuration } from '../configuration-file'
import type { Reach } from '../doctor/address'
import { createSandboxWeb } from '../../providers/kit/sandbox/web'
import { localWeb, type World } from '../world'
import { openGate, type Gate } from './gate'

export interface LiveOptions {
  configuration: Configuration
  /** The public https address of a tunnel that leads to the gate. */
  publicUrl: URL
  webhookPort: number
  botpressPort?: number | undefined
  reach: Reach
  /**
   * Where vendors' origins are served, in tests. Real use has none: then every driver calls its vendor's own hosts and
   * no others.
   */
  resolveOrigin?: Environment['resolveOrigin']
}

export interface LiveWorld extends World {
  gate: Gate
  /** The address that vendors call, without the desk. */
  address: string
  /** Saves the configuration: credentials are checked, subscriptions made. Throws the router's message. */
  begin(): Promise<void>
  /** Removes the subscriptions. */
  unsubscribe(): Promise<void>
}

/**
 * The same public address gives the same ids: what a session that was killed has left at a vendor is found, used and
 * removed by the next one. Other addresses share nothing with it.
 */
const _installationOf = (publicUrl: URL): string =>
  `live-${createHash('sha256').update(publicUrl.href.replace(/\/+$/, '')).digest('hex').slice(0, 10)}`

export const createLiveWorld = async (options: LiveOptions): Promise<LiveWorld> => {
  const { configuration, publicUrl } = options
  const clock = realClock()
  const installation = _installationOf(publicUrl)
  const environment: Environment = {
    ...productionEnvironment,
    resolveOrigin: options.resolveOrigin,
    web: (url, limits) => web.web(url, limits),
  }
  const base = publicUrl.href.replace(/\/+$/, '')
  const botpress = await createLocalBotpress({
    clock,
    definition,
    identity: { webhookId: installation, botId: installation },
    integrations: [createIntegration(environment)],
    port: options.botpressPort,
    publicWebhookUrl: base,
  })
  const web = createSandboxWeb(localWeb(botpress))
  const { gateway } = botpress.runtime
  const nonce = randomUUID()
  const gate = await openGate({
    installation,
    desks: configuredDesks(configuration).map(({ provider }) => provider),
    nonce,
    port: options.webhookPort,
    deliver: (webhook) => clock.track(gateway.webhook(webhook)),
  }).catch(async (error: unknown) => {
    await botpress.close()
    throw error
  })

  const save: World['save'] = async (saved) => {
    const reply = await botpress.save(saved)
    if (reply.status !== 200) throw new Error(_messageOf(reply.body))
  }
  return {
    botpress,
    // The desks are real: nobody plays their agents here.
    sandboxes: {},
    web,
    clock,
    gate,
    address: `${base}/${installation}`,
    configuration: (routing) => ({ ...configuration, ...(routing ? { routing } : {}) }),
    save,
    receive: ({ method, path, query, headers, body }) => gateway.webhook({ method, path, query, headers, body }),
    sandbox: (name) => {
      throw new Error(`${name} is a real desk here`)
    },
    restart: () => botpress.connect(createIntegration(environment)),
    settle: () => botpress.settle(),
    begin: async () => {
      await _checkTunnel(`${base}/${installation}`, gate.origin, nonce, options.reach)
      await save(configuration)
    },
    unsubscribe: async () => {
      await gateway.unregister(botpress.webhookAddress())
    },
    close: async () => {
      await gate.close()
      await botpress.close()
    },
  }
}

/** Vendors validate an address while it is saved, so it has to lead here before. */
const _checkTunnel = async (address: string, origin: string, nonce: string, reach: Reach): Promise<void> => {
  const advice = `Start a tunnel to ${origin} (for example: cloudflared tunnel --url ${origin}) and give its address`
  const answer = await reach(address).catch(() => undefined)
  if (answer === undefined) throw new Error(`${address} can’t be reached. ${advice}`)
  if (answer.body.trim() !== nonce)
    throw new Error(`${address} doesn’t lead here: something else answers there (${answer.status}). ${advice}`)
}

const _messageOf = (body: string | undefined): string => {
  try {
    const { message } = JSON.parse(body ?? '') as { message?: string }
    return message ?? 'The configuration was refused'
  } catch {
    return 'The configuration was refused'
  }
}
