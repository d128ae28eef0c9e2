import { RuntimeError, z } from '@botpress/sdk'
import { LONGEST_NAME, oneLine } from '../../providers/kit/text'
import type { Call } from '../botpress/call'
import { placeholderOf } from '../botpress/people'

const TAG_SIZE = 500

const input = z.object({
  name: z.string().nullish(),
  pictureUrl: z.string().nullish(),
  email: z.string().nullish(),
})

/**
 * Creates the customer's Botpress user. No desk is asked: which one takes the handoff is not known yet. The plugin
 * calls this once per person and keeps the answer. The address that the plugin invents names the person, so calls with
 * it make one user. An address that people type identifies nobody: every call with it makes another user.
 */
export const createUser = async (call: Call, raw: unknown): Promise<{ userId: string }> => {
  const parsed = input.safeParse(raw)
  if (!parsed.success)
    throw new RuntimeError('Create user takes a name, a picture URL and an e-mail address, all optional texts')
  const name = oneLine(parsed.data.name ?? '', LONGEST_NAME) || 'Customer'
  const email = parsed.data.email?.trim()
  const pictureUrl = parsed.data.pictureUrl?.trim()
  const person = { name, ...(pictureUrl ? { pictureUrl } : {}) }
  const placeholder = placeholderOf(email)
  if (placeholder) {
    const tags = { email: placeholder }
    const { user } = await call.client.getOrCreateUser({ ...person, tags, discriminateByTags: ['email'] })
    return { userId: user.id }
  }
  const tags = email && email.length < TAG_SIZE ? { email: email.toLowerCase() } : {}
  const { user } = await call.client.createUser({ ...person, tags })
  return { userId: user.id }
}
