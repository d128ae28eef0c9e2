/** The sandbox's ticket fields, and what it refuses of a ticket's values. */
import type { SandboxResponse } from '../../kit/sandbox'
import { invalid } from './answers'
import type { FieldInput } from './state'

export interface FieldRow {
  id: number
  type: string
  title: string
  active: boolean
  removable: boolean
  custom_field_options?: { name: string; value: string }[]
  regexp_for_validation?: string
}

/** The system fields of every account, in the order of their ids. */
const SYSTEM_FIELDS = ['subject', 'description', 'status', 'tickettype', 'priority', 'group', 'assignee']
const OPTIONS = [
  { name: 'Orders::Late', value: 'order_late' },
  { name: 'Orders::Lost', value: 'order_lost' },
]
export const FORMS = new Set([360_501, 360_502])
export const BRANDS = new Set([360_601])
export const ORGANIZATIONS = new Set([360_701])
const TYPES = new Set(['problem', 'incident', 'question', 'task'])

/** `account` is the number of the account among the sandboxes. */
export const createFields = (account: number): FieldRow[] => {
  const first = 360_000_000_000 + account * 1_000
  const custom: Omit<FieldRow, 'id' | 'active' | 'removable'>[] = [
    { type: 'text', title: 'Order number' },
    { type: 'tagger', title: 'Reason', custom_field_options: OPTIONS },
    { type: 'multiselect', title: 'Topics', custom_field_options: OPTIONS },
    { type: 'checkbox', title: 'Paid' },
    { type: 'integer', title: 'Items' },
    { type: 'date', title: 'Ordered on' },
    { type: 'regexp', title: 'Postcode', regexp_for_validation: '\\A\\d{5}\\z' },
  ]
  return [
    ...SYSTEM_FIELDS.map((type, index) => ({ id: first + index, type, title: type, active: true, removable: false })),
    ...custom.map((field, index) => ({ ...field, id: first + 100 + index, active: true, removable: true })),
    { id: first + 200, type: 'text', title: 'Old field', active: false, removable: true },
  ]
}

const _isValid = (field: FieldRow, value: unknown): boolean => {
  const values = new Set(field.custom_field_options?.map((option) => option.value))
  switch (field.type) {
    case 'tagger':
      return values.has(value as string)
    case 'multiselect':
      return Array.isArray(value) && value.every((it) => values.has(it as string))
    case 'checkbox':
      return typeof value === 'boolean'
    case 'integer':
      return Number.isSafeInteger(value)
    case 'date':
      return /^\d{4}-\d{2}-\d{2}$/.test(String(value))
    case 'regexp':
      return /^\d{5}$/.test(String(value))
    default:
      return typeof value === 'string'
  }
}

/** Zendesk names custom fields by their titles, all of them under `base`. */
export const fieldRefusal = (fields: FieldRow[], input: FieldInput): SandboxResponse | undefined => {
  for (const { id, value } of input.custom_fields ?? []) {
    const field = fields.find((candidate) => candidate.id === id)
    if (!field || !_isValid(field, value)) return invalid('base', `${field?.title ?? id}: is invalid`, 'InvalidValue')
  }
  const { ticket_form_id: form, brand_id: brand, organization_id: organization, type } = input
  if (form !== undefined && !FORMS.has(form)) return invalid('ticket_form_id', 'Form: is invalid')
  if (brand !== undefined && !BRANDS.has(brand)) return invalid('brand', 'Brand: is invalid')
  if (organization !== undefined && !ORGANIZATIONS.has(organization)) {
    return invalid('organization', 'Organization: is invalid')
  }
  return type !== undefined && !TYPES.has(type) ? invalid('ticket_type_id', 'Type: is invalid') : undefined
}
