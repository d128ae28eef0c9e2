import { z } from '@botpress/sdk'
import type { SubscriptionTarget } from '../provider'
import { hasCode, type Api } from './api'

/** Under which an installation's webhook and triggers are found again. */
export const nameOf = (target: SubscriptionTarget): string => `Botpress HITL Router ${target.installation}`

export const metaSchema = z.object({ has_more: z.boolean().nullish(), after_cursor: z.string().nullish() }).nullish()

interface Page<Item> {
  items: Item[]
  meta: z.infer<typeof metaSchema>
}

/** All items of a list with cursor pagination. */
export const readPages = async <Item>(
  filter: Record<string, string>,
  read: (query: Record<string, string | number | undefined>) => Promise<Page<Item>>
): Promise<Item[]> => {
  const items: Item[] = []
  let after: string | undefined
  for (let count = 0; count < 100; count += 1) {
    const page = await read({ ...filter, 'page[size]': 100, 'page[after]': after })
    items.push(...page.items)
    after = page.meta?.has_more ? (page.meta.after_cursor ?? undefined) : undefined
    if (after === undefined) break
  }
  return items
}

/** Deletes; what is gone already is deleted. */
export const remove = async (api: Api, path: string): Promise<void> => {
  try {
    await api.request({
      method: 'DELETE',
      path,
      schema: z.unknown(),
      purpose: 'remove what the installation had set up',
    })
  } catch (error) {
    if (!hasCode(error, 'not-found')) throw error
  }
}
