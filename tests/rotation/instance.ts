/**
 * One process of the router. It sends its port to its parent. `RESOLVE` maps the origin of each vendor to its sandbox.
 * `FORWARD_LOGS` keeps the console on.
 */
import { productionEnvironment } from '../../src/botpress/environment'
import { createIntegration } from '../../src/integration'

const origins = JSON.parse(process.env['RESOLVE'] ?? '{}') as Record<string, string>
// The SDK prints every line of the integration log.
const levels = process.env['FORWARD_LOGS'] ? [] : (['log', 'info', 'debug', 'warn', 'error'] as const)
for (const level of levels) console[level] = () => undefined

let aheadMs = 0
// A test that would have to wait for a long time moves the clock on instead.
process.on('message', (message: { aheadMs?: number }) => {
  aheadMs += message.aheadMs ?? 0
})

const integration = createIntegration({
  ...productionEnvironment,
  now: () => productionEnvironment.now() + aheadMs,
  resolveOrigin: (origin) => origins[origin],
})
const server = await integration.start(Number(process.env['PORT'] ?? 0))
const address = server.address()
process.send?.(typeof address === 'object' && address ? address.port : 0)
process.once('disconnect', () => process.exit(0))
