/** One process of the router: serves it on a free port and tells its parent which. `RESOLVE` says where each vendor's origin really is, `HEARD` whether anybody wants to know what it prints. */
import { productionEnvironment } from '../../src/botpress/environment'
import { createIntegration } from '../../src/integration'

const origins = JSON.parse(process.env['RESOLVE'] ?? '{}') as Record<string, string>
// The SDK logs every line that a bot builder would see.
const levels = process.env['HEARD'] ? [] : (['log', 'info', 'debug', 'warn', 'error'] as const)
for (const level of levels) console[level] = () => undefined

const integration = createIntegration({ ...productionEnvironment, resolveOrigin: (origin) => origins[origin] })
const server = await integration.start(Number(process.env['PORT'] ?? 0))
const address = server.address()
process.send?.(typeof address === 'object' && address ? address.port : 0)
process.once('disconnect', () => process.exit(0))
