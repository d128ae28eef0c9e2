/**
 * Strings that slow down backtracking patterns: one unit repeated many times, alone or around what a pattern looks for.
 */
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

const SHAPES: ((repeated: string) => string)[] = [
  (repeated) => repeated,
  (repeated) => `x${repeated}x`,
  (repeated) => `a@${repeated}@`,
  (repeated) => `https://x.test/${repeated} !`,
  (repeated) => `\`\`\`\n${repeated}x\n\`\`\``,
  (repeated) => `<a href="https://x.test/${repeated}">x<br>y<p>z`,
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

const LENGTH = 10_000

/**
 * The title of the first hostile string for which the time of `read` grows faster than the length, or which makes it
 * throw.
 */
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

/** One string of each unit, for readers that read a text several times. */
export const PLAIN = HOSTILE.filter(({ title }) => title.startsWith('"'))
