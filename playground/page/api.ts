/** The page's API: what people do, and what the page asks for. */
import { z } from '@botpress/sdk'
import { examplesFor, formSchema, problemsOf } from './configuration'
import { customerAt, textOf } from './customers'
import type { JournalEntry } from './journal'
import { bodies, moves, type Bodies, type MoveName } from './moves'
import { withSandboxes, type Play } from './play'
import { createRedact } from './redact'
import { Refusal } from './refusal'
import { playScenario, SCENARIOS } from './scenarios'
import { viewOf, type PageView } from './view'

export interface ApiRequest {
  method: string
  path: string
  query: URLSearchParams
  /** The build of the page that asks. Absent: not a page. */
  build?: string
  /** Parsed JSON of a POST. */
  body?: unknown
}

export interface Api {
  /** Returns the JSON of the reply. Throws a `Refusal`. */
  answer(request: ApiRequest): Promise<unknown>
  /** The state, as `GET /api/state` and the stream of events send it. */
  view(): PageView
  /** False while a journal is played again: nobody sees that, or acts in it. */
  isReady(): boolean
  onChange(listener: () => void): void
}

/** The run that the page shows, and its journal. */
export interface Current {
  play: Play
  journal: { start: number; seed: number; entries: JournalEntry[] }
  server: { build: string; id: string }
  /** Writes the journal soon. */
  save(): void
  reset(): Promise<void>
  onChange(listener: () => void): void
}

/** What people can do where the desks are real: only the customers are played. */
const LIVE_MOVES = new Set<MoveName>(['customer', 'start', 'say', 'send', 'end'])

const question = z.object({
  customer: z.string(),
  text: z.string().max(10_000).nullish(),
  provider: z.string().nullish(),
})

export const createApi = (current: Current): Api => {
  const write = (move: string, body: object): (() => void) => {
    const entry = { at: current.play.clock.now(), move, body: body as Record<string, unknown> }
    const { journal } = current
    journal.entries.push(entry)
    current.save()
    return () => {
      journal.entries = journal.entries.filter((other) => other !== entry)
      current.save()
    }
  }

  const run = async <Name extends MoveName>(name: Name, body: unknown): Promise<unknown> => {
    const parsed = bodies[name].safeParse(body)
    if (!parsed.success) {
      const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`)
      throw new Refusal(400, problems.join('; '))
    }
    if (current.play.isLive && !LIVE_MOVES.has(name)) throw new Refusal(409, 'That isn’t possible with real desks')
    const move = moves[name] as (play: Play, given: Bodies[Name]) => unknown
    const takeBack = write(name, _withoutCredentials(current.play, parsed.data))
    try {
      return (await move(current.play, parsed.data as Bodies[Name])) ?? {}
    } catch (error) {
      // A handoff that no desk takes has happened; what was impossible has not.
      if (error instanceof Refusal && name !== 'start') takeBack()
      throw error
    } finally {
      current.save()
    }
  }

  const scenario = (body: unknown): object => {
    const { id } = (body ?? {}) as { id?: unknown }
    const found = SCENARIOS.find((candidate) => candidate.id === id)
    if (!found) throw new Refusal(404, 'There is no such scenario')
    if (current.play.isLive) throw new Refusal(409, 'Scenarios need the sandboxes: start without --live')
    if (current.play.scenario?.isRunning) throw new Refusal(409, 'A scenario is playing: wait for its end, or reset')
    const { play } = current
    write('scenario', { id: found.id })
    void play.clock.track(playScenario(play, found)).catch((error: unknown) => {
      play.notices.push(`The scenario stopped: ${textOf(error)}`)
      play.changed()
    })
    return {}
  }

  const posts: Record<string, (body: unknown) => unknown> = {
    ...Object.fromEntries(
      (Object.keys(bodies) as MoveName[]).map((name) => [name, (body: unknown) => run(name, body)])
    ),
    scenario,
    reset: async () => {
      await current.reset()
      return {}
    },
    validate: (body) => ({ problems: problemsOf((body as { configuration?: unknown } | null)?.configuration) }),
    explain: (body) => _explain(current.play, body),
  }

  const gets: Record<string, (query: URLSearchParams) => unknown> = {
    state: () => viewOf(current.play, current.server),
    exchange: (query) => _exchange(current.play, Number(query.get('id'))),
    form: () => ({ schema: formSchema(), examples: examplesFor(current.play) }),
  }

  return {
    view: () => viewOf(current.play, current.server),
    isReady: () => !current.play.isReplaying,
    onChange: (listener) => current.onChange(listener),
    answer: async ({ method, path, query, build, body }) => {
      if (current.play.isReplaying)
        throw new Refusal(503, 'The playground is starting: try again in a moment', { 'retry-after': '1' })
      const name = path.replace('/api/', '')
      if (Object.hasOwn(gets, name)) {
        if (method !== 'GET') throw new Refusal(405, 'Use GET', { allow: 'GET' })
        return gets[name]?.(query)
      }
      if (!Object.hasOwn(posts, name)) throw new Refusal(404, 'Unknown path')
      if (method !== 'POST') throw new Refusal(405, 'Use POST', { allow: 'POST' })
      if (build !== undefined && build !== current.server.build)
        throw new Refusal(409, 'This page comes from an older server: reload it. Nothing is lost')
      return posts[name]?.(body)
    },
  }
}

/** The journal keeps no credential that somebody pastes. */
const _withoutCredentials = ({ world }: Play, body: object): object =>
  'configuration' in body
    ? { configuration: withSandboxes(world, body.configuration as Record<string, unknown>) }
    : body

/** What the router would do with this customer's handoff now: its own dry run. */
const _explain = async (play: Play, body: unknown): Promise<unknown> => {
  const parsed = question.safeParse(body)
  if (!parsed.success) throw new Refusal(400, 'customer: is missing')
  const { language, priority, tags, conversationId } = customerAt(play, parsed.data.customer)
  const { bot, runtime } = play.world.botpress
  const said = bot.transcript(conversationId).filter(({ from, type }) => from === 'customer' && type === 'text')
  const input = {
    ...(language ? { language } : {}),
    ...(priority === 'normal' ? {} : { priority }),
    ...(tags.length > 0 ? { tags } : {}),
    ...(parsed.data.provider ? { provider: parsed.data.provider } : {}),
    ...(said.length > 0 ? { text: said.map(({ text }) => text).join('\n') } : {}),
  }
  const reply = await play.exchanges.within({ isMuted: true }, () => runtime.gateway.action('explainRouting', input))
  const { output, message } = JSON.parse(reply.body ?? '{}') as { output?: { explanation: string }; message?: string }
  if (!output) throw new Refusal(422, message ?? 'The router gave no explanation')
  return { lines: output.explanation.split('\n') }
}

const _exchange = (play: Play, id: number): unknown => {
  const found = play.exchanges.list.find((exchange) => exchange.id === id)
  if (!found) throw new Refusal(404, 'This line is no longer kept')
  const redact = createRedact(play.world.sandboxes)
  const { request, response } = found
  return {
    id,
    ...(request ? { request: redact(request) } : {}),
    ...(response ? { response: redact(response) } : {}),
  }
}
