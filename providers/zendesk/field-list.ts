/** The ticket fields of an account. https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_fields/ */
import { z } from '@botpress/sdk'
import type { Api } from './api'
import { idSchema, metaSchema } from './records'
import { readPages } from './set-up'

const fieldSchema = z.object({
  id: idSchema,
  type: z.string().nullish().catch(undefined),
  title: z.string().nullish().catch(undefined),
  active: z.boolean().nullish().catch(undefined),
  /** Of drop-down lists: `{ name, value }`. */
  custom_field_options: z.unknown(),
})

export interface TicketField {
  id: string
  type?: string | null | undefined
  title?: string | null | undefined
  active?: boolean | null | undefined
  options?: unknown
}

/** Cached for ten minutes. */
export const readFieldList = (api: Api): Promise<TicketField[]> =>
  api.cached('ticket fields', async () => {
    const fields = await readPages({}, async (query) => {
      const page = await api.request({
        method: 'GET',
        path: '/api/v2/ticket_fields',
        query,
        schema: z.object({ ticket_fields: z.array(fieldSchema.nullable().catch(null)), meta: metaSchema }),
        purpose: 'list the ticket fields',
      })
      return { items: page.ticket_fields, meta: page.meta }
    })
    return fields.flatMap((field) =>
      field === null
        ? []
        : [
            {
              id: field.id,
              type: field.type,
              title: field.title,
              active: field.active,
              options: field.custom_field_options,
            },
          ]
    )
  })
