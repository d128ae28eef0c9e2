/** The Web API's methods for groups of people and their presence. */
import { ProviderError } from '../errors'
import type { Http } from '../kit/http'
import * as answers from './answers'

export const createPeopleApi = (http: Http) => ({
  /**
   * The user group with this handle or id, and its members. Throws `misconfigured` if there is none.
   * https://docs.slack.dev/reference/methods/usergroups.list
   */
  readUserGroup: async (name: string): Promise<{ id: string; users: string[] }> => {
    const { data } = await http.request({
      method: 'GET',
      path: '/usergroups.list',
      query: { include_users: true },
      schema: answers.userGroups,
      purpose: 'read the agents’ user group',
    })
    const wanted = name.toLowerCase()
    const group = data.usergroups.find(({ id, handle }) => id === name || handle?.toLowerCase() === wanted)
    if (group) return { id: group.id, users: group.users ?? [] }
    throw new ProviderError('slack', 'misconfigured', 'The workspace has no such user group: check its handle or id')
  },

  /** Members of a channel, the app included. https://docs.slack.dev/reference/methods/conversations.members */
  readMembers: async (channel: string): Promise<string[]> => {
    const query = { channel, limit: 200 }
    const purpose = 'list the members of the channel'
    const request = {
      method: 'GET' as const,
      path: '/conversations.members',
      query,
      schema: answers.members,
      purpose,
    }
    return (await http.request(request)).data.members
  },

  /** https://docs.slack.dev/reference/methods/users.getPresence */
  isActive: async (user: string): Promise<boolean> => {
    const purpose = 'read whether a person is online'
    const request = {
      method: 'GET' as const,
      path: '/users.getPresence',
      query: { user },
      schema: answers.presence,
      purpose,
    }
    return (await http.request(request)).data.presence === 'active'
  },

  /** Who doesn't want to be disturbed, at most 50 people. https://docs.slack.dev/reference/methods/dnd.teamInfo */
  readQuietTimes: async (users: string[]) => {
    const query = { users: users.join(',') }
    const purpose = 'read who doesn’t want to be disturbed'
    const request = { method: 'GET' as const, path: '/dnd.teamInfo', query, schema: answers.quietTimes, purpose }
    return (await http.request(request)).data.users
  },
})
