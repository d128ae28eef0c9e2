import { RuntimeError, z } from '@botpress/sdk'
import { LONGEST_NAME, oneLine } from '../../providers/kit/text'
import type { Call } from '../botpress/call'

const input = z.object({
  name: z.string().nullish(),
  pictureUrl: z.string().nullish(),
  email: z.string().nullish(),
})

/**
 * Creates the customer's Botpress user. No desk is asked: which one takes the handoff is not known yet. The plugin
 * calls this once per person and keeps the answer. Calls at the same time make one user. The address identifies the
 * person, whether it is real or invented by the plugin.
 */
export const createUser = async (call: Call, raw: unknown): Promise<{ userId: string }> => {
  const parsed = input.safeParse(raw)
  if (!parsed.success)
    throw new RuntimeError('Create user takes a name, a picture URL and an e-mail address, all optional texts')
  const name = oneLine(parsed.data.name ?? '', LONGEST_NAME) || 'Customer'
  const email = parsed.data.email?.trim().toLowerCase()
  const pictureUrl = parsed.data.pictureUrl?.trim()
  const person = { name, ...(pictureUrl ? { pictureUrl } : {}) }
  if (!email || email.length >= 500) {
    // Without an address nothing identifies the person: every call creates another user.
    const { user } = await call.client.createUser({ ...person, tags: {} })
    return { userId: user.id }
  }
  const { user } = await call.client.getOrCreateUser({ ...person, tags: { email }, discriminateByTags: ['email'] })
  return { userId: user.id }
}
