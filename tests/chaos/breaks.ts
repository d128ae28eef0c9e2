/** Routers that are broken on purpose, outside of them: the code under test stays as it is, its calls are bent on their way. */
import type { AxiosAdapter, InternalAxiosRequestConfig } from 'axios'
import { isAxiosError } from 'axios'
import type { Bend } from './instances'
import type { Break } from './kinds'

type Json = Record<string, unknown>

const _changed = (config: InternalAxiosRequestConfig, change: (body: Json) => Json): InternalAxiosRequestConfig => {
  if (typeof config.data !== 'string' || config.data === '') return config
  return { ...config, data: JSON.stringify(change(JSON.parse(config.data) as Json)) }
}

/** Ids of the desk's messages are never the same twice: nothing recognises what has been delivered. */
const _withoutDedupe = (): Bend => {
  let count = 0
  const unique = (tags: unknown): Json => {
    const { deskMessageId, ...others } = (tags ?? {}) as Json
    if (deskMessageId === undefined) return others
    count += 1
    return { ...others, deskMessageId: `${String(deskMessageId)}/${count}` }
  }
  return (side, inner) => (config) => {
    if (side === 'desk' || !/get-or-create|initialize-incoming-message/.test(config.url ?? '')) return inner(config)
    return inner(
      _changed(config, (body) => ({
        ...body,
        ...(body['tags'] ? { tags: unique(body['tags']) } : {}),
        ...(body['message']
          ? { message: { ...(body['message'] as Json), tags: unique((body['message'] as Json)['tags']) } }
          : {}),
      }))
    )
  }
}

/** What came to no good end is asked for again, whatever it may have done: as a plain HTTP client with retries would. */
const _withoutReading: Bend = (side, inner) => {
  if (side === 'api') return inner
  const again: AxiosAdapter = async (config) => {
    for (let tries = 1; ; tries += 1) {
      try {
        const answer = await inner(config)
        if (answer.status < 500 || tries === 3) return answer
      } catch (error) {
        if (!isAxiosError(error) || tries === 3) throw error
      }
    }
  }
  return again
}

/** Nothing is left to the runtime's scheduling: it all happens at once, whether the plugin listens or not. */
const _withoutGuard: Bend = (side, inner) => {
  if (side === 'desk') return inner
  return (config) =>
    inner(
      _changed(config, (body) => {
        const { schedule: _schedule, ...others } = body
        return others
      })
    )
}

export const breakRouter = (what: Break): Bend => {
  switch (what) {
    case 'dedupe':
      return _withoutDedupe()
    case 'reading':
      return _withoutReading
    case 'guard':
      return _withoutGuard
  }
}
