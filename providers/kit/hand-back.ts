/** The phrase by which an agent gives the conversation back to the bot: alone in an internal note. */

import type { Tools } from './tools'

export const HAND_BACK_PHRASE = '/bot'

/** The phrase that is configured, without spaces around it. */
export const handBackPhrase = ({ handBack }: Tools): string => handBack?.trim() || HAND_BACK_PHRASE

/** Characters without a shape: formats, joiners, variation selectors, fillers. */
const INVISIBLE = /[\p{Cf}\p{Mn}\p{Me}\u115F\u1160\u2800\u3164\uFFA0]|(?![\t\n\r])\p{Cc}/gu

/**
 * Whether a note consists of the phrase, as people see it: without regard to case, spaces around it and characters that
 * have no shape. An empty `phrase` is the default.
 */
export const isHandBack = (note: string, phrase: string | undefined): boolean => {
  const wanted = _seen(phrase ?? '') || HAND_BACK_PHRASE
  return _seen(note) === wanted
}

const _seen = (text: string): string =>
  text.normalize('NFKC').replace(INVISIBLE, '').replace(/\s+/g, ' ').trim().toLowerCase()
