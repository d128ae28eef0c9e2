/** Users, as the sandbox's API keeps them. */
import type { SandboxRequest, SandboxResponse } from '../../kit/sandbox'
import { invalid, NOT_FOUND, shownUser, type Body } from './answers'
import type { State, UserRow } from './state'

const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/

export const handleUsers = (
  state: State,
  request: SandboxRequest,
  body: Body | undefined,
  me: UserRow | undefined
): SandboxResponse | undefined => {
  const rest = /^\/api\/v2\/users(?:\/(\w+))?$/.exec(request.path)
  if (!rest) return undefined
  const action = rest[1] ?? ''
  const byEmail = (email: string | null | undefined) =>
    email ? state.users.find((user) => user.email?.toLowerCase() === email.toLowerCase()) : undefined
  const byExternalId = (id: string | null | undefined) =>
    id ? state.users.find((user) => user.external_id?.toLowerCase() === id.toLowerCase()) : undefined

  if (request.method === 'GET') {
    if (action === 'me') {
      // Anonymous is a user, too: 200 and an id of null.
      const anonymous = {
        id: null,
        name: 'Anonymous user',
        email: 'invalid@example.com',
        role: 'end-user',
        photo: null,
      }
      return { status: 200, body: { user: me ? shownUser(me) : anonymous } }
    }
    if (action === 'search') {
      const externalId = request.query.get('external_id')
      const email = /email:"?([^"\s]+)"?/.exec(request.query.get('query') ?? '')?.[1]
      const found = externalId ? byExternalId(externalId) : byEmail(email)
      return { status: 200, body: { users: found ? [shownUser(found)] : [], next_page: null, count: found ? 1 : 0 } }
    }
    const user = state.users.find((candidate) => String(candidate.id) === action)
    return user ? { status: 200, body: { user: shownUser(user) } } : NOT_FOUND
  }

  if (request.method !== 'POST' || (action !== '' && action !== 'create_or_update')) return NOT_FOUND
  const given = body?.user as Partial<UserRow> | undefined
  if (!given?.name?.trim()) return invalid('name', 'Name: is too short (minimum one character)', 'BlankValue')
  if (given.email && !EMAIL.test(given.email))
    return invalid('email', `Email: ${given.email} is not properly formatted`)
  const owner = byEmail(given.email)
  const namesake = byExternalId(given.external_id)
  const fields = {
    name: given.name,
    email: given.email ?? null,
    external_id: given.external_id ?? null,
    role: given.role ?? ('end-user' as const),
  }
  if (action === '') {
    if (owner) return invalid('email', `Email: ${given.email} is already being used by another user`, 'DuplicateValue')
    if (namesake) return invalid('external_id', 'External has already been taken', 'DuplicateValue')
    return { status: 201, body: { user: shownUser(state.addUser(fields)) } }
  }
  if (owner && namesake && owner !== namesake) {
    return invalid('email', `Email: ${given.email} is already being used by another user`, 'DuplicateValue')
  }
  const existing = owner ?? namesake
  if (!existing) return { status: 201, body: { user: shownUser(state.addUser(fields)) } }
  // Whoever matches is written over, an agent as well: nothing in Zendesk's description says otherwise.
  existing.name = fields.name
  existing.email = fields.email ?? existing.email
  existing.external_id = fields.external_id ?? existing.external_id
  return { status: 200, body: { user: shownUser(existing) } }
}
