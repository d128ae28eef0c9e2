import { z } from '@botpress/sdk'
import { isProviderError, ProviderError } from '../errors'
import type { Http } from '../kit/http'
import type { Tools } from '../kit/tools'
import { basicAuthorization, type Config } from './config'
import type { AccessToken, Memory } from './memory'

export interface Auth {
  /** The value of the `authorization` header. */
  authorization(): Promise<string>
  /** Drops a value that Zendesk refused (401). Returns whether a new one can be fetched. */
  invalidate(authorization: string): boolean
}

const tokenSchema = z.object({ access_token: z.string().min(1), expires_in: z.number().positive().nullish() })

/** The lifetime if Zendesk names none. Short, so that it holds for every account setting. */
const DEFAULT_LIFETIME_S = 1_800
/** Share of its lifetime after which a token is renewed, while the old one still works. */
const RENEW_AFTER = 0.8

/**
 * Signs in with OAuth client credentials, or with e-mail and API token.
 *
 * The client credentials grant has no refresh token, and a new token leaves older ones valid. Instances can renew at
 * the same time without harming each other.
 * https://developer.zendesk.com/api-reference/ticketing/oauth/grant_type_tokens/
 */
export const createAuth = (config: Config, tools: Tools, http: Http, memory: Memory): Auth => {
  if (!config.clientId || !config.clientSecret) {
    const basic = basicAuthorization(config)
    return { authorization: () => Promise.resolve(basic), invalidate: () => false }
  }

  const fetchToken = async (): Promise<AccessToken> => {
    try {
      const { data } = await http.request({
        method: 'POST',
        path: '/oauth/tokens',
        json: {
          grant_type: 'client_credentials',
          client_id: config.clientId,
          client_secret: config.clientSecret,
          scope: 'read write',
        },
        schema: tokenSchema,
        purpose: 'sign in with the OAuth client',
        repeatable: true,
      })
      const lifetime = (data.expires_in ?? DEFAULT_LIFETIME_S) * 1_000
      return {
        authorization: `Bearer ${data.access_token}`,
        renewAt: tools.now() + lifetime * RENEW_AFTER,
        expiresAt: tools.now() + lifetime,
      }
    } catch (error) {
      if (!isProviderError(error)) throw error
      // Zendesk answers a wrong client or scope with 400, 401 or 422. The call that needs the token was never sent.
      const code = error.code === 'rejected' || error.code === 'not-found' ? 'unauthorized' : error.code
      throw new ProviderError(error.provider, code, error.message.replace(`[${error.provider}] `, ''), {
        status: error.status,
        retryAfterMs: error.retryAfterMs,
        outcome: 'none',
      })
    }
  }

  const renew = (): Promise<AccessToken> => {
    memory.renewal ??= fetchToken()
      .then((token) => {
        memory.token = token
        return token
      })
      .finally(() => {
        memory.renewal = undefined
      })
    return memory.renewal
  }

  return {
    authorization: async () => {
      const { token } = memory
      if (token && tools.now() < token.renewAt) return token.authorization
      try {
        return (await renew()).authorization
      } catch (error) {
        // Renewal starts early: if it fails, the old token is used until it expires.
        if (token && tools.now() < token.expiresAt && memory.token === token) return token.authorization
        throw error
      }
    },
    invalidate: (authorization) => {
      if (memory.token?.authorization === authorization) memory.token = undefined
      return true
    },
  }
}
