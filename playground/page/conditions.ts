/** How a desk behaves towards the router: what people set on the page. */
import { AxiosError, type AxiosAdapter } from 'axios'
import type { Clock } from '../botpress'

/** `full` is made by a limit in the configuration, the others by how the desk's API answers. */
export const CONDITIONS = ['up', 'slow', 'error', 'unauthorized', 'full'] as const
export type Condition = (typeof CONDITIONS)[number]

/** Slower than any healthy desk, and within what the router waits for. */
export const SLOW_MS = 2_000

const ANSWERS = {
  error: { status: 500, body: { error: 'InternalError', description: 'The playground lets this desk fail' } },
  unauthorized: { status: 401, body: { error: 'Unauthorized', description: 'The credentials are not valid any more' } },
}

/** Lets a desk answer as its condition says. */
export const underCondition =
  (condition: () => Condition, clock: Clock, send: AxiosAdapter): AxiosAdapter =>
  async (config) => {
    const now = condition()
    if (now === 'error' || now === 'unauthorized') {
      const { status, body } = ANSWERS[now]
      const headers = { 'content-type': 'application/json' }
      return { data: JSON.stringify(body), status, statusText: '', headers, config }
    }
    if (now !== 'slow') return send(config)
    if (config.timeout && config.timeout < SLOW_MS) {
      // The call arrives, and nobody waits for its answer any more.
      await send(config)
      throw new AxiosError('no answer', 'ECONNABORTED', config)
    }
    await clock.sleep(SLOW_MS)
    return send(config)
  }
