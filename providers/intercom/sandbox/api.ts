/**
 * The part of Intercom's REST API that the driver uses, on the sandbox's state.
 * https://developers.intercom.com/docs/references/rest-api/api.intercom.io
 */
import { z } from '@botpress/sdk'
import type { SandboxAgent, SandboxHandler, SandboxRequest, SandboxResponse } from '../../kit/sandbox'
import { conversationRoutes, type Announce } from './conversations'
import { invalid, notFound, read, Refusal, text, type Route } from './http'
import { adminJson, contactJson } from './json'
import { ATTRIBUTES, OWNER, TEAMS, WORKSPACE, type State } from './state'

const VERSIONS = /^(?:1\.[0-4]|2\.(?:\d|1[0-6])|Unstable)$/

export const createApi = (state: State, accessToken: string, announce: Announce): SandboxHandler => {
  const createContact = (request: SandboxRequest): SandboxResponse => {
    const body = read(
      request,
      z.object({
        role: z.enum(['user', 'lead']).optional(),
        external_id: text.optional(),
        email: z.string().email().optional(),
        name: z.string().nullish(),
        phone: z
          .string()
          .regex(/^\+\d{6,15}$/)
          .optional(),
        avatar: z.string().url().nullish(),
      })
    )
    if (!body.role && !body.external_id && !body.email) throw invalid('email, external_id or role is required')
    const existing = state.contacts.find(
      (contact) =>
        !contact.isGone &&
        ((body.external_id !== undefined && contact.externalId === body.external_id) ||
          (body.email !== undefined && contact.email?.toLowerCase() === body.email.toLowerCase()))
    )
    if (existing) {
      const kind = existing.archived ? 'An archived contact' : 'A contact'
      throw new Refusal(409, 'conflict', `${kind} matching those details already exists with id=${existing.id}`)
    }
    const contact = state.addContact({
      externalId: body.external_id ?? null,
      email: body.email ?? null,
      name: body.name ?? null,
      avatar: body.avatar ?? null,
      phone: body.phone ?? null,
      role: body.role ?? 'user',
    })
    return { status: 200, body: contactJson(contact) }
  }

  const findOrCreateTag = (request: SandboxRequest): SandboxResponse => {
    const { name } = read(request, z.object({ name: text }))
    let tag = state.tags.find((candidate) => candidate.name.toLowerCase() === name.toLowerCase())
    if (!tag) {
      tag = { id: state.nextId(), name }
      state.tags.push(tag)
    }
    return { status: 200, body: { type: 'tag', ...tag } }
  }

  const routes: Route[] = [
    ...conversationRoutes(state, announce),
    // The token outlives its owner.
    ['GET', /^\/me$/, () => ({ status: 200, body: state.admin(OWNER.id) ? _meJson() : null })],
    [
      'GET',
      /^\/admins$/,
      () => ({
        status: 200,
        body: { type: 'admin.list', admins: state.admins().map((admin) => adminJson(admin, state.isAway(admin.id))) },
      }),
    ],
    ['GET', /^\/admins\/([^/]+)$/, (_request, id) => ({ status: 200, body: adminJson(_adminAt(state, id)) })],
    ['POST', /^\/contacts$/, createContact],
    [
      'GET',
      /^\/contacts\/find_by_external_id\/([^/]+)$/,
      (_request, id) => {
        const contact = state.contacts.find(
          ({ externalId, archived, isGone }) => externalId === id && !archived && !isGone
        )
        if (!contact) throw notFound('User Not Found')
        return { status: 200, body: contactJson(contact) }
      },
    ],
    [
      'GET',
      /^\/contacts\/([^/]+)$/,
      (_request, id) => {
        const contact = state.contacts.find((candidate) => candidate.id === id && !candidate.isGone)
        if (!contact) throw notFound('User Not Found')
        return { status: 200, body: { ...contactJson(contact), archived: contact.archived } }
      },
    ],
    [
      'POST',
      /^\/contacts\/([^/]+)\/unarchive$/,
      (_request, id) => {
        const contact = state.contacts.find((candidate) => candidate.id === id && !candidate.isGone)
        if (!contact) throw notFound('User Not Found')
        contact.archived = false
        return { status: 200, body: { id, external_id: contact.externalId, type: 'contact', archived: false } }
      },
    ],
    ['POST', /^\/tags$/, findOrCreateTag],
    // https://developers.intercom.com/docs/references/rest-api/api.intercom.io/contacts/listcontacts
    ['GET', /^\/contacts$/, () => _list(state, 'contacts', state.contacts.map(contactJson))],
    [
      'GET',
      /^\/conversations$/,
      () =>
        _list(
          state,
          'conversations',
          state.conversations.map(({ id }) => ({ id }))
        ),
    ],
    ['GET', /^\/tags$/, () => _list(state, 'tags', state.tags)],
    [
      'GET',
      /^\/teams$/,
      () =>
        _list(
          state,
          'teams',
          TEAMS.map((id) => ({ type: 'team', id }))
        ),
    ],
    [
      'GET',
      /^\/data_attributes$/,
      (request) => {
        const isOfConversations = request.query.get('model') === 'conversation'
        const data = ATTRIBUTES.map((attribute) => ({
          type: 'data_attribute',
          model: 'conversation',
          full_name: attribute.name,
          label: attribute.name,
          description: null,
          custom: true,
          archived: false,
          ...attribute,
        }))
        return { status: 200, body: { type: 'list', data: isOfConversations ? data : [] } }
      },
    ],
  ]

  return (request) => {
    const stored = state.files.show(request)
    if (stored) return stored
    try {
      if (request.headers.authorization !== `Bearer ${accessToken}`) {
        throw new Refusal(401, 'unauthorized', 'Access Token Invalid')
      }
      const version = request.headers['intercom-version']
      if (version !== undefined && !VERSIONS.test(version)) {
        throw new Refusal(400, 'intercom_version_invalid', 'The requested version could not be found')
      }
      for (const [method, pattern, handle] of routes) {
        const match = method === request.method ? pattern.exec(request.path) : null
        if (match) return handle(request, decodeURIComponent(match[1] ?? ''))
      }
      throw notFound('The requested resource was not found')
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      const errors = [{ code: error.code, message: error.message }]
      return { status: error.status, body: { type: 'error.list', request_id: state.requestId(), errors } }
    }
  }
}

/** Contacts and conversations are listed in pages, tags and teams whole. */
const _list = (state: State, name: string, entries: readonly object[]): SandboxResponse => {
  if (state.forbidden.has(name)) throw new Refusal(403, 'forbidden', `The app may not read ${name}`)
  const key = name === 'contacts' || name === 'tags' ? 'data' : name
  return { status: 200, body: { type: 'list', [key]: entries, total_count: entries.length } }
}

const _meJson = () => ({
  ...adminJson(OWNER),
  avatar: { type: 'avatar', image_url: null },
  email_verified: true,
  app: { type: 'app', ...WORKSPACE, identity_verification: false },
})

const _adminAt = (state: State, id: string): SandboxAgent => {
  const found = state.admin(id)
  if (!found) throw notFound('Admin not found')
  return found
}
