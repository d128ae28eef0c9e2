import { it } from 'vitest'
import { providerNames } from '../../src/definition/registry'
import { INSTANCES, measureDesk, measureOthers, type Measured } from './operations'
it('x', async () => {
  const all: Measured[] = [...(await measureOthers())]
  for (const desk of providerNames) for (const where of INSTANCES) all.push(...(await measureDesk(desk, where)))
  for (const { operation, desk, instance, cost } of all)
    process.stdout.write(
      `${operation.padEnd(34)} ${desk.padEnd(9)} ${instance.padEnd(6)} ${cost.api}/${cost.desk}/${cost.chain} · ${cost.ms}\n`
    )
})
