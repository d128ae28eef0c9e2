import { isProviderError, ProviderError } from '../errors'
import type { Account } from '../provider'
import type { Config } from './config'
import type { Desk } from './desk'

const REGIONS: Record<string, Config['region'] | undefined> = { US: 'us', EU: 'eu', AU: 'au' }

/**
 * Describes the account: workspace and acting teammate. Throws `unauthorized` for a bad token and `misconfigured` when
 * the workspace is in another region or has no such teammate.
 */
export const checkCredentials = async (desk: Desk, config: Config): Promise<Account> => {
  const me = await desk.api.me().catch((error: unknown) => {
    if (!isProviderError(error) || error.code !== 'unauthorized') throw error
    const status = error.status ?? 'no status'
    throw new ProviderError(
      'intercom',
      'unauthorized',
      `Intercom rejected the access token in region “${config.region}” (${status}): check token and region`,
      error.status === undefined ? {} : { status: error.status }
    )
  })
  if (!me) {
    throw new ProviderError(
      'intercom',
      'unauthorized',
      'The access token does not belong to a teammate of the workspace'
    )
  }
  const region = REGIONS[me.app?.region?.toUpperCase() ?? '']
  if (region && region !== config.region) {
    throw new ProviderError(
      'intercom',
      'misconfigured',
      `The workspace is hosted in region “${region}”, not “${config.region}”: change Region`
    )
  }
  const id = me.app?.id_code?.trim()
  // The name can be changed, so it can't stand in for the id.
  if (!id) throw new ProviderError('intercom', 'unavailable', 'Intercom did not say which workspace the token is for')
  const acting = desk.acting.configured === undefined ? me : await _actingAdmin(desk, desk.acting.configured)
  return {
    id,
    description: `${me.app?.name ?? 'Intercom'} (${id}) as ${acting.name ?? `teammate ${acting.id}`}`,
  }
}

const _actingAdmin = async (desk: Desk, adminId: string): Promise<{ id: string; name?: string | null | undefined }> => {
  const admin = await desk.api.admin(adminId).catch((error: unknown) => {
    if (isProviderError(error) && error.code === 'not-found') return null
    throw error
  })
  if (admin) return admin
  throw new ProviderError(
    'intercom',
    'misconfigured',
    `The workspace has no teammate with id ${adminId}: change or clear Acting teammate`
  )
}
