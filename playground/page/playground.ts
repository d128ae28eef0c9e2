/** Everything that `npm start` runs: router, local Botpress, desks and page. */
import { randomInt, randomUUID } from 'node:crypto'
import { captureConsole } from '../console'
import type { World } from '../world'
import { createApi, type Current } from './api'
import { addCustomer } from './customers'
import { bundlePage, type PageBundle } from './bundle'
import { readJournal, removeJournal, writeJournal, type JournalEntry, type Saved } from './journal'
import { bodies, moves, type MoveName } from './moves'
import { createPlay, saveConfiguration, type Play, type PlayOptions } from './play'
import { playScenario, SCENARIOS } from './scenarios'
import { Refusal } from './refusal'
import { servePage } from './server'

export interface PlaygroundOptions {
  /** Ports of `page`, `botpress` and each desk by name. Default: free ports. */
  ports?: Record<string, number | undefined>
  /** Where the state is kept over restarts. Default: nowhere. */
  stateFile?: string
  /** The bundle of the page. Default: made now. */
  page?: PageBundle
  /** Receives the lines of the router's log. */
  onLog?(text: string): void
  /** Makes the world, with its configuration saved. Default: a sandbox for each desk. */
  createWorld?(): Promise<World>
}

export interface Playground {
  /** Address of the page. */
  origin: string
  /** The world of the current run: a reset makes a new one. */
  readonly world: World
  /** Whether the state of an earlier server was restored, and what could not be. */
  notices: readonly string[]
  close(): Promise<void>
}

const SAVE_AFTER_MS = 150

const PEOPLE = [
  { name: 'Eve Customer', language: 'en' },
  { name: 'Camille Laurent', language: 'fr', priority: 'high' as const, tags: ['vip'] },
  { name: 'Ben Baker', language: 'de', tags: ['billing'] },
  { name: 'Sofía Romero', language: 'es', priority: 'low' as const },
]

export const openPlayground = async (options: PlaygroundOptions = {}): Promise<Playground> => {
  let play: Play | undefined
  let onChange = (): void => {}
  const restoreConsole = captureConsole((text, level) => {
    play?.exchanges.log(text, level)
    options.onLog?.(text)
  })

  /** Where everything listens: a reset keeps the addresses. */
  let ports = options.ports
  const begin = async (saved: Omit<Saved, 'entries' | 'version'>, origin: string): Promise<Play> => {
    const created: PlayOptions = { start: saved.start, seed: saved.seed, onChange: () => onChange() }
    const { createWorld } = options
    const opened = await createPlay({
      ...created,
      ...(ports ? { ports } : {}),
      ...(createWorld ? { createWorld } : {}),
    })
    play = opened
    ports = { ...ports, ..._portsOf(opened.world) }
    opened.origin = origin
    await opened.clock.moveTo(saved.start)
    if (!opened.isLive) await saveConfiguration(opened, opened.configuration)
    for (const person of PEOPLE) addCustomer(opened, person)
    return opened
  }

  const fresh = (): Saved => ({ version: 1, start: Date.now(), aheadMs: 0, seed: randomInt(2 ** 31), entries: [] })

  try {
    const page = options.page ?? (await bundlePage())
    const read = options.stateFile === undefined ? {} : readJournal(options.stateFile)
    const saved = read.saved ?? fresh()
    const origin = { value: '' }
    const current: Current = {
      play: await begin(saved, ''),
      journal: { start: saved.start, seed: saved.seed, entries: saved.entries },
      server: { build: page.hash, id: randomUUID() },
      save: () => {},
      reset: async () => {},
      onChange: (listener) => {
        onChange = listener
      },
    }
    const file = options.stateFile
    const store = (): void => {
      if (file === undefined) return
      const { entries, start, seed } = current.journal
      try {
        if (entries.length === 0) removeJournal(file)
        else writeJournal(file, { start, seed, aheadMs: current.play.clock.aheadMs, entries })
      } catch (error) {
        const notice = `The state can’t be saved (${error instanceof Error ? error.message : String(error)})`
        if (!current.play.notices.includes(notice)) current.play.notices.push(notice)
      }
    }
    let timer: NodeJS.Timeout | undefined
    current.save = () => {
      timer ??= setTimeout(() => {
        timer = undefined
        store()
      }, SAVE_AFTER_MS)
    }
    current.reset = async () => {
      if (current.play.isLive) throw new Refusal(409, 'Real desks can’t be reset: end the conversations')
      const before = current.play
      before.clock.stop()
      await before.world.close()
      const next = fresh()
      current.journal = { start: next.start, seed: next.seed, entries: [] }
      current.play = await begin(next, origin.value)
      current.play.clock.run()
      store()
    }

    current.play.isReplaying = saved.entries.length > 0
    const served = await servePage(createApi(current), page, options.ports?.['page'])
    origin.value = served.origin
    current.play.origin = served.origin
    if (read.problem) current.play.notices.push(read.problem)
    if (saved.entries.length > 0) await _playAgain(current.play, saved)
    current.play.clock.run()
    return {
      origin: served.origin,
      get world() {
        return current.play.world
      },
      notices: [...current.play.notices],
      close: async () => {
        clearTimeout(timer)
        current.play.clock.stop()
        store()
        await served.close()
        await current.play.world.close()
        restoreConsole()
      },
    }
  } catch (error) {
    play?.clock.stop()
    await play?.world.close()
    restoreConsole()
    throw error
  }
}

const _portsOf = ({ botpress, sandboxes }: World): Record<string, number> => {
  const port = (origin: string | undefined): number => Number(new URL(origin ?? 'http://127.0.0.1:0').port)
  const desks = Object.entries(sandboxes).map(([name, { server }]) => [name, port(server.origin)] as const)
  return { botpress: port(botpress.url), ...Object.fromEntries(desks) }
}

/** Plays a journal on a clock that stands still between its entries. A move that fails now has failed then. */
const _playAgain = async (play: Play, { entries, aheadMs }: Saved): Promise<void> => {
  const works: Promise<unknown>[] = []
  for (const entry of entries) {
    await play.clock.moveTo(entry.at)
    works.push(play.clock.track(performMove(play, entry)).catch(() => undefined))
  }
  await play.clock.moveTo(Date.now() + aheadMs)
  play.isReplaying = false
  play.changed()
}

const performMove = async (play: Play, { move, body }: Pick<JournalEntry, 'move' | 'body'>): Promise<unknown> => {
  if (move === 'scenario') {
    const scenario = SCENARIOS.find(({ id }) => id === body['id'])
    return scenario && playScenario(play, scenario)
  }
  if (!Object.hasOwn(moves, move)) return undefined
  const name = move as MoveName
  const run = moves[name] as (play: Play, body: unknown) => unknown
  return run(play, bodies[name].parse(body))
}
