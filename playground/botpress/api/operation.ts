import { InvalidPayloadError, InvalidQueryError, ResourceNotFoundError } from '@botpress/client'
import { z } from '@botpress/sdk'
import type { PageQuery, Table, Row } from '../store'
import type { Cloud } from '../cloud'
import type { Caller } from '../types'

export interface OperationInput {
  params: Record<string, string>
  query: URLSearchParams
  body: unknown
}

/** The implementation of one client method. Throws the client's error classes, which carry status and body. */
export type Operation = (cloud: Cloud, caller: Caller, input: OperationInput) => unknown

export const tagsSchema = z.record(z.string())
export const payloadSchema = z.record(z.unknown())
export const discriminateSchema = z.array(z.string()).optional()
export const scheduleSchema = z.object({ dateTime: z.string().optional(), delay: z.number().optional() }).optional()

export const parse = <S extends z.ZodTypeAny>(schema: S, body: unknown): z.infer<S> => {
  const result = schema.safeParse(body ?? {})
  if (result.success) return result.data
  const problems = result.error.issues.map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`)
  throw new InvalidPayloadError(problems.join('; '))
}

/** Milliseconds until the time of a schedule. Undefined: no schedule. */
export const delayOf = (cloud: Cloud, schedule: z.infer<typeof scheduleSchema>): number | undefined => {
  if (!schedule) return undefined
  if (schedule.delay !== undefined && schedule.delay >= 0) return schedule.delay
  const time = Date.parse(schedule.dateTime ?? '')
  if (Number.isNaN(time)) throw new InvalidPayloadError('schedule: either dateTime or delay must be provided')
  return Math.max(0, time - cloud.clock.now())
}

export const pageQuery = (query: URLSearchParams): PageQuery => {
  const sortField = query.get('sortField') ?? undefined
  const sortDirection = query.get('sortDirection') ?? undefined
  if (sortField !== undefined && sortField !== 'createdAt' && sortField !== 'updatedAt') {
    throw new InvalidQueryError('sortField must be createdAt or updatedAt')
  }
  if (sortDirection !== undefined && sortDirection !== 'asc' && sortDirection !== 'desc') {
    throw new InvalidQueryError('sortDirection must be asc or desc')
  }
  return { nextToken: query.get('nextToken') ?? undefined, sortField, sortDirection }
}

/** Whether a time lies between the afterDate and the beforeDate of a query. */
export const isWithin = (query: URLSearchParams, time: number): boolean => {
  const after = query.get('afterDate')
  const before = query.get('beforeDate')
  return (after === null || time > Date.parse(after)) && (before === null || time < Date.parse(before))
}

export const timesOf = (row: Row): { id: string; createdAt: string; updatedAt: string } => {
  const createdAt = new Date(row.createdAt).toISOString()
  const isUntouched = row.updatedAt === row.createdAt
  return { id: row.id, createdAt, updatedAt: isUntouched ? createdAt : new Date(row.updatedAt).toISOString() }
}

export const requireRow = <T extends Row>(
  table: Table<T>,
  kind: string,
  id: string,
  canAccess: (row: T) => boolean
): T => {
  const row = table.get(id)
  if (row && canAccess(row)) return row
  throw new ResourceNotFoundError(`${kind} "${id}" not found`)
}
