/** The sandbox's users API. */
import type { SandboxRequest, SandboxResponse } from '../../kit/sandbox'
import { invalid, NOT_FOUND, userJson, type Body } from './answers'
import type { State, UserRow } from './state'

/** The languages of the account. */
const LOCALES = new Set(['en-us', 'de', 'fr'])
const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/

export const handleUsers = (
  state: State,
  request: SandboxRequest,
  body: Body | undefined,
  me: UserRow | undefined
): SandboxResponse | undefined => {
  const match = /^\/api\/v2\/users(?:\/(\w+))?$/.exec(request.path)
  if (!match) return undefined
  const action = match[1] ?? ''
  // A deleted user has lost address and external id: they are found by their id alone.
  const active = state.users.filter((user) => user.active)
  const byEmail = (email: string | null | undefined) =>
    email ? active.find((user) => user.email?.toLowerCase() === email.toLowerCase()) : undefined
  const byExternalId = (id: string | null | undefined) =>
    id ? active.find((user) => user.external_id?.toLowerCase() === id.toLowerCase()) : undefined

  if (request.method === 'GET') {
    if (action === 'me') {
      // Zendesk answers an anonymous request with 200 and a user whose id is null.
      const anonymous = {
        id: null,
        name: 'Anonymous user',
        email: 'invalid@example.com',
        role: 'end-user',
        photo: null,
      }
      return { status: 200, body: { user: me ? userJson(me) : anonymous } }
    }
    if (action === 'search') {
      const externalId = request.query.get('external_id')
      const email = /email:"?([^"\s]+)"?/.exec(request.query.get('query') ?? '')?.[1]
      const found = externalId ? byExternalId(externalId) : byEmail(email)
      return { status: 200, body: { users: found ? [userJson(found)] : [], next_page: null, count: found ? 1 : 0 } }
    }
    if (action === 'show_many') {
      const wanted = (request.query.get('external_ids') ?? '').split(',')
      const found = wanted.flatMap((id) => byExternalId(id) ?? [])
      return { status: 200, body: { users: found.map(userJson), count: found.length } }
    }
    const user = state.users.find((candidate) => String(candidate.id) === action)
    return user ? { status: 200, body: { user: userJson(user) } } : NOT_FOUND
  }

  if (request.method !== 'POST' || (action !== '' && action !== 'create_or_update')) return NOT_FOUND
  const input = body?.user as Partial<UserRow> | undefined
  if (!input?.name?.trim()) return invalid('name', 'Name: is too short (minimum one character)', 'BlankValue')
  if (input.email && !EMAIL.test(input.email))
    return invalid('email', `Email: ${input.email} is not properly formatted`)
  if (input.locale && !LOCALES.has(input.locale.toLowerCase())) return invalid('locale', 'Locale: is invalid')
  if (input.phone && !/^\+?[\d ()./-]{6,20}$/.test(input.phone)) return invalid('phone', 'Phone: is invalid')
  const photo = (input as { remote_photo_url?: string }).remote_photo_url
  if (photo && photo.length > 255) return invalid('remote_photo_url', 'Photo: is too long')
  const emailOwner = byEmail(input.email)
  const externalIdOwner = byExternalId(input.external_id)
  const fields = {
    name: input.name,
    email: input.email ?? null,
    external_id: input.external_id ?? null,
    role: input.role ?? ('end-user' as const),
    phone: input.phone ?? null,
    locale: input.locale ?? null,
    photo: photo ? { content_url: photo } : null,
  }
  if (action === '') {
    if (emailOwner)
      return invalid('email', `Email: ${input.email} is already being used by another user`, 'DuplicateValue')
    if (externalIdOwner) return invalid('external_id', 'External has already been taken', 'DuplicateValue')
    return { status: 201, body: { user: userJson(state.addUser(fields)) } }
  }
  if (emailOwner && externalIdOwner && emailOwner !== externalIdOwner) {
    return invalid('email', `Email: ${input.email} is already being used by another user`, 'DuplicateValue')
  }
  const existing = emailOwner ?? externalIdOwner
  if (!existing) return { status: 201, body: { user: userJson(state.addUser(fields)) } }
  // Overwrites whoever matches, even an agent: Zendesk's documentation makes no exception.
  existing.name = fields.name
  existing.email = fields.email ?? existing.email
  existing.external_id = fields.external_id ?? existing.external_id
  existing.role = input.role ?? existing.role
  existing.phone = fields.phone ?? existing.phone
  existing.locale = fields.locale ?? existing.locale
  existing.photo = fields.photo ?? existing.photo
  return { status: 200, body: { user: userJson(existing) } }
}
