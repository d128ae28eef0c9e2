/** The router. */
import { productionEnvironment } from '../../../src/botpress/environment'
import { createIntegration } from '../../../src/integration'
import { serve } from './usage'

const origins = JSON.parse(process.env['RESOLVE'] ?? '{}') as Record<string, string>
await serve(createIntegration({ ...productionEnvironment, resolveOrigin: (origin) => origins[origin] }))
