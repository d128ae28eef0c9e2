import { runBatch } from './batch'
import { CALM, ROUGH } from './kinds'
const rough = process.argv[2] === 'rough'
const n = Number(process.argv[3] ?? 5)
const desks = process.argv[4] ? [process.argv[4]] : ['zendesk','intercom','slack']
const log = console.log; 
for (const k of ['log','info','warn','error','debug'] as const) if (!process.env.VERBOSE) console[k] = () => {}
const t0 = performance.now()
let total = 0; const kinds: any = {}
const only = process.env.ONLY ? Number(process.env.ONLY) : undefined
const size = Number(process.env.SIZE ?? 5)
for (let b = only===undefined?0:Math.floor(only/size); b < (only===undefined?n:Math.floor(only/size)+1); b++) {
  const r = await runBatch({ seed: '1', first: b*size, count: size, desks, weather: rough ? ROUGH : process.argv[2]==='jitter' ? {...CALM, spread: 200, instances: 3} : CALM, ...(only===undefined?{}:{trace: only}) })
  total += r.handoffs
  for (const v of r.violations) { kinds[v.kind] = (kinds[v.kind]??0)+1; if (total <= 200) log(JSON.stringify(v)) }
  if (only !== undefined) log(r.trace.join('\n'))
  if (b === n-1) log({ ...r, injected: r.injected.length, violations: 0 })
}
log(total, 'handoffs', ((performance.now()-t0)/total).toFixed(1), 'ms each', kinds)
