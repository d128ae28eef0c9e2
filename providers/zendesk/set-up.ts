import { z } from '@botpress/sdk'
import type { SubscriptionTarget } from '../provider'
import { hasCode, type Api } from './api'
import type { metaSchema } from './records'

/** Begins the names of what any router sets up. */
export const PREFIX = 'Botpress HITL Router'

/** The name of the installation's webhook, and the prefix of its triggers' titles. Both are found by it. */
export const nameOf = ({ installation }: Pick<SubscriptionTarget, 'installation'>): string =>
  `${PREFIX} ${installation}`

const PAGE_SIZE = 100
/** Stops a list that never ends. */
const MAX_PAGES = 100

interface Page<Item> {
  items: Item[]
  meta: z.infer<typeof metaSchema>
}

/** Reads all items of a list with cursor pagination. */
export const readPages = async <Item>(
  filter: Record<string, string>,
  read: (query: Record<string, string | number | undefined>) => Promise<Page<Item>>
): Promise<Item[]> => {
  const items: Item[] = []
  let after: string | undefined
  for (let count = 0; count < MAX_PAGES; count += 1) {
    const page = await read({ ...filter, 'page[size]': PAGE_SIZE, 'page[after]': after })
    items.push(...page.items)
    after = page.meta?.has_more ? (page.meta.after_cursor ?? undefined) : undefined
    if (after === undefined) break
  }
  return items
}

/** Deletes an object. Succeeds if it is already gone. */
export const remove = async (api: Api, path: string): Promise<void> => {
  try {
    await api.request({
      method: 'DELETE',
      path,
      schema: z.unknown(),
      purpose: 'remove the webhook or a trigger',
    })
  } catch (error) {
    if (!hasCode(error, 'not-found')) throw error
  }
}
