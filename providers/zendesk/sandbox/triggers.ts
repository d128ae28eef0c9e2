/** Evaluates triggers as Zendesk does: their conditions, and the placeholders in the webhook's body. */
import { STATUSES, VIA, type Status, type Update, type UserRow } from './state'

export interface Condition {
  field: string
  operator?: string
  value?: unknown
}

export interface TriggerRow {
  id: number
  title: string
  active: boolean
  conditions: { all: Condition[]; any: Condition[] }
  actions: { field: string; value: unknown }[]
}

/** The supported condition fields with their documented operators. Saving a trigger refuses all others. */
const OPERATORS: Record<string, string[]> = {
  current_tags: ['includes', 'not_includes'],
  comment_is_public: ['is'],
  comment_includes_word: ['includes', 'not_includes', 'is', 'is_not'],
  current_via_id: ['is', 'is_not'],
  role: ['is', 'is_not'],
  update_type: ['is'],
  assignee_id: ['is', 'is_not', 'changed', 'not_changed', 'value', 'value_previous'],
  status: ['is', 'is_not', 'less_than', 'greater_than', 'changed', 'not_changed', 'value', 'value_previous'],
}

export const isKnownCondition = (condition: Condition): boolean =>
  OPERATORS[condition.field]?.includes(condition.operator ?? 'is') === true &&
  ((condition.operator ?? '').endsWith('changed') || typeof condition.value === 'string')

export const firesOn = (trigger: TriggerRow, update: Update, people: UserRow[]): boolean => {
  const { all, any } = trigger.conditions
  const isMet = (condition: Condition) => _isMet(condition, update, people)
  return trigger.active && all.every(isMet) && (any.length === 0 || any.some(isMet))
}

const _isMet = ({ field, operator = 'is', value }: Condition, update: Update, people: UserRow[]): boolean => {
  const { ticket, before, actor, comment } = update
  const wanted = String(value ?? '')
  switch (field) {
    case 'current_tags': {
      const includes = wanted.split(' ').some((tag) => ticket.tags.includes(tag))
      return operator === 'includes' ? includes : !includes
    }
    case 'comment_is_public':
      if (!comment) return false
      return (
        wanted === 'not_relevant' || comment.public === (wanted === 'true' || wanted === 'requester_can_see_comment')
      )
    case 'comment_includes_word': {
      // `is`: the comment contains the text; `includes`: at least one of the words.
      const said = (comment?.plain ?? '').toLowerCase()
      const words = operator === 'is' || operator === 'is_not' ? [wanted] : wanted.split(/\s+/)
      const isSaid = comment !== undefined && words.some((word) => said.includes(word.toLowerCase()))
      return operator.includes('not') ? !isSaid : isSaid
    }
    case 'current_via_id':
      return (VIA[actor.via] === Number(wanted)) === (operator === 'is')
    case 'role':
      return _hasRole(actor.userId, wanted, people) === (operator === 'is')
    case 'update_type':
      return (wanted === 'Create') === update.created
    case 'assignee_id':
      return _compare(operator, _text(ticket.assignee_id), _text(before.assignee_id), wanted)
    case 'status':
      return _compareStatus(operator, ticket.status, before.status, wanted)
    default:
      return false
  }
}

/** `wanted` is `agent`, `end_user` or the id of a user. */
const _hasRole = (userId: number, wanted: string, people: UserRow[]): boolean => {
  const role = people.find((user) => user.id === userId)?.role
  if (wanted === 'agent') return role === 'agent' || role === 'admin'
  if (wanted === 'end_user') return role === 'end-user'
  return String(userId) === wanted
}

const _text = (value: number | string | null): string => (value === null ? '' : String(value))

const _compare = (operator: string, now: string, before: string, wanted: string): boolean => {
  switch (operator) {
    case 'is':
      return now === wanted
    case 'is_not':
      return now !== wanted
    case 'changed':
      return now !== before
    case 'not_changed':
      return now === before
    case 'value':
      return now !== before && now === wanted
    case 'value_previous':
      return now !== before && before === wanted
    default:
      return false
  }
}

const _compareStatus = (operator: string, now: Status, before: Status | null, wanted: string): boolean => {
  const rank = (status: string) => STATUSES.indexOf(status.toLowerCase() as Status)
  if (operator === 'less_than') return rank(now) < rank(wanted)
  if (operator === 'greater_than') return rank(now) > rank(wanted)
  return _compare(operator, now, before ?? '', wanted.toLowerCase())
}

/** Fills in the placeholders without escaping, as Zendesk does: a quotation mark in a value breaks the JSON. */
export const fillPlaceholders = (template: string, update: Update, people: UserRow[]): string => {
  const { ticket, actor } = update
  const person = (id: number | null) => people.find((user) => user.id === id)
  const values: Record<string, string> = {
    'ticket.id': String(ticket.id),
    'ticket.external_id': ticket.external_id ?? '',
    'ticket.title': ticket.subject,
    'ticket.status': ticket.status,
    'ticket.assignee.id': _text(ticket.assignee_id),
    'ticket.assignee.name': person(ticket.assignee_id)?.name ?? '',
    'ticket.latest_public_comment': ticket.comments.findLast((comment) => comment.public)?.plain ?? '',
    'current_user.id': String(actor.userId),
    'current_user.name': person(actor.userId)?.name ?? '',
  }
  return template.replace(/\{\{\s*([\w.]+)\s*\}\}/g, (_whole, name: string) => values[name] ?? '')
}
