import { it } from 'vitest'
import { providerNames } from '../../src/definition/registry'
import { INSTANCES, measureDesk } from '../bench/operations'
import { writeFileSync } from 'node:fs'
it('lists', async () => {
  let out = ''
  for (const desk of providerNames)
    for (const where of INSTANCES)
      for (const { operation, cost } of await measureDesk(desk, where)) {
        if (!/agent message|assigned|solved/.test(operation)) continue
        out += `\n## ${operation} ${desk} ${where} ${cost.api}/${cost.desk}/${cost.chain} · ${cost.ms}\n${cost.list.join('\n')}\n`
      }
  writeFileSync('/tmp/w/delivery-lists.txt', out)
}, 600000)
