/** Desks that are served elsewhere, over real HTTP, as the real vendors are. */
import { createServer } from 'node:http'
import { loadSandbox } from '../../playground/world'
import type { Sandbox } from '../../providers/kit/sandbox'
import { providerNames } from '../../src/definition/registry'

export interface ServedDesks {
  sandboxes: Record<string, Sandbox>
  /** A configuration with the real credentials of all desks. */
  configuration: Record<string, unknown>
  /** Vendors' origins and where they are served. */
  origins: Record<string, string>
  resolveOrigin(origin: string): string | undefined
  /** Sends the desks' webhooks to an address that a tunnel would lead to. */
  deliverTo(address: string): void
  /** What a vendor's state is, without tickets: subscriptions and memberships. */
  close(): Promise<void>
}

export const serveDesks = async (): Promise<ServedDesks> => {
  const entries = await Promise.all(
    providerNames.map(async (name) => [name, await loadSandbox(name, { now: () => Date.now() })] as const)
  )
  const sandboxes = Object.fromEntries(entries)
  const origins: Record<string, string> = {}
  for (const sandbox of Object.values(sandboxes)) {
    const served = await sandbox.server.listen()
    for (const origin of sandbox.origins) origins[origin] = served
  }
  return {
    sandboxes,
    configuration: {
      ...Object.fromEntries(entries.map(([name, { config }]) => [name, { enabled: true, ...config }])),
      routing: { preferredDesk: 'Zendesk', timeZone: 'Europe/Paris', defaultLanguage: 'en' },
    },
    origins,
    resolveOrigin: (origin) => origins[origin],
    deliverTo: (address) => {
      for (const sandbox of Object.values(sandboxes)) {
        sandbox.deliveries.connect(async (request) => {
          const response = await fetch(`${address}${request.path}`, {
            method: request.method,
            headers: Object.entries(request.headers).flatMap(([name, value]): [string, string][] =>
              value === undefined ? [] : [[name, value]]
            ),
            body: request.method === 'POST' ? request.body : undefined,
          })
          return {
            status: response.status,
            headers: Object.fromEntries(response.headers),
            body: await response.text(),
          }
        })
      }
    },
    close: async () => {
      await Promise.all(Object.values(sandboxes).map(({ server }) => server.close()))
    },
  }
}

/** A port that nothing listens on. */
export const freePort = async (): Promise<number> => {
  const server = createServer()
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  await new Promise((resolve) => {
    server.close(resolve)
  })
  return typeof address === 'object' ? (address?.port ?? 0) : 0
}
