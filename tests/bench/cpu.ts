/** CPU time of one webhook, memory after many, and the time that loading takes. Times depend on the machine. */
import { execFileSync } from 'node:child_process'
import { setTimeout } from 'node:timers/promises'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { WebhookRequest } from '../../providers/provider'
import { bundle, bundleRouter } from '../../playground/build/bundle'
import { createWorld, type World } from '../../playground/world'
import { withBundle } from '../chaos/bundle'
import { startProcess, type RouterProcess } from '../rotation/process'
import { ACTIVATION_MS } from '../../src/botpress/timing'
import type { Usage } from './processes/usage'

const WARM_UP = 200
const PROGRESS = 2_500
/** They take turns, so that two messages of one session are further apart than the router spaces them. */
const SESSIONS = 60

const _script = (name: string): string => fileURLToPath(new URL(`./processes/${name}.ts`, import.meta.url))

const _usage = ({ child }: RouterProcess): Promise<Usage> =>
  new Promise((resolve) => {
    child.once('message', (usage) => resolve(usage as Usage))
    child.send('usage')
  })

/** Sends webhooks one after the other. Resolves to milliseconds of CPU for each. */
const _cpuOf = async (
  world: World,
  process: RouterProcess,
  requests: () => Promise<WebhookRequest>,
  { count, webhooks, onProgress }: CpuOptions
) => {
  world.botpress.connect(process.origin)
  const send = async (times: number): Promise<void> => {
    for (let number = 0; number < times; number += 1) {
      const reply = await world.botpress.runtime.gateway.webhook(await requests())
      if (reply.status !== 200) throw new Error(`A webhook was answered ${reply.status}`)
    }
  }
  await send(WARM_UP)
  const before = await _usage(process)
  await send(count)
  const after = await _usage(process)
  for (let sent = count; sent < webhooks; sent += PROGRESS) {
    onProgress(`  ${sent} webhooks`)
    await send(Math.min(PROGRESS, webhooks - sent))
  }
  const last = await _usage(process)
  return {
    cpuMs: (after.cpuMs - before.cpuMs) / count,
    memoryMiB: after.memoryMiB,
    webhooks: Math.max(count, webhooks),
    lastMemoryMiB: last.memoryMiB,
  }
}

export interface Cpu {
  /** `no-op`, `one call`, or a desk. */
  name: string
  cpuMs: number
  memoryMiB: number
  /** After so many webhooks … */
  webhooks: number
  /** … the process has so much memory. */
  lastMemoryMiB: number
}

export interface CpuOptions {
  /** Webhooks whose CPU time is measured. */
  count: number
  /** Webhooks after which the memory is read once more. */
  webhooks: number
  onProgress(what: string): void
}

/** Milliseconds of CPU for an agent's message at each desk, and for two handlers that do next to nothing. */
export const measureCpu = async (desks: string[], options: CpuOptions): Promise<Cpu[]> => {
  const results: Cpu[] = []
  for (const [name, script] of [
    ['no-op', 'no-op'],
    ['one call', 'one-call'],
    ...desks.map((desk) => [desk, 'router'] as const),
  ] as const) {
    options.onProgress(`CPU: ${name}`)
    const measured = await withBundle(_script(script), (bundled) => _measure(desks, name, bundled, options))
    results.push({ name, ...measured })
  }
  return results
}

const _measure = async (desks: string[], name: string, script: string, options: CpuOptions) => {
  const desk = desks.includes(name) ? name : (desks[0] ?? '')
  const world = await createWorld({ desks: [desk] })
  try {
    await world.save(world.configuration())
    const sandbox = world.sandbox(desk)
    const { bot } = world.botpress
    for (let number = 0; number < SESSIONS; number += 1) {
      const { conversationId } = bot.newCustomer({ name: `Customer ${number}` })
      await bot.customerSays(conversationId, `my printer burns ${number}`)
      await bot.startHitl(conversationId, { title: 'Printer on fire' })
    }
    const process = await startProcess(world, script)
    try {
      await world.settle()
      // Until the plugin listens, messages are scheduled: that is another path.
      await setTimeout(ACTIVATION_MS + 1_000)
      sandbox.deliveries.mode = 'held'
      const tickets = sandbox.tickets()
      let number = 0
      const request = (): Promise<WebhookRequest> => {
        number += 1
        sandbox.agentReplies(tickets[number % tickets.length]?.id ?? '', `Answer ${number}`, {
          agentId: sandbox.agents[0]?.id ?? '',
        })
        const [delivery] = sandbox.deliveries.waiting.splice(0)
        if (!delivery) throw new Error('An answer sent no webhook')
        return Promise.resolve(delivery.request)
      }
      return await _cpuOf(world, process, request, options)
    } finally {
      process.child.kill('SIGKILL')
    }
  } finally {
    await world.close()
  }
}

const SDK = `export * from '@botpress/sdk'\n`

/** Medians of milliseconds of CPU that node takes to load the router and the bare SDK, in alternating runs. */
export const measureLoad = async (runs: number): Promise<{ router: number; sdk: number }> => {
  const root = fileURLToPath(new URL('../../', import.meta.url))
  const folder = mkdtempSync(join(root, 'node_modules', '.cache-bench-'))
  try {
    writeFileSync(join(folder, 'sdk.ts'), SDK)
    writeFileSync(join(folder, 'router.cjs'), (await bundleRouter()).code)
    writeFileSync(join(folder, 'sdk.cjs'), (await bundle(join(folder, 'sdk.ts'))).code)
    const load = (file: string): number => {
      const code = `const t=process.cpuUsage();require(${JSON.stringify(join(folder, file))});const u=process.cpuUsage(t);console.log((u.user+u.system)/1e3)`
      return Number(execFileSync(process.execPath, ['-e', code], { encoding: 'utf8' }))
    }
    const times: { router: number[]; sdk: number[] } = { router: [], sdk: [] }
    for (let run = 0; run < runs; run += 1) {
      times.router.push(load('router.cjs'))
      times.sdk.push(load('sdk.cjs'))
    }
    return { router: _median(times.router), sdk: _median(times.sdk) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const _median = (numbers: number[]): number =>
  numbers.toSorted((one, other) => one - other)[Math.floor(numbers.length / 2)] ?? 0
