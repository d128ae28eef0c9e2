import { inspect } from 'node:util'
const say = (...v: unknown[]) => process.stderr.write(v.map((x) => typeof x === 'string' ? x : inspect(x, { depth: 6, breakLength: 200 })).join(' ') + '\n')
import { openPlayground } from './playground'
import { SCENARIOS } from './scenarios'
const t0 = performance.now()
const file = '/tmp/m/state.json'
import { rmSync } from 'node:fs'
rmSync(file, { force: true })
let pg = await openPlayground({ stateFile: file })
say('open', performance.now() - t0, pg.origin)
const post = async (name: string, body: unknown) => (await (await fetch(`${pg.origin}/api/${name}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })).json()) as any
const get = async (name: string) => (await (await fetch(`${pg.origin}/api/${name}`)).json()) as any
for (const { id, title } of SCENARIOS.filter(({ id }) => !process.argv[3] || process.argv[3].includes(id))) {
  const t = performance.now()
  say('===', title, await post('scenario', { id }))
  for (let i = 0; i < 60; i++) {
    await post('clock', { ms: 1000 })
    const s = await get('state')
    if (!s.scenario.isRunning) break
  }
  await post('clock', { ms: 10000 })
  const s = await get('state')
  say(JSON.stringify(s.counter), s.notices, 'ms', Math.round(performance.now() - t), 'bytes', JSON.stringify(s).length)
  for (const c of s.customers.slice(-2)) say(c.key, c.name, c.isActive, c.desk, c.refusal, c.chat.map((e: any) => `${e.from}: ${e.text}`), c.explanation?.slice(0, 3))
  for (const d of s.desks) for (const t of d.tickets) for (const e of t.entries) if (e.remark) say('REMARK', d.name, e)
  for (const c of s.customers) for (const e of c.chat) if (e.remark) say('REMARK', c.name, e)
  if (id === process.argv[2]) say(s.timeline.filter((e: any) => !e.isMinor).slice(-40).map((e: any) => `${e.from}→${e.to} ${e.kind} ${e.title} ${e.status ?? e.failure} ${e.durationMs}ms ${e.customer} ${e.origin ?? ''} a${e.attempt}`))
}
const before = await get('state')
const t1 = performance.now()
await pg.close()
pg = await openPlayground({ stateFile: file })
say('again', performance.now() - t1)
const after = await get('state')
const norm = (s: any) => JSON.stringify({ c: s.customers.map((c: any) => [c.name, c.isActive, c.desk, c.chat.map((e: any) => [e.from, e.text, e.remark?.kind])]), d: s.desks.map((d: any) => [d.name, d.condition, d.tickets.map((t: any) => [t.index, t.title, t.status, t.assignee?.name, t.entries.map((e: any) => e.text)])]), k: s.counter, a: Math.round(s.aheadMs / 3e3) }, null, 1)
import { writeFileSync } from 'node:fs'
writeFileSync('/tmp/m/a.json', norm(before)); writeFileSync('/tmp/m/b.json', norm(after))
await pg.close()
process.exit(0)
