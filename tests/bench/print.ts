/** The results of the bench, as lines for a terminal or as Markdown for docs/PERFORMANCE.md. */
import { budgetOf, BUNDLE_BUDGET_KIB } from './budgets'
import type { Cpu } from './cpu'
import type { Growth } from './growth'
import { loadLine, type Load } from './load'
import type { Measured } from './operations'
import type { Cost } from './record'

export interface Results {
  operations: Measured[]
  growth: Growth[]
  /** Kibibytes. */
  bundle: { kib: number; sdkKib: number; packages: Record<string, number> }
  load: { router: number; sdk: number }
  cpu: Cpu[]
  underLoad: Load[]
}

type Table = { title: string; head: string[]; rows: string[][] }

const _cost = ({ api, desk, chain, ms }: Cost): string => `${api}/${desk}/${chain} · ${ms}`

const _unique = (values: string[]): string[] => [...new Set(values)]

/** A row for each operation and instance, a column for each desk. */
const _operations = (operations: Measured[]): Table => {
  const desks = _unique(operations.map(({ desk }) => desk)).filter(Boolean)
  const keys = _unique(operations.map(({ operation, instance }) => `${operation}\n${instance}`))
  return {
    title: 'Calls to Botpress / calls to the vendor / longest chain · ms',
    head: ['operation', 'instance', ...desks, 'budget: calls, chain'],
    rows: keys.map((key) => {
      const of = operations.filter(({ operation, instance }) => `${operation}\n${instance}` === key)
      const [operation = '', instance = ''] = key.split('\n')
      const budget = of[0] && budgetOf(of[0])
      const cells = desks.map((desk, index) => {
        const found = of.find((one) => one.desk === desk || (one.desk === '' && index === 0))
        return found ? _cost(found.cost) : ''
      })
      return [operation, instance, ...cells, budget ? `${budget.calls}, ${budget.chain}` : '']
    }),
  }
}

const _growth = (growth: Growth[]): Table => ({
  title: 'Growth',
  head: ['operation', 'desk', 'after', 'instances in turns', 'calls · ms'],
  rows: growth.map(({ operation, desk, size, instances, cost }) => [
    operation,
    desk,
    `${size} ${operation === 'startHitl' ? 'open sessions' : 'messages of each side'}`,
    String(instances),
    _cost(cost),
  ]),
})

const _bundle = ({ bundle, load }: Results): Table => ({
  title:
    `Bundle ${bundle.kib.toFixed(0)} KiB (budget ${BUNDLE_BUDGET_KIB}), the bare SDK ${bundle.sdkKib.toFixed(0)} KiB; ` +
    `load ${(load.router / load.sdk).toFixed(2)} × the bare SDK ` +
    `(${load.router.toFixed(0)} and ${load.sdk.toFixed(0)} ms of CPU)`,
  head: ['package', 'KiB'],
  rows: Object.entries(bundle.packages)
    .toSorted(([, one], [, other]) => other - one)
    .map(([name, kib]) => [name, kib.toFixed(0)]),
})

const _cpu = (cpu: Cpu[]): Table => {
  const floor = cpu.find(({ name }) => name === 'one call')?.cpuMs ?? 1
  return {
    title: 'CPU of an agent message, and memory',
    head: ['handler', '× one call', 'ms', 'memory'],
    rows: cpu.map(({ name, cpuMs, memoryMiB, webhooks, lastMemoryMiB }) => [
      name,
      (cpuMs / floor).toFixed(2),
      cpuMs.toFixed(2),
      `${memoryMiB.toFixed(0)} MiB, ${lastMemoryMiB.toFixed(0)} after ${webhooks} webhooks`,
    ]),
  }
}

const _asText = ({ title, head, rows }: Table): string => {
  const widths = head.map((name, index) => Math.max(name.length, ...rows.map((row) => row[index]?.length ?? 0)))
  const line = (row: string[]): string =>
    row
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd()
  return [title, '', ...[head, ...rows].map(line)].join('\n')
}

const _asMarkdown = ({ title, head, rows }: Table): string => {
  const line = (row: string[]): string => `| ${row.join(' | ')} |`
  return [`**${title}**`, '', line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

export const printed = (results: Results, isMarkdown: boolean): string => {
  const tables = [_bundle(results), _cpu(results.cpu), _operations(results.operations), _growth(results.growth)]
  return [
    ...tables.filter(({ rows }) => rows.length > 0).map((table) => (isMarkdown ? _asMarkdown(table) : _asText(table))),
    ...results.underLoad.map((load) => (isMarkdown ? `- ${loadLine(load)}` : loadLine(load))),
  ].join('\n\n')
}
