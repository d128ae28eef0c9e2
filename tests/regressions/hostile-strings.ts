/** Strings at which patterns stumble that go back and forth: one sign or word many times over, before, between and behind what such a pattern looks for. */
import { excessiveGrowth } from '../support/effort'

const UNITS = [
  'a',
  'é',
  '中',
  '0',
  ' ',
  '\n',
  '\t',
  '.',
  '-',
  ':',
  ';',
  ',',
  '/',
  '\\',
  '@',
  'a@',
  'a.',
  '@a.',
  '<',
  '>',
  '<a ',
  '<!',
  '[',
  '](',
  '[a](',
  '{{',
  '&',
  '&amp;',
  '*a_',
  '`',
  '```\n',
  '- ',
  '> ',
  '|-',
  'a|b\n',
  '    a\n',
  ' \n',
  '\n\n ',
  'a\n\n',
  '=\n',
  '\u200b',
  '\ud800',
  '<br>',
  '<td>',
  'www.',
  'https://',
  'Mon-',
  'Mon 09:00-10:00, ',
  '12-25 ',
  'a to ',
  'botpress:',
  'Handoff reference: ',
]

const SHAPES: ((many: string) => string)[] = [
  (many) => many,
  (many) => `x${many}x`,
  (many) => `a@${many}@`,
  (many) => `https://x.test/${many} !`,
  (many) => `\`\`\`\n${many}x\n\`\`\``,
  (many) => `<a href="https://x.test/${many}">x<br>y<p>z`,
]

export interface HostileString {
  title: string
  of(length: number): string
}

export const HOSTILE: HostileString[] = UNITS.flatMap((unit) =>
  SHAPES.map((shape) => ({
    title: shape(`${JSON.stringify(unit)}…`),
    of: (length) => shape(unit.repeat(Math.ceil(length / unit.length))),
  }))
)

const LENGTH = 20_000

/** The first hostile string that keeps `read` busy for longer than its length explains, or makes it throw. */
export const slowFor = async (read: (text: string) => unknown, strings = HOSTILE): Promise<string | undefined> => {
  for (const { title, of } of strings) {
    try {
      const growth = await excessiveGrowth((length) => read(of(length)), LENGTH)
      if (growth !== undefined) return `${title}: ${growth.toFixed(0)} times as long for four times the length`
    } catch (error) {
      return `${title}: ${error instanceof Error ? error.name : String(error)}`
    }
  }
  return undefined
}

/** Of each kind the plain one: for what reads a text several times over. */
export const PLAIN = HOSTILE.filter(({ title }) => title.startsWith('"'))
