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

/** What the bot asks for, leniently: a field that cannot be read is left out and said in the log, the handoff goes on. */
export const readSessionWishes = (call: Call, raw: unknown): SessionWishes => {
  if (raw === undefined || raw === null) return {}
  const whole = session.safeParse(raw)
  if (whole.success) return whole.data
  const unreadable = new Set(whole.error.issues.map((issue) => String(issue.path[0] ?? '')))
  call.log.warn('Some fields of hitlSession were left out: their values are not understood', {
    fields: [...unreadable].join(', '),
  })
  if (typeof raw !== 'object') return {}
  const rest = session.safeParse(Object.fromEntries(Object.entries(raw).filter(([field]) => !unreadable.has(field))))
  return rest.success ? rest.data : {}
}
