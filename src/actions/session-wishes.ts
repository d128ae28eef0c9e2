import { z } from '@botpress/sdk'
import type { Call } from '../botpress/call'

const session = z.object({
  provider: z.string().nullish(),
  strict: z.boolean().nullish(),
  language: z.string().nullish(),
  priority: z.enum(['low', 'normal', 'high', 'urgent']).nullish(),
  queue: z.string().nullish(),
  tags: z.array(z.string()).nullish(),
  nobodyThere: z.enum(['refuse', 'open-anyway', 'after-hours']).nullish(),
  email: z.string().nullish(),
  name: z.string().nullish(),
})
export type SessionWishes = z.infer<typeof session>

/** The bot's wishes for this handoff. A field that isn't valid is logged and left out: the handoff goes on. */
export const readSessionWishes = (call: Call, raw: unknown): SessionWishes => {
  if (raw === undefined || raw === null) return {}
  const whole = session.safeParse(raw)
  if (whole.success) return whole.data
  const invalid = new Set(whole.error.issues.map((issue) => String(issue.path[0] ?? '')))
  call.log.warn('Some fields of hitlSession are ignored: their values aren’t valid', {
    fields: [...invalid].join(', '),
  })
  if (typeof raw !== 'object') return {}
  const rest = session.safeParse(Object.fromEntries(Object.entries(raw).filter(([field]) => !invalid.has(field))))
  return rest.success ? rest.data : {}
}
