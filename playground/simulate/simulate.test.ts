import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'
import { createStage } from '../../tests/support/simulated'
import { performed } from '../terminal/testing'
import { SIMULATE } from './arguments'
import { simulateCommand } from './main'

const ROOT = join(import.meta.dirname, '../..')
const EXAMPLE = join(ROOT, 'playground/examples/configuration.json')
const MONDAY = '2026-12-21T10:00:00+01:00'
/** The default time: a Monday morning. */
const NOW = Date.parse('2026-06-01T10:00:00+02:00')

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

const example = () => JSON.parse(readFileSync(EXAMPLE, 'utf8')) as Record<string, Record<string, unknown>>

const fileWith = (content: unknown): string => {
  const folder = mkdtempSync(join(tmpdir(), 'simulate-'))
  folders.push(folder)
  const file = join(folder, 'configuration.json')
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
  return file
}

const run = (...args: string[]) =>
  performed(SIMULATE, ({ values, output }) => simulateCommand(values, output, NOW), args)

const json = async (...args: string[]) => {
  const { code, out, error } = await run(...args, '--json')
  expect(
    error.split('\n').filter((line) => !line.startsWith('Note: Routing has the shape of an older version'))
  ).toEqual([''])
  expect(code).toBe(0)
  return JSON.parse(out) as {
    at: string
    decision: { kind: string; provider?: string; opening?: { at: string } }
    desks: { provider: string; outcome: string; reason: string; causes: string[] }[]
    language: { language?: string; source: string }
    rule?: string
    notes: string[]
    explanation: string[]
    distribution: Record<string, number>
    refused: number
  }
}

describe('the explanation', () => {
  it('names the desk with its reason, and why the others are out', async () => {
    const { code, out } = await run('--config', EXAMPLE, '--at', MONDAY, '--language', 'es')
    expect(code).toBe(0)
    expect(out).toBe(
      [
        'At Monday 2026-12-21 10:00 Europe/Paris (UTC+01:00)',
        'Goes to Intercom',
        'Language: es – the session says Spanish',
        'Note: no last session of the customer is known, so Sticky days has no effect',
        '1. Intercom – its turn (number 1)',
        '2. Slack – next in the rotation',
        " - Zendesk – doesn't serve Spanish",
        'The bot can tell the customer: Un agente puede atenderle ahora.',
        '',
        'How the configuration was understood:',
        '- Open desks take turns by weight: Zendesk, Intercom, Slack; a customer returns to the last desk for 7 days; ' +
          'English is the default language; a handoff that nobody can take is refused; times are in Europe/Paris.',
        '- Zendesk: English, French and German; Mon-Fri 09:00-18:00, Sat 10:00-14:00; ' +
          'closed on 25 December every year; 24 December 2026 09:00-12:00 (Europe/Paris); weight 5.',
        '- Intercom: English and Spanish; Mon-Fri 08:00-20:00 (Europe/Paris); weight 3.',
        '- Slack: all languages; Mon-Fri 09:00-17:30 (Europe/Paris); weight 2.',
        '- Rule 1 (VIP): when a tag is vip or enterprise: Slack, then Zendesk; ' +
          'the ticket gets priority urgent and gets the tag vip.',
        '- Rule 2 (French billing): when the language is French and a tag is billing: Zendesk; ' +
          'the ticket goes to queue 360001.',
        '',
      ].join('\n')
    )
  })

  it('is for the current time by default', async () => {
    expect((await json('--config', EXAMPLE)).at).toBe(new Date(NOW).toISOString())
  })

  it('detects the language from the customer’s text', async () => {
    const { language, decision } = await json(
      '--config',
      EXAMPLE,
      '--at',
      MONDAY,
      '--text',
      'Bonjour, mon imprimante brûle'
    )
    expect(language).toMatchObject({ language: 'fr', source: 'detected' })
    expect(decision.provider).toBe('zendesk')
  })

  it('applies rules by tag, and shows what they set on the ticket', async () => {
    const { out } = await run('--config', EXAMPLE, '--at', MONDAY, '--language', 'fr', '--tags', 'billing,other')
    expect(out).toContain('Rule: French billing')
    expect(out).toContain('The rule sets on the ticket: queue 360001')
  })

  it('reads a time without an offset in the time zone of Routing', async () => {
    expect((await json('--config', EXAMPLE, '--at', '2026-12-21T09:30')).at).toBe('2026-12-21T08:30:00.000Z')
  })

  it('echoes a time in the offset in which it was given', async () => {
    const away = ['--config', EXAMPLE, '--at', '2026-12-21T04:00-05:00']
    const text = await run(...away)
    expect(text.out.split('\n')[0]).toBe(
      'At Monday 2026-12-21 04:00 UTC-05:00: Monday 2026-12-21 10:00 Europe/Paris (UTC+01:00)'
    )
    expect(await json(...away)).toMatchObject({ asked: 'Monday 2026-12-21 04:00 UTC-05:00' })
    const here = await run('--config', EXAMPLE, '--at', '2026-12-21T09:00Z')
    expect(here.out).toContain('At Monday 2026-12-21 09:00 UTC: Monday 2026-12-21 10:00 Europe/Paris')
  })

  it('returns a customer to the last desk', async () => {
    const { decision, notes } = await json('--config', EXAMPLE, '--at', MONDAY, '--last-desk', 'slack')
    expect(decision.provider).toBe('slack')
    expect(notes).toEqual([])
  })

  it('speaks to the customer in the language of their text', async () => {
    const { out } = await run('--config', EXAMPLE, '--at', '2026-12-26T03:00', '--text', 'hallo, ich brauche Hilfe')
    expect(out).toContain(
      'The bot can tell the customer: Im Moment ist niemand erreichbar. Wir sind wieder für Sie da: Samstag, 10:00 Uhr'
    )
  })

  it('requests a desk, strictly or not', async () => {
    const requested = await json('--config', EXAMPLE, '--at', MONDAY, '--provider', 'Slack')
    expect(requested.decision).toEqual({ kind: 'assign', provider: 'slack' })
    const night = '2026-12-21T19:00:00+01:00'
    const fallback = await json('--config', EXAMPLE, '--at', night, '--provider', 'slack')
    expect(fallback.decision.provider).toBe('intercom')
    const strict = await json('--config', EXAMPLE, '--at', night, '--provider', 'slack', '--strict')
    expect(strict.decision).toMatchObject({ kind: 'refuse', opening: { at: '2026-12-22T08:00:00.000Z' } })
    expect(strict.refused).toBe(1)
  })

  it('leaves out desks that are down', async () => {
    const { desks } = await json('--config', EXAMPLE, '--at', MONDAY, '--down', 'zendesk', '--down', 'intercom')
    expect(desks.filter(({ causes }) => causes.includes('health')).map(({ provider }) => provider)).toEqual([
      'zendesk',
      'intercom',
    ])
    expect(desks[0]).toMatchObject({ provider: 'slack', outcome: 'eligible' })
  })

  it('shows the message for the customer when nobody is there', async () => {
    const { code, out } = await run('--config', EXAMPLE, '--at', '2026-12-26T03:00:00+01:00')
    expect(code).toBe(0)
    expect(out).toContain('Nobody is there: refused; opens Saturday 10:00 Europe/Paris')
    expect(out).toContain(
      'The bot can tell the customer: No agent is available at the moment. We open again Saturday 10:00 (CET).'
    )
  })

  it('equals the router’s own explanation for the same configuration', async () => {
    const stage = await createStage()
    const { routing, ...desks } = example()
    const configuration = stage.configuration(routing)
    for (const [name, { languages, hours, weight }] of Object.entries(desks)) {
      configuration[name] = { ...(configuration[name] as object), languages, hours, weight }
    }
    await stage.save(configuration)
    const answer = await stage.finish(
      stage.botpress.runtime.botCall('POST', '/v1/chat/actions', {
        type: 'desk:explainRouting',
        input: { at: MONDAY, tags: ['vip'], language: 'en', provider: 'slack' },
      })
    )
    const { output } = JSON.parse('body' in answer ? (answer.body ?? '') : '') as { output: { explanation: string } }
    const options = ['--at', MONDAY, '--tags', 'vip', '--language', 'en', '--provider', 'slack']
    const simulated = await json('--config', fileWith(configuration), ...options)
    expect(simulated.explanation.join('\n')).toBe(output.explanation)
  })
})

describe('the distribution over many handoffs', () => {
  it('is exact for a weighted rotation', async () => {
    const { distribution } = await json('--config', EXAMPLE, '--at', MONDAY, '--count', '1000')
    expect(distribution).toEqual({ zendesk: 500, intercom: 300, slack: 200 })
  })

  it('shows counts, shares and refusals as text', async () => {
    const { timeZone } = example()['routing'] ?? {}
    const file = fileWith({ slack: { ...example()['slack'], capacity: 3 }, routing: { timeZone } })
    const { out } = await run('--config', file, '--count', '4')
    expect(out).toContain('4 handoffs in a row, all still open\n')
    expect(out).toMatch(/^ {2}Slack {4}3 {3}75\.0 % {2}█+$/m)
    expect(out).toMatch(/^ {2}refused {2}1 {3}25\.0 % {2}█+$/m)
  })

  it('counts open sessions for the least-busy strategy', async () => {
    const { zendesk, slack } = example()
    const routing = { strategy: 'Fewest open sessions first', timeZone: 'Europe/Paris' }
    const file = fileWith({ zendesk: { ...zendesk, weight: 3 }, slack: { ...slack, weight: 1 }, routing })
    expect((await json('--config', file, '--count', '400')).distribution).toEqual({ slack: 100, zendesk: 300 })
  })

  it('draws percentage shares per handoff', async () => {
    const { zendesk, slack } = example()
    const routing = { preferredDesk: 'Zendesk', rules: ['pilot: share 20% -> slack'], timeZone: 'Europe/Paris' }
    const file = fileWith({ zendesk, slack, routing })
    const { distribution } = await json('--config', file, '--count', '5000')
    expect(distribution['slack']).toBeGreaterThan(850)
    expect(distribution['slack']).toBeLessThan(1150)
  })
})

describe('a configuration of an older version', () => {
  const older = () => {
    const { routing, ...desks } = example()
    const connections = Object.entries(desks).map(
      ([name, { languages: _languages, hours: _hours, weight: _weight, ...block }]) => [name, block]
    )
    return {
      ...Object.fromEntries(connections),
      routing: {
        strategy: 'round-robin',
        order: ['zendesk', 'intercom', 'slack'],
        timeZone: routing?.['timeZone'],
        desks: [
          { desk: 'zendesk', weight: 5, languages: 'en, fr', hours: 'Mon-Fri 09:00-18:00', dates: '12-25 closed' },
          { desk: 'slack', weight: 2 },
        ],
        rules: [{ name: 'VIP', tags: 'vip', desks: 'slack, zendesk', setPriority: 'urgent' }],
      },
    }
  }

  it('is simulated as it is, and converted with --convert into one that means the same', async () => {
    const options = ['--at', MONDAY, '--tags', 'vip', '--count', '70']
    const before = await json('--config', fileWith(older()), ...options)
    const { code, out } = await run('--config', fileWith(older()), '--convert')
    expect(code).toBe(0)
    const converted = JSON.parse(out) as { routing: object; zendesk: object }
    expect(converted.routing).toEqual({
      preferredDesk: 'Zendesk',
      thenDesks: 'Intercom, Slack',
      strategy: 'In turn by weight',
      timeZone: 'Europe/Paris',
      rules: ['VIP: tags vip -> slack, zendesk; priority urgent'],
    })
    expect(converted.zendesk).toMatchObject({
      hours: 'Mon-Fri 09:00-18:00; 12-25 closed',
      weight: 5,
      subdomain: 'acme',
    })
    expect(await json('--config', fileWith(converted), ...options)).toEqual(before)
  })
})

describe('an invalid configuration', () => {
  it('is refused with the message of a save and exit code 2', async () => {
    const configuration = example()
    configuration['zendesk'] = { enabled: true, clientId: 'hitl-router' }
    Object.assign(configuration['routing'] ?? {}, { timeZone: 'Europe/Pairs', thenDesks: 'slack, slack' })
    const stage = await createStage()
    const refusal = await stage.save(configuration).catch((error: Error) => error.message)
    expect(refusal).toContain('Zendesk → Subdomain')
    expect(refusal).toContain('Routing → Time zone')
    const { code, out, error } = await run('--config', fileWith(configuration))
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(error).toBe(`${String(refusal)}\n`)
  })

  it('may have placeholders for credentials, but must not omit them', async () => {
    const configuration = example()
    Object.assign(configuration['slack'] ?? {}, { botToken: '•••••••', signingSecret: '<redacted>' })
    Object.assign(configuration['intercom'] ?? {}, { accessToken: '********', clientSecret: '********' })
    expect((await run('--config', fileWith(configuration))).code).toBe(0)
    Object.assign(configuration['slack'] ?? {}, { botToken: 'xoxp-a-token-of-a-user' })
    delete configuration['intercom']?.['clientSecret']
    const { code, error } = await run('--config', fileWith(configuration))
    expect(code).toBe(2)
    expect(error).toContain('Slack → Bot token: Enter the Bot User OAuth Token')
    expect(error).toContain('Intercom → Client secret: is missing')
    expect(error).not.toContain('xoxp-a-token')
  })

  it('is refused when it isn’t JSON, isn’t a configuration, or can’t be read', async () => {
    const secret = 'xoxb-that-nobody-may-read'
    const broken = await run('--config', fileWith(`{"slack": {"botToken": "${secret}`))
    expect(broken).toMatchObject({ code: 2, out: '' })
    expect(broken.error).toContain("isn't valid JSON")
    expect(broken.error).not.toContain(secret)
    expect((await run('--config', fileWith('[]'))).error).toContain("isn't a configuration")
    expect((await run('--config', fileWith('{}'))).error).toContain('no desk is set up')
    expect(await run('--config', '/nowhere/configuration.json')).toMatchObject({
      code: 2,
      error: '--config: /nowhere/configuration.json doesn’t exist\n',
    })
  })

  it('may have unknown blocks and fields, which are named and ignored', async () => {
    const zendesk = { ...example()['zendesk'], brand: 'Acme' }
    const { code, error } = await run('--config', fileWith({ ...example(), zendesk, zendsk: {} }))
    expect(code).toBe(0)
    expect(error).toContain('Note: "zendsk" is ignored')
    expect(error).toContain('Note: "zendesk.brand" is ignored: version')
    expect(error).toContain('comes from another version')
  })

  it('is refused in one sentence when it is a folder, empty, not a text, or inside of something else', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'simulate-'))
    folders.push(folder)
    expect((await run('--config', folder)).error).toBe(
      `--config: ${folder} is a folder: give the path of the file in it\n`
    )
    expect((await run('--config', fileWith(' \n'))).error).toMatch(/ is empty\n$/)
    const binary = join(folder, 'binary')
    writeFileSync(binary, Buffer.from([0xff, 0xfe, 0x00, 0xd8]))
    expect((await run('--config', binary)).error).toContain('isn’t a text')
    const wrapped = await run('--config', fileWith({ id: 'inst', configuration: example() }))
    expect(wrapped).toMatchObject({ code: 2, error: expect.stringContaining('under “configuration”: keep only') })
  })
})

describe('the command line', () => {
  it.each([
    [['--nonsense'], "Unknown option '--nonsense'"],
    [['extra'], "Unexpected argument 'extra'"],
    [['--at'], "Option '--at <value>' argument missing"],
    [['--at', 'tomorrow'], `--at: "tomorrow" isn't a valid time`],
    [['--at', '2026-02-31'], `--at: "2026-02-31" isn't a valid time`],
    [['--at', '2026-02-28T25:00:00Z'], "isn't a valid time"],
    [['--language', 'jp'], `--language: "jp" is the code of Japan, not a language; write ja`],
    [['--last-desk', 'fax'], `--last-desk: "fax" isn't a desk`],
    [['--language', 'fr', '--text', 'bonjour'], '--language and --text exclude each other'],
    [['--priority', 'top'], `--priority: "top" isn't a priority; write one of low, normal, high, urgent`],
    [['--provider', 'fax'], `--provider: "fax" isn't a desk`],
    [['--strict'], '--strict needs --provider'],
    [['--down', 'fax'], `--down: "fax" isn't a desk`],
    [['--count', '0'], `--count: "0" isn't a valid count`],
    [['--count', '1.5'], `--count: "1.5" isn't a valid count`],
    [['--count', '1000000000'], `--count: "1000000000" isn't a valid count`],
  ])('refuses %j', async (args, problem) => {
    const { code, out, error } = await run('--config', EXAMPLE, ...args)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(error).toContain(problem)
    expect(error).toContain('--help')
  })

  it('needs a configuration', async () => {
    expect(await run()).toMatchObject({ code: 2, error: expect.stringContaining('--config is missing') })
  })

  it('prints its options with --help', async () => {
    const { code, out } = await run('--help')
    expect(code).toBe(0)
    for (const option of [
      'config',
      'at',
      'language',
      'text',
      'priority',
      'tags',
      'provider',
      'strict',
      'count',
      'down',
      'last-desk',
      'convert',
      'json',
    ]) {
      expect(out).toContain(`--${option}`)
    }
  })

  it('runs as a process', async () => {
    const start = (...args: string[]) =>
      promisify(execFile)(process.execPath, ['--import', 'tsx', 'playground/simulate.ts', ...args], { cwd: ROOT })
    const { stdout } = await start('--config', EXAMPLE, '--at', MONDAY, '--count', '10')
    expect(stdout).toContain('Goes to Zendesk')
    expect(stdout).toContain('10 handoffs')
    await expect(start('--config', EXAMPLE, '--count', 'many')).rejects.toMatchObject({ code: 2 })
  })
})
