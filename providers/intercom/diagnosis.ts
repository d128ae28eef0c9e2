/** What `diagnose` looks at in Intercom. It reads only. */
import { look, right, tried, wrong } from '../kit/diagnosis'
import { isProviderError } from '../errors'
import type { Finding, SubscriptionTarget } from '../provider'
import type { Readable } from './api'
import type { Config } from './config'
import { checkCredentials } from './credentials'
import type { Desk } from './desk'
import { TOPICS } from './webhook'

/** What the router does at Intercom, and the list that shows whether the app may. */
const PERMISSIONS: { list: Readable; permission: string; isNeeded: boolean }[] = [
  { list: 'contacts', permission: 'Read and list users and companies', isNeeded: true },
  { list: 'conversations', permission: 'Read conversations', isNeeded: true },
  { list: 'tags', permission: 'Read tags', isNeeded: false },
  { list: 'teams', permission: 'Read admins', isNeeded: false },
]

export const diagnose = async (desk: Desk, config: Config, target: Partial<SubscriptionTarget>): Promise<Finding[]> => {
  const credentials = await tried(
    'Credentials',
    async () => {
      const { description } = await checkCredentials(desk, config)
      return right('Credentials', `They work: ${description}`)
    },
    'Copy the access token from Developer Hub > your app > Authentication again, and check Region'
  )
  if (credentials.some(({ state }) => state === 'wrong')) return [...credentials, _webhooks(target)]
  const [permissions, teammates] = await Promise.all([
    Promise.all(PERMISSIONS.map((one) => _permission(desk, one))),
    tried('Teammates', () => _teammates(desk), 'Give the app the permission “Read admins”'),
  ])
  return [...credentials, ...permissions.flat(), ...teammates, _webhooks(target)]
}

const _permission = async (
  desk: Desk,
  { list, permission, isNeeded }: (typeof PERMISSIONS)[number]
): Promise<Finding[]> => {
  const advice = `Give the app the permission “${permission}” in Developer Hub > your app > Authentication`
  return tried(
    'Permissions',
    async () => {
      try {
        await desk.api.mayRead(list)
        return right('Permissions', `The app may read ${list}`)
      } catch (error) {
        if (!isProviderError(error) || error.code !== 'unauthorized') throw error
        const found = `The app may not read ${list} (${error.status ?? 'no status'})`
        return isNeeded ? wrong('Permissions', found, advice) : look('Permissions', found, advice)
      }
    },
    advice
  )
}

const _teammates = async (desk: Desk): Promise<Finding> => {
  const all = await desk.api.admins()
  const seated = all.filter(({ has_inbox_seat: hasSeat }) => hasSeat !== false)
  const there = seated.filter(({ away_mode_enabled: isAway }) => isAway !== true)
  if (seated.length === 0)
    return look('Teammates', 'Nobody in the workspace has a seat in the inbox', 'Give those who answer a seat')
  return right('Teammates', `${seated.length} have a seat in the inbox, ${there.length} of them are not away`)
}

/** Intercom's API has no call that lists an app's webhooks. */
const _webhooks = ({ url }: Partial<SubscriptionTarget>): Finding =>
  look(
    'Webhooks',
    'Intercom tells nobody but you which webhooks the app has',
    `Developer Hub > your app > Webhooks has to show ${url ?? 'the installation’s address, which ends with /intercom,'} ` +
      `and these topics: ${TOPICS.join(', ')}`
  )
