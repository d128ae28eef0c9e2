import { z } from '@botpress/sdk'
import { isProviderError, ProviderError } from '../errors'
import type { Http } from '../kit/http'
import type { Tools } from '../kit/tools'
import { basicAuthorization, type Config } from './config'
import type { Grant, Memory } from './memory'

export interface Auth {
  /** The value of the `authorization` header. */
  authorization(): Promise<string>
  /** A call with this value was refused (401). Whether there is a fresh one to try. */
  forget(authorization: string): boolean
}

const tokenSchema = z.object({ access_token: z.string().min(1), expires_in: z.number().positive().nullish() })

/** Where Zendesk names no lifetime: short enough to be true of any setting. */
const ASSUMED_LIFETIME_S = 1_800
/** A token is replaced after this share of its life, while the old one still works. */
const RENEWED_AFTER = 0.8

/**
 * OAuth client credentials, or e-mail and API token.
 *
 * A token of the client credentials grant has no refresh token that could be used up, and a new one leaves the older ones valid: instances
 * that renew at the same time do each other no harm.
 * https://developer.zendesk.com/api-reference/ticketing/oauth/grant_type_tokens/
 */
export const createAuth = (config: Config, tools: Tools, http: Http, memory: Memory): Auth => {
  if (!config.clientId || !config.clientSecret) {
    const basic = basicAuthorization(config)
    return { authorization: () => Promise.resolve(basic), forget: () => false }
  }

  const fetchGrant = async (): Promise<Grant> => {
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
      const lifetime = (data.expires_in ?? ASSUMED_LIFETIME_S) * 1_000
      return {
        authorization: `Bearer ${data.access_token}`,
        renewAt: tools.now() + lifetime * RENEWED_AFTER,
        expiresAt: tools.now() + lifetime,
      }
    } catch (error) {
      if (!isProviderError(error)) throw error
      // Zendesk answers wrong clients and scopes with 400, 401 or 422. Whatever happened here, the call that wanted a token never went out.
      const code = error.code === 'rejected' || error.code === 'not-found' ? 'unauthorized' : error.code
      throw new ProviderError(error.provider, code, error.message.replace(`[${error.provider}] `, ''), {
        status: error.status,
        retryAfterMs: error.retryAfterMs,
        outcome: 'none',
      })
    }
  }

  const renew = (): Promise<Grant> => {
    memory.renewal ??= fetchGrant()
      .then((grant) => {
        memory.grant = grant
        return grant
      })
      .finally(() => {
        memory.renewal = undefined
      })
    return memory.renewal
  }

  return {
    authorization: async () => {
      const { grant } = memory
      if (grant && tools.now() < grant.renewAt) return grant.authorization
      try {
        return (await renew()).authorization
      } catch (error) {
        // Renewal is early: a desk that has a bad moment is no reason to stop while the old token works.
        if (grant && tools.now() < grant.expiresAt && memory.grant === grant) return grant.authorization
        throw error
      }
    },
    forget: (authorization) => {
      if (memory.grant?.authorization === authorization) memory.grant = undefined
      return true
    },
  }
}
