import { InvalidPayloadError, ReferenceNotFoundError } from '@botpress/client'
import { z } from '@botpress/sdk'
import { ownerOf } from '../tags'
import { pageOf, type Event } from '../store'
import type { Cloud } from '../cloud'
import type { Caller } from '../types'
import {
  delayOf,
  requireRow,
  pageQuery,
  parse,
  payloadSchema,
  scheduleSchema,
  timesOf,
  type Operation,
} from './operation'

const _createBody = z.object({
  type: z.string().min(1),
  payload: payloadSchema,
  schedule: scheduleSchema,
  conversationId: z.string().optional(),
  userId: z.string().optional(),
  messageId: z.string().optional(),
})

/** Cancels the timer of a scheduled event. */
const _cancellations = new WeakMap<Event, () => void>()

const _canAccess =
  (caller: Caller) =>
  (event: Event): boolean =>
    caller.by === 'bot' || event.owner === caller.alias

/** The bot sees `alias:type`, the integration its short name. */
export const eventView = (caller: Caller, event: Event) => ({
  id: event.id,
  createdAt: timesOf(event).createdAt,
  type: caller.by === 'bot' && event.owner !== 'bot' ? `${event.owner}:${event.type}` : event.type,
  payload: event.payload,
  ...(event.conversationId === undefined ? {} : { conversationId: event.conversationId }),
  ...(event.userId === undefined ? {} : { userId: event.userId }),
  ...(event.messageId === undefined ? {} : { messageId: event.messageId }),
  status: event.status,
  failureReason: event.failureReason,
})

const _checkReferences = (cloud: Cloud, body: z.infer<typeof _createBody>): void => {
  if (body.conversationId !== undefined && !cloud.store.conversations.get(body.conversationId)) {
    throw new ReferenceNotFoundError(`The conversation "${body.conversationId}" does not exist`)
  }
  if (body.userId !== undefined && !cloud.store.users.get(body.userId)) {
    throw new ReferenceNotFoundError(`The user "${body.userId}" does not exist`)
  }
  if (body.messageId !== undefined && !cloud.store.messages.get(body.messageId)) {
    throw new ReferenceNotFoundError(`The message "${body.messageId}" does not exist`)
  }
}

export const createEvent: Operation = (cloud, caller, input) => {
  const body = parse(_createBody, input.body)
  if (caller.by === 'integration' && caller.definition && !Object.hasOwn(caller.definition.events ?? {}, body.type)) {
    throw new InvalidPayloadError(`The integration's definition doesn't declare the event "${body.type}"`)
  }
  _checkReferences(cloud, body)
  const delay = delayOf(cloud, body.schedule)
  const event = cloud.store.events.insert({
    ...cloud.store.row('evt', {}),
    owner: ownerOf(caller) ?? 'bot',
    type: body.type,
    payload: body.payload,
    conversationId: body.conversationId,
    userId: body.userId,
    messageId: body.messageId,
    status: delay === undefined ? 'pending' : 'scheduled',
    failureReason: null,
  })
  if (delay === undefined) {
    cloud.eventCreated(event)
  } else {
    const cancel = cloud.clock.setTimer(() => {
      event.status = 'pending'
      cloud.eventCreated(event)
    }, delay)
    _cancellations.set(event, cancel)
  }
  return { event: eventView(caller, event) }
}

export const getEvent: Operation = (cloud, caller, { params }) => ({
  event: eventView(caller, requireRow(cloud.store.events, 'Event', params['id'] ?? '', _canAccess(caller))),
})

export const cancelScheduledEvent: Operation = (cloud, caller, { params }) => {
  const isScheduled = (event: Event): boolean => _canAccess(caller)(event) && event.status === 'scheduled'
  const event = requireRow(cloud.store.events, 'Scheduled event', params['id'] ?? '', isScheduled)
  _cancellations.get(event)?.()
  event.status = 'canceled'
  return {}
}

export const listEvents: Operation = (cloud, caller, { query }) => {
  const canAccess = _canAccess(caller)
  const fields = ['type', 'conversationId', 'userId', 'messageId', 'status'] as const
  const events = cloud.store.events.withTags({}).filter((event) => {
    const view = eventView(caller, event)
    if (cloud.switches.ignoresFilters) return canAccess(event)
    return canAccess(event) && fields.every((field) => !query.has(field) || view[field] === query.get(field))
  })
  const page = pageOf(events, { nextToken: pageQuery(query).nextToken }, cloud.switches.pageSize)
  return { events: page.rows.map((event) => eventView(caller, event)), meta: page.meta }
}
