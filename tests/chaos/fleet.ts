/** Processes of the router, of which one is killed now and then, in the middle of its work, and replaced. */
import { invokeOverHttp, type Invoke } from '../../playground/botpress/gateway'
import { startProcess, type RouterProcess } from '../rotation/process'
import type { World } from '../../playground/world'
import type { Random } from './random'

export interface Fleet {
  /** Ids of the processes that live, as far as the platform knows. */
  pids(): number[]
  /** Kills one of them and resolves to its id when another has taken its place. */
  killOne(): Promise<number>
  /** Ends all of them. */
  close(): void
}

interface Member extends RouterProcess {
  invoke: Invoke
  /** Resolves when it is next asked for something. */
  nextRequest(): Promise<void>
}

export interface FleetOptions {
  count: number
  random: Random
  /** What runs in each. */
  script: string
  /** Hears of each operation that a kill has left without an answer. */
  onCutOff(operation: string): void
  /** Gets everything that they print. */
  hear(text: string): void
}

/** Somebody who is asked for nothing is killed, too. */
const IDLE_MS = 1_000
/** From the moment at which it is asked for something: work takes about this long. */
const MOMENT_MS = 120

const _sleep = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms).unref()
  })

const _member = async (world: World, { script, onCutOff, hear }: FleetOptions): Promise<Member> => {
  // Its port may be taken by somebody else before it listens there.
  const started = await startProcess(world, script, hear).catch(() => startProcess(world, script, hear))
  const ask = invokeOverHttp(started.origin)
  let waiting: (() => void)[] = []
  return {
    ...started,
    invoke: (request) => {
      for (const tell of waiting) tell()
      waiting = []
      return ask(request).catch((error: unknown) => {
        onCutOff(request.headers['x-bp-operation'] ?? '')
        throw error
      })
    },
    nextRequest: () =>
      new Promise((resolve) => {
        waiting.push(resolve)
      }),
  }
}

/** Starts so many, and gives them the world's requests. */
export const createFleet = async (world: World, options: FleetOptions): Promise<Fleet> => {
  const { count, random } = options
  const { gateway } = world.botpress.runtime
  let members = await Promise.all(Array.from({ length: count }, () => _member(world, options)))
  const connect = (): void =>
    gateway.connect(
      members.map(({ invoke }) => invoke),
      (_request, alive) => random.between(0, alive - 1)
    )
  connect()
  return {
    pids: () => members.map(({ child }) => child.pid ?? 0),
    killOne: async () => {
      const victim = random.pick(members)
      await Promise.race([victim.nextRequest(), _sleep(IDLE_MS)])
      await _sleep(random.between(0, MOMENT_MS))
      victim.child.kill('SIGKILL')
      members = members.filter((member) => member !== victim)
      connect()
      members = [...members, await _member(world, options)]
      connect()
      return victim.child.pid ?? 0
    },
    close: () => {
      for (const { child } of members) child.kill('SIGKILL')
    },
  }
}
