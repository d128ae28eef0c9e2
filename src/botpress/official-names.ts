/** Names that belong to the bot, the router or the people of a desk. */
import { providers } from '../definition/registry'

const OFFICIAL = new Set(
  (
    'bot bots chatbot botpress router hitl system admin administrator moderator agent agents support operator ' +
    'assistant helpdesk'
  ).split(' ')
)

/** Letters of other scripts, and digits, that look like Latin ones. */
const LOOKALIKES = new Map(
  Object.entries({
    a: 'аΑαАａɑ',
    b: 'ВвΒβЬьҍ8',
    c: 'сСϲ',
    d: 'ԁ',
    e: 'еЕΕε3ё',
    g: 'ɡ',
    h: 'НнΗһ',
    i: 'іІΙι1|lӀ',
    k: 'кКΚκ',
    m: 'мМΜ',
    n: 'пΝո',
    o: 'оОΟοσ0օ',
    p: 'рРΡρ',
    r: 'гᴦ',
    s: 'ѕЅ5',
    t: 'тТΤτ7',
    u: 'υս',
    v: 'ν',
    x: 'хХΧχ',
    y: 'уУΥγү',
    z: 'Ζ',
  }).flatMap(([latin, others]) => [...others].map((other): [string, string] => [other, latin]))
)

/** Compares names as they look: without case, accents, invisible characters and the script that a letter is from. */
export const looksOfficial = (name: string): boolean => {
  const words = _skeleton(name).split(' ')
  return words.some((word) => OFFICIAL_LOOKS.has(word)) || OFFICIAL_LOOKS.has(words.join(''))
}

const _skeleton = (name: string): string =>
  [...name.normalize('NFKD').replace(/[\p{M}\p{Cf}]/gu, '')]
    .map((character) => LOOKALIKES.get(character) ?? character)
    .join('')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()

const OFFICIAL_LOOKS = new Set([...OFFICIAL, ...Object.values(providers).map(({ title }) => title)].map(_skeleton))
