/** Sets how a desk behaves. A full desk is one whose limit of open sessions is reached. */
import type { Condition } from './conditions'
import { sandboxAt } from './desk-side'
import { addCustomer, say } from './customers'
import { saveConfiguration, type Play } from './play'
import { sessionsOf } from './sessions'

export const setCondition = async (play: Play, desk: string, condition: Condition): Promise<void> => {
  sandboxAt(play, desk)
  const before = play.conditions[desk]
  play.conditions[desk] = condition
  play.changed()
  if (before === 'full' && condition !== 'full') await _limit(play, desk, undefined)
  if (condition === 'full' && before !== 'full') await _fill(play, desk)
}

const _limit = (play: Play, desk: string, capacity: number | undefined): Promise<void> => {
  const { capacity: _before, ...block } = (play.configuration[desk] ?? {}) as Record<string, unknown>
  const limit = capacity === undefined ? {} : { capacity }
  return saveConfiguration(play, { ...play.configuration, [desk]: { ...block, ...limit } })
}

/** One place, taken: by the sessions that are open there, or else by a visitor. */
const _fill = async (play: Play, desk: string): Promise<void> => {
  const { bot } = play.world.botpress
  const open = () => sessionsOf(play).filter((session) => session.desk === desk && session.isOpen).length
  if (open() === 0) {
    const visitor = addCustomer(play, { name: 'Vic Visitor' })
    await say(play, visitor, 'I was here first')
    await play.exchanges.within({ customer: visitor.key }, () =>
      bot.startHitl(visitor.conversationId, { title: 'First come, first served', hitlSession: { provider: desk } })
    )
  }
  await _limit(play, desk, Math.max(1, open()))
}
