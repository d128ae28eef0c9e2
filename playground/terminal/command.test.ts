import { describe, expect, it } from 'vitest'
import { InputError, oneOf, UsageError, wholeNumber, type CommandInfo, type Run } from './command'
import { wantsColors } from './output'
import { createProgress } from './progress'
import { performed } from './testing'

const OPTIONS = {
  count: { type: 'string', value: 'N', default: '1', help: 'how many' },
  tag: { type: 'string', value: 'A', multiple: true, help: 'a tag' },
  json: { type: 'boolean', default: false, help: 'print JSON' },
} as const
const INFO: CommandInfo<typeof OPTIONS> = {
  name: 'npm run example',
  about: 'Does something.',
  options: OPTIONS,
  examples: [['--count 3', 'three times']],
  exits: { 0: 'it worked', 1: 'it did not' },
}

const run = (
  args: string[],
  work: (run: Run<typeof OPTIONS>) => Promise<number | void> = () => Promise.resolve(),
  options: Parameters<typeof performed>[3] = {}
) => performed(INFO, work, args, options)

describe('a command', () => {
  it('prints its options, examples and exit codes with --help, whatever else is asked', async () => {
    for (const args of [['--help'], ['-h'], ['--nonsense', '--help']]) {
      const { code, out, error } = await run(args)
      expect({ code, error }).toEqual({ code: 0, error: '' })
      expect(out).toContain('npm run example -- [options]')
      expect(out).toContain('--count N   how many (default: 1)')
      expect(out).toContain('--tag A     a tag; may be repeated')
      expect(out).toContain('npm run example -- --count 3  three times')
      expect(out).toMatch(
        /Exit codes\n {2}0 {4}it worked\n {2}1 {4}it did not\n {2}2 {4}bad arguments\n {2}130 {2}Ctrl-C\n/
      )
    }
  })

  it('hands over its values, and ends with the code of its work', async () => {
    let seen: unknown
    const { code } = await run(['--count', '3', '--tag', 'a', '--tag', 'b'], ({ values }) => {
      seen = { ...values }
      return Promise.resolve(1)
    })
    expect(seen).toEqual({ count: '3', tag: ['a', 'b'], json: false })
    expect(code).toBe(1)
  })

  it.each([
    [['--nonsense'], "Unknown option '--nonsense' (--help lists the options)\n"],
    [['extra'], "Unexpected argument 'extra' (--help lists the options)\n"],
    [['--count'], "Option '--count <value>' argument missing (--help lists the options)\n"],
    [['--json=yes'], "Option '--json' does not take an argument (--help lists the options)\n"],
  ])('refuses %j in one sentence', async (args, sentence) => {
    expect(await run(args)).toEqual({ code: 2, out: '', error: sentence })
  })

  it.each([
    [() => wholeNumber('count', '1.5', 1), '--count must be a whole number from 1, not "1.5"'],
    [() => wholeNumber('count', '0x10', 1), '--count must be a whole number from 1, not "0x10"'],
    [() => wholeNumber('count', '', 1), '--count must be a whole number from 1, not ""'],
    [() => wholeNumber('count', '70000', 0, 65_535), '--count must be a whole number from 0 to 65535, not "70000"'],
    [() => oneOf('desk', 'fax', ['slack', 'zendesk']), '--desk must be one of slack, zendesk, not "fax"'],
  ])('says what a value should be', async (read, sentence) => {
    const { code, error } = await run([], () => Promise.resolve(Number(read())))
    expect({ code, error }).toEqual({ code: 2, error: `${sentence} (--help lists the options)\n` })
  })

  it('fails in one sentence, and shows where only when DEBUG is set', async () => {
    const fail = () => Promise.reject(new Error('The disk is full'))
    expect(await run([], fail)).toEqual({ code: 1, out: '', error: 'The disk is full\n' })
    expect((await run([], fail, { environment: { DEBUG: '1' } })).error).toContain('    at ')
    const unusable = () => Promise.reject(new InputError('x.json doesn’t exist'))
    expect(await run([], unusable)).toEqual({ code: 2, out: '', error: 'x.json doesn’t exist\n' })
    expect(new InputError('x')).toBeInstanceOf(UsageError)
  })
})

describe('Ctrl-C', () => {
  const endless = (prepare: (run: Run<typeof OPTIONS>) => void) => (given: Run<typeof OPTIONS>) => {
    prepare(given)
    return new Promise<number>(() => {})
  }

  it('ends with 130 and says how far the command was', async () => {
    let time = 0
    const stopped = await run(
      [],
      endless(({ progress }) => progress('7 of 10')),
      {
        now: () => time,
        onStart: (press) => {
          time = 3_000
          press()
        },
      }
    )
    expect(stopped).toEqual({ code: 130, out: '', error: '\nStopped after 3 s: 7 of 10\n' })
  })

  it('prints the summary that the command gives, and waits for what it cleans up', async () => {
    const cleaned: string[] = []
    const stopped = await run(
      [],
      endless(({ onInterrupt, output }) =>
        onInterrupt(async () => {
          await Promise.resolve()
          cleaned.push('yes')
          output.out('the report so far\n')
          return 0
        })
      ),
      { onStart: (press) => press() }
    )
    expect(stopped).toEqual({ code: 0, out: 'the report so far\n', error: '' })
    expect(cleaned).toEqual(['yes'])
  })

  it('ends at once when it is pressed again', async () => {
    const stopped = await run(
      [],
      endless(({ onInterrupt }) => onInterrupt(() => new Promise<void>(() => {}))),
      {
        onStart: (press) => {
          press()
          press()
        },
      }
    )
    expect(stopped.code).toBe(130)
  })

  it('hides what fails because it was stopped', async () => {
    let fail = (): void => {}
    const stopped = await run(
      [],
      ({ onInterrupt }) =>
        new Promise((_resolve, reject) => {
          fail = () => reject(new Error('A worker ended'))
          onInterrupt(async () => {
            fail()
            await Promise.resolve()
            return 'nothing yet'
          })
        }),
      { onStart: (press) => press() }
    )
    expect(stopped).toMatchObject({ code: 130, error: '\nStopped after 0 s: nothing yet\n' })
  })
})

describe('progress', () => {
  const watched = (isTerminal: boolean) => {
    let time = 0
    const written: string[] = []
    const progress = createProgress({ write: (text) => written.push(text), isTerminal, now: () => time })
    const at = (ms: number, text: string): void => {
      time = ms
      progress(text)
    }
    return { written, progress, at }
  }

  it('is silent for two seconds, then prints a line now and then', () => {
    const { written, at } = watched(false)
    for (let ms = 0; ms <= 12_000; ms += 100) at(ms, `${ms / 100} of 120`)
    expect(written).toEqual(['20 of 120\n', '70 of 120\n', '120 of 120\n'])
  })

  it('rewrites one line on a terminal, and removes it at the end', () => {
    const { written, at, progress } = watched(true)
    at(2_000, 'one')
    at(2_050, 'two')
    at(2_300, 'three')
    progress.end()
    at(9_000, 'four')
    expect(written).toEqual(['\r\u001B[Kone', '\r\u001B[Kthree', '\r\u001B[K'])
  })

  it('prints nothing of what is done within two seconds', () => {
    const { written, at, progress } = watched(true)
    at(1_900, 'done')
    progress.end()
    expect(written).toEqual([])
  })
})

describe('colours', () => {
  it.each([
    [{ isTTY: true }, {}, true],
    [{ isTTY: true }, { NO_COLOR: '' }, true],
    [{ isTTY: true }, { NO_COLOR: '1' }, false],
    [{ isTTY: true }, { TERM: 'dumb' }, false],
    [{}, {}, false],
  ])('on %j with %j: %s', (stream, environment, expected) => {
    expect(wantsColors(stream, environment)).toBe(expected)
  })
})
