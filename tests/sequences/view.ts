/** What the customer must see, where the model allows more than one outcome. */
import { AGENT_JOINED } from '../../playground/botpress/plugin/texts'

/**
 * What became of an agent's message. `either`: the bot ended the session while it was in flight. `one`: it crossed the
 * end by an agent at a desk whose tickets don't record ends, so it is either shown before the end or reported to its
 * author.
 */
export type Fate = 'shown' | 'told' | 'either' | 'one'

/** A line of the customer's conversation. */
export interface Line {
  text: string
  /** Lines of one burst are so close that an agent may be announced before another agent's earlier message. */
  burst: number
  /** It crossed an end, so it may be missing. */
  isOptional: boolean
  /** An announcement that is shown exactly when this text is. */
  announces?: string
}

/** Keeps the optional lines that were seen; they are certain from now on. */
export const keepSeen = (lines: Line[], seen: string[]): Line[] => {
  let surplus = seen.length - lines.filter(({ isOptional }) => !isOptional).length
  return lines.flatMap((line) => {
    if (!line.isOptional) return [line]
    const words = line.announces ?? line.text
    const isSeen = words === AGENT_JOINED ? surplus > 0 : seen.includes(words)
    if (isSeen) surplus -= 1
    return isSeen ? [{ ...line, isOptional: false }] : []
  })
}

/** Within a burst, an agent may be announced earlier than right before their own message. */
export const arrange = (lines: Line[], seen: string[]): string[] => {
  const arranged: string[] = []
  for (const { burst } of lines) {
    const expected = lines.filter((line) => line.burst === burst).map(({ text }) => text)
    if (lines[arranged.length]?.burst !== burst) continue
    const found = seen.slice(arranged.length, arranged.length + expected.length)
    arranged.push(...(_isSooner(found, expected) ? found : expected))
  }
  return arranged
}

const _isSooner = (found: string[], expected: string[]): boolean => {
  const counted = (texts: string[]) => {
    let joined = 0
    return texts.flatMap((text) => {
      if (text !== AGENT_JOINED) return [{ text, joined }]
      joined += 1
      return []
    })
  }
  const [before, after] = [counted(found), counted(expected)]
  return (
    before.length === after.length &&
    before.every(({ text, joined }, index) => text === after[index]?.text && joined >= after[index].joined)
  )
}

/**
 * What its author must be told wasn't delivered. A message in flight at the bot's end may be shown and reported;
 * neither is a loss.
 */
export const reported = (words: string, fate: Fate, shown: string[], seen: string[]): string[] => {
  if (fate === 'one') return shown.some((text) => text.endsWith(`: ${words}`)) ? [] : [words]
  if (fate !== 'either') return fate === 'told' ? [words] : []
  return seen.includes(words) || !shown.some((text) => text.endsWith(`: ${words}`)) ? [words] : []
}
