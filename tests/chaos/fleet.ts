/** Real processes of the router. Now and then one is killed during its work and replaced. */
import { invokeOverHttp, type Invoke } from '../../playground/botpress/gateway'
import { startProcess, type RouterProcess } from '../rotation/process'
import type { World } from '../../playground/world'
import type { Random } from './random'

export interface Fleet {
  /** Ids of the processes that receive requests. */
  pids(): number[]
  /** Kills one process and resolves to its id once a new one has replaced it. */
  killOne(): Promise<number>
  /** Ends all of them. */
  close(): void
}

interface Member extends RouterProcess {
  invoke: Invoke
  /** Resolves at the next request. */
  nextRequest(): Promise<void>
}

export interface FleetOptions {
  count: number
  random: Random
  /** The script that each process runs. */
  script: string
  /** Called for each operation that a kill left without an answer. */
  onCutOff(operation: string): void
  /** Receives everything that the processes print. */
  onOutput(text: string): void
}

/** An idle process is killed after this time. */
const IDLE_MS = 1_000
/** The kill comes within this time of a request: about as long as its work takes. */
const WORK_MS = 120

const _sleep = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms).unref()
  })

const _member = async (world: World, { script, onCutOff, onOutput }: FleetOptions): Promise<Member> => {
  // Another program may take the free port before the process listens on it.
  const started = await startProcess(world, script, onOutput).catch(() => startProcess(world, script, onOutput))
  const send = invokeOverHttp(started.origin)
  let waiting: (() => void)[] = []
  return {
    ...started,
    invoke: (request) => {
      for (const resolve of waiting) resolve()
      waiting = []
      return send(request).catch((error: unknown) => {
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

/** Starts `count` processes and routes the world's requests to them. */
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
      await _sleep(random.between(0, WORK_MS))
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
