/**
 * HTTP requests between a client and a server of this process. A clock that is moved by hand asks here whether
 * something is still on its way: a guess by the machine's time would depend on how busy the machine is.
 */
import { subscribe } from 'node:diagnostics_channel'
import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http'

export interface Traffic {
  /** Grows with everything that happens to a request. */
  readonly changes: number
  /** Requests that have not been read by their server, or whose answer has not been read by their client. */
  readonly onTheWay: number
}

/** By the client's port, which both ends know. A server has read the request and works on it, or not. */
const _requests = new Map<ClientRequest, { isAtServer: boolean }>()
let changes = 0

const _of = (port: number | undefined): { isAtServer: boolean } | undefined => {
  for (const [request, state] of _requests) if (request.socket?.localPort === port) return state
  return undefined
}

const _onClient = (message: unknown): void => {
  const { request } = message as { request: ClientRequest }
  _requests.set(request, { isAtServer: false })
  changes += 1
  request.once('close', () => {
    _requests.delete(request)
    changes += 1
  })
}

const _onServer = (message: unknown): void => {
  const { request, response } = message as { request: IncomingMessage; response: ServerResponse }
  const state = _of(request.socket.remotePort)
  changes += 1
  if (!state) return
  request.once('end', () => {
    state.isAtServer = true
    changes += 1
  })
  response.once('finish', () => {
    state.isAtServer = false
    changes += 1
  })
}

let isWatched = false

/** From the first call on. */
export const watchTraffic = (): Traffic => {
  if (!isWatched) {
    subscribe('http.client.request.start', _onClient)
    subscribe('http.server.request.start', _onServer)
    isWatched = true
  }
  return {
    get changes() {
      return changes
    },
    get onTheWay() {
      let count = 0
      for (const { isAtServer } of _requests.values()) if (!isAtServer) count += 1
      return count
    },
  }
}
