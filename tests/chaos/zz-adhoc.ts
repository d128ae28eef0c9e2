import { runBatch } from './batch'
import { captureConsole } from './console-capture'
import { CALM, ROUGH, WEATHERS } from './kinds'
const [, , seed = '1', count = '80', ...sets] = process.argv
const capture = captureConsole()
const base = sets[0] === 'rough' ? ROUGH : sets[0] === 'failover' ? WEATHERS.failover : CALM
const weather: any = { ...base, instances: 3, spread: 200 }
for (const s of sets.filter((x) => x.includes('='))) {
  const [k, v] = s.split('=') as [string, string]
  weather[k] = v === 'true' ? true : Number(v)
}
const all: string[] = []
const faults: any = {}
for (let first = 0; first < Number(count); first += 8) {
  const r = await runBatch({ seed, first, count: 8, desks: ['zendesk', 'intercom', 'slack'], weather })
  for (const v of r.violations) all.push(`${v.handoff} ${v.kind}: ${v.what}`)
  for (const [k, n] of Object.entries(r.faults)) faults[k] = (faults[k] ?? 0) + n
}
capture.stop()
console.log(sets.join(' '), JSON.stringify(faults))
console.log(all.length, all.slice(0, 12).join('\n'))
