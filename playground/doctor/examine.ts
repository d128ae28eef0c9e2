/** Examines every desk of a configuration. Reads only. */
import { failed, look, right, wrong } from '../../providers/kit/diagnosis'
import type { Tools } from '../../providers/kit/tools'
import type { Driver, Finding, SubscriptionTarget } from '../../providers/provider'
import { configuredDesks, deskBlock } from '../../src/botpress/configuration'
import { providers } from '../../src/definition/registry'
import type { Configuration } from '../configuration-file'
import { checkAddress, type PublicAddress, type Reach } from './address'
import { readOnlyNetwork, type HostSeen } from './read-only'

export interface DeskReport {
  desk: string
  title: string
  findings: Finding[]
}

export interface Surroundings {
  /** Milliseconds since the epoch. */
  now(): number
  reach: Reach
  /** The address of the sandbox that replaces a vendor's origin, in tests. */
  resolveOrigin?: Tools['resolveOrigin']
  timeoutMs: number
}

export interface Examination {
  configuration: Configuration
  address?: PublicAddress | undefined
  /** The bot's id, where it is known. */
  botId?: string | undefined
  /** Called before a desk is examined. */
  onDesk?(title: string): void
}

/** Vendors sign their webhooks with a time. Slack accepts five minutes of difference, Zendesk's may be one ahead. */
const MOST_SKEW_MS = 30_000

export const examine = async (
  { configuration, address, botId, onDesk }: Examination,
  surroundings: Surroundings
): Promise<DeskReport[]> => {
  const reports: DeskReport[] = []
  for (const { provider: name, title, enabled, notReady } of configuredDesks(configuration)) {
    onDesk?.(title)
    const target: Partial<SubscriptionTarget> = {
      ...(address ? { url: `${address.url}/${name}`, installation: address.installation } : {}),
      ...(botId === undefined ? {} : { botId }),
    }
    const findings: Finding[] = []
    if (!enabled)
      findings.push(look('Enabled', 'It is switched off and gets no new handoffs', 'Switch it on to use it'))
    if (notReady === undefined) findings.push(...(await _examineDesk(configuration, name, target, surroundings)))
    else findings.push(wrong('Configuration', `It isn’t ready: ${notReady}`, 'Fill it in and save again'))
    if (target.url !== undefined) findings.push(await checkAddress(target.url, surroundings.reach))
    reports.push({ desk: name, title, findings })
  }
  return reports
}

const _examineDesk = async (
  configuration: Configuration,
  name: string,
  target: Partial<SubscriptionTarget>,
  surroundings: Surroundings
): Promise<Finding[]> => {
  const network = readOnlyNetwork(surroundings.now)
  const driver = _connect(configuration, name, network.transport, surroundings)
  if (typeof driver === 'string') return [wrong('Configuration', driver, 'Correct its block and try again')]
  const found = driver.diagnose ? await driver.diagnose(target) : [await _signIn(driver)]
  return [..._network(network.hosts(), found), ...found]
}

/** What a desk without a diagnosis can tell. */
const _signIn = async (driver: Driver): Promise<Finding> => {
  try {
    return right('Credentials', `They work: ${(await driver.checkCredentials()).description}`)
  } catch (error) {
    return failed('Credentials', error)
  }
}

/** The driver, or what is wrong with the desk's block. */
const _connect = (
  configuration: Configuration,
  name: string,
  transport: Tools['transport'],
  { now, timeoutMs, resolveOrigin }: Surroundings
): Driver | string => {
  const provider = Object.hasOwn(providers, name) ? providers[name] : undefined
  const parsed = provider?.config.safeParse(deskBlock(configuration, name))
  if (!provider || !parsed?.success) return parsed?.error?.issues[0]?.message ?? 'It can’t be read'
  const [problem] = provider.checkConfig?.(parsed.data) ?? []
  if (problem) return `${problem.field}: ${problem.problem}`
  const ignore = (): void => {}
  return provider.connect(parsed.data, {
    now,
    sleep: (ms) =>
      new Promise((resolve) => {
        setTimeout(resolve, ms)
      }),
    log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
    memory: new Map(),
    timeoutMs,
    resolveOrigin,
    transport,
  })
}

/** Reachability and clocks. What isn't reached is a finding of the call that failed. */
const _network = (hosts: HostSeen[], findings: Finding[]): Finding[] => {
  if (hosts.length === 0) {
    const [first] = findings.filter(({ state }) => state === 'wrong')
    return [
      wrong(
        'Network',
        `The desk doesn’t answer${first ? '' : ' at all'}`,
        'Check this machine’s network, DNS and firewall, and the address in the configuration'
      ),
    ]
  }
  const slowest = Math.max(...hosts.map(({ ms }) => ms))
  const skews = hosts.flatMap(({ aheadMs }) => (aheadMs === undefined ? [] : [aheadMs]))
  const skew = skews.toSorted((a, b) => Math.abs(b) - Math.abs(a))[0]
  return [
    right('Network', `The desk answers within ${Math.round(slowest)} ms`),
    ...(skew === undefined ? [] : [_clock(skew)]),
  ]
}

const _clock = (aheadMs: number): Finding => {
  if (Math.abs(aheadMs) <= MOST_SKEW_MS) return right('Clock', 'This machine’s clock agrees with the desk’s')
  const seconds = Math.round(Math.abs(aheadMs) / 1_000)
  const shown = seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} minutes`
  return wrong(
    'Clock',
    `This machine’s clock is ${shown} ${aheadMs > 0 ? 'ahead of' : 'behind'} the desk’s`,
    'Synchronise it: a router on this machine refuses webhooks whose signature looks too old or too new'
  )
}
