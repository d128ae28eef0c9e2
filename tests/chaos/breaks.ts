/** Routers that are broken on purpose. The code under test stays unchanged; its HTTP calls are intercepted. */
import type { AxiosAdapter, InternalAxiosRequestConfig } from 'axios'
import { isAxiosError } from 'axios'
import type { Interceptor } from './instances'
import type { Break } from './kinds'

type Json = Record<string, unknown>

const _withBody = (config: InternalAxiosRequestConfig, change: (body: Json) => Json): InternalAxiosRequestConfig => {
  if (typeof config.data !== 'string' || config.data === '') return config
  return { ...config, data: JSON.stringify(change(JSON.parse(config.data) as Json)) }
}

/** Makes every desk message id unique, so the router recognises no duplicate. */
const _withoutDedupe = (): Interceptor => {
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
      _withBody(config, (body) => ({
        ...body,
        ...(body['tags'] ? { tags: unique(body['tags']) } : {}),
        ...(body['message']
          ? { message: { ...(body['message'] as Json), tags: unique((body['message'] as Json)['tags']) } }
          : {}),
      }))
    )
  }
}

/** Retries every failed call blindly, as a plain HTTP client does, even if the call may have succeeded. */
const _withoutReading: Interceptor = (side, inner) => {
  if (side === 'api') return inner
  const retrying: AxiosAdapter = async (config) => {
    for (let tries = 1; ; tries += 1) {
      try {
        const answer = await inner(config)
        if (answer.status < 500 || tries === 3) return answer
      } catch (error) {
        if (!isAxiosError(error) || tries === 3) throw error
      }
    }
  }
  return retrying
}

/** Removes the schedule from events: they arrive at once, even before the plugin listens. */
const _withoutGuard: Interceptor = (side, inner) => {
  if (side === 'desk') return inner
  return (config) =>
    inner(
      _withBody(config, (body) => {
        const { schedule: _schedule, ...others } = body
        return others
      })
    )
}

export const breakRouter = (what: Break): Interceptor => {
  switch (what) {
    case 'dedupe':
      return _withoutDedupe()
    case 'reading':
      return _withoutReading
    case 'guard':
      return _withoutGuard
  }
}
