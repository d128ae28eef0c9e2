import { RuntimeError, z } from '@botpress/sdk'
import type { Call } from '../botpress/call'

const input = z.object({
  name: z.string().nullish(),
  pictureUrl: z.string().nullish(),
  email: z.string().nullish(),
})

/**
 * A Botpress user for the customer and nothing else: which desk will take the handoff, if any, is not known here. The plugin calls this once per person and keeps the answer; it may call it several
 * times at once, which makes one user. The address, real or invented by the plugin, is what identifies the person.
 */
export const createUser = async (call: Call, raw: unknown): Promise<{ userId: string }> => {
  const parsed = input.safeParse(raw)
  if (!parsed.success)
    throw new RuntimeError('createUser needs a name, and a picture address and an e-mail address if there are any')
  const name = parsed.data.name?.trim() || 'Customer'
  const email = parsed.data.email?.trim().toLowerCase()
  const pictureUrl = parsed.data.pictureUrl?.trim()
  const person = { name, ...(pictureUrl ? { pictureUrl } : {}) }
  if (!email || email.length >= 500) {
    // Nothing identifies this person: every call is somebody else.
    const { user } = await call.client.createUser({ ...person, tags: {} })
    return { userId: user.id }
  }
  const { user } = await call.client.getOrCreateUser({ ...person, tags: { email }, discriminateByTags: ['email'] })
  return { userId: user.id }
}
