/**
 * What Studio shows about routing: fields of each desk's block, and the Routing block. Leaves are texts, numbers,
 * choices and lists of texts, and none is required. parse-routing.ts checks the values.
 */
import { z } from '@botpress/sdk'
import type { NobodyThere, Otherwise, Strategy } from './routing'

/** Each choice as people read it, by its key. The first one is the default. */
export const STRATEGIES: Record<Strategy, string> = {
  priority: 'Preferred desk first',
  'round-robin': 'In turn by weight',
  'least-busy': 'Fewest open sessions first',
}
export const NOBODY_THERE: Record<NobodyThere, string> = {
  refuse: 'Refuse with the next opening time',
  'open-anyway': 'Open a ticket anyway',
  'after-hours': 'Use the after-hours desk',
}
export const OTHERWISE: Record<Otherwise, string> = {
  refuse: 'Use no other desk',
  'default-language': 'Use desks of the default language',
  'any-desk': 'Use any desk',
}

const _text = (title: string, description: string) => z.string().optional().title(title).describe(description)
const _number = (title: string, description: string) => z.number().optional().title(title).describe(description)
const _texts = (title: string, description: string) => z.array(z.string()).optional().title(title).describe(description)
const _choice = (words: Record<string, string>, title: string, description: string) => {
  const [first = '', ...others] = Object.values(words)
  return z
    .enum([first, ...others])
    .default(first)
    .title(title)
    .describe(description)
}

/** What is special about a desk, in its block. */
export const deskFields = () => ({
  languages: _text('Languages', 'fr, pt-BR, German'),
  hours: _text('Hours', 'Mon-Fri 9:00-18:00; 12-25 closed; Europe/Paris'),
  weight: _number('Weight', 'Its share.'),
  capacity: _number('Most open sessions', 'Then it is full.'),
})

/** `desks`: their titles, in registry order. */
export const routingSchema = <Titles extends [string, ...string[]]>(desks: Titles) => {
  const [one, other = one, third = other] = desks
  return z.object({
    preferredDesk: z
      .enum(desks)
      .optional()
      .title('Preferred desk')
      .describe('Comes first. To switch vendors, change this field.'),
    thenDesks: _text('Then', `The desks that follow, in order: ${other}, ${third}. Empty: as listed here.`),
    strategy: _choice(STRATEGIES, 'Strategy', 'Which open desk is next.'),
    rules: _texts(
      'Rules',
      `The first that fits: tags vip -> ${one}, ${other}; priority urgent · language fr and tags billing -> ${one}; queue 360001 · share 10% -> ${third}`
    ),
    otherwise: _choice(OTHERWISE, 'When a language’s or rule’s desks can’t', 'Closed, full or down: who takes over?'),
    timeZone: _text('Time zone', 'Of hours that name none, such as Europe/Paris.'),
    defaultLanguage: _text('Default language', 'When the customer’s is unknown.'),
    stickyDays: _number('Sticky days', 'So long a customer returns to the last desk. 0: off.'),
    onlyOnline: _text('Only with agents online', `Desks left out while nobody is online: ${one}, ${other}.`),
    nobodyThere: _choice(NOBODY_THERE, 'When nobody is there', 'When no desk can take a handoff.'),
    afterHoursDesk: z
      .enum(desks)
      .optional()
      .title('After-hours desk')
      .describe('Takes over then. If Then leaves it out, it takes nothing else.'),
    refusalTexts: _texts('Refusal texts', 'One per language: en: We are back {opening}.'),
    receivedTexts: _texts('Received texts', 'When a ticket waits: en: We answer from {opening} on.'),
    handedOnTexts: _texts('Handed-on texts', 'When the after-hours desk takes over.'),
  })
}

/** Names of the fields of older versions, as they were shown. */
export const OLDER_TITLES: Record<string, string> = {
  order: 'Order',
  desks: 'Desks',
  desk: 'Desk',
  weight: 'Weight',
  languages: 'Languages',
  hours: 'Hours',
  dates: 'Special dates',
  timeZone: 'Time zone',
  capacity: 'Capacity',
  name: 'Name',
  language: 'Language',
  priority: 'Priority',
  tags: 'Tags',
  share: 'Share',
  queue: 'Queue',
  setPriority: 'Set priority',
  addTags: 'Add tags',
  otherwise: 'Otherwise',
}
