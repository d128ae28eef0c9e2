/** Strings at which patterns stumble that go back and forth: one sign or word many times over, before, between and behind what such a pattern looks for. */

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

const SMALL = 30_000
const LARGE = 120_000
/** What takes longer for a small one is tried with a large one. */
const QUICK_MS = 150
/** Work that grows with the square of the length takes more than seven seconds for a large one. */
const LONGEST_MS = 2_500

const _time = (work: () => unknown): number => {
  const from = performance.now()
  work()
  return performance.now() - from
}

/** The first hostile string that keeps `read` busy for longer than its length explains, or makes it throw. */
export const slowFor = (read: (text: string) => unknown, strings = HOSTILE): string | undefined => {
  for (const { title, of } of strings) {
    try {
      if (_time(() => read(of(SMALL))) < QUICK_MS) continue
      const ms = _time(() => read(of(LARGE)))
      if (ms > LONGEST_MS) return `${title}: ${ms.toFixed(0)} ms`
    } catch (error) {
      return `${title}: ${error instanceof Error ? error.name : String(error)}`
    }
  }
  return undefined
}

/** Of each kind the plain one: for what reads a text several times over. */
export const PLAIN = HOSTILE.filter(({ title }) => title.startsWith('"'))
