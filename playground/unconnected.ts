/** Drivers that are asked only for what needs no call. */
import type { Tools } from '../providers/kit/tools'
import type { Driver } from '../providers/provider'
import { providers } from '../src/definition/registry'

const _unused = (): never => {
  throw new Error('This driver makes no call')
}
const _ignore = (): void => {}

const TOOLS: Tools = {
  now: () => 0,
  sleep: _unused,
  log: { debug: _ignore, info: _ignore, warn: _ignore, error: _ignore },
  timeoutMs: 1,
  transport: _unused,
  memory: new Map(),
}

/** The desk's driver with this block of the configuration, which its schema accepts. */
export const unconnectedDriver = (name: string, block: unknown): Driver => {
  const provider = Object.hasOwn(providers, name) ? providers[name] : undefined
  if (!provider) throw new Error(`${name} isn’t a desk`)
  return provider.connect(provider.config.parse(block), TOOLS)
}
