/** Answers its parent's question for the CPU time and memory of this process. */
import { createServer } from 'node:http'
import type { Integration } from '@botpress/sdk'

export interface Usage {
  /** User and system time in milliseconds. */
  cpuMs: number
  memoryMiB: number
}

/** Serves on the port of the environment and tells the parent. Prints nothing. */
export const serve = async (integration: Pick<Integration, 'start'>): Promise<void> => {
  for (const level of ['log', 'info', 'debug', 'warn', 'error'] as const) console[level] = () => undefined
  const server = await integration.start(Number(process.env['PORT'] ?? 0))
  const address = (server as ReturnType<typeof createServer>).address()
  process.send?.(typeof address === 'object' && address ? address.port : 0)
  process.on('message', (message) => {
    if (message !== 'usage') return
    globalThis.gc?.()
    const { user, system } = process.cpuUsage()
    const usage: Usage = { cpuMs: (user + system) / 1_000, memoryMiB: process.memoryUsage().rss / 2 ** 20 }
    process.send?.(usage)
  })
  process.once('disconnect', () => process.exit(0))
}
