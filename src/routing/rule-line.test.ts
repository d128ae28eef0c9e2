import { describe, expect, test } from 'vitest'
import { describeRule } from './describe'
import { parseRouting } from './parse-routing'
import { desks, order, ranked } from './rank.fixture'

const parsed = (...rules: unknown[]) => parseRouting({ timeZone: 'Europe/Paris', rules }, desks)

const understood = (line: string): string => {
  const { routing, problems } = parsed(line)
  if (!routing) return (problems ?? []).map(({ field, problem }) => `${field}: ${problem}`).join('\n')
  const [rule] = routing.rules
  return rule ? `${rule.name === 'rule 1' ? '' : `[${rule.name}] `}${describeRule(rule, routing)}` : ''
}

describe('a rule in one line', () => {
  const vip = 'when a tag is vip: Gamma, then Alpha; the ticket gets priority urgent.'
  const billing = 'when the language is French and a tag is billing: Alpha; the ticket goes to queue 360001.'

  test.each([
    ['tags vip -> gamma, alpha; priority urgent', vip],
    ['tag vip → Gamma then Alpha; priority urgent', vip],
    ['tags: vip => GAMMA / ALPHA; set priority urgent', vip],
    ['if tags = "vip" -> gamma and alpha, priority urgent', vip],
    ['tags vip \u2013> gamma > alpha; priority: urgent', vip],
    ['language fr and tags billing -> alpha; queue 360001', billing],
    ['tags billing; language French -> alpha; queue: 360001', billing],
    ['tags billing language français -> alpha, queue 360001', billing],
    ['when language is fr & tags are billing -> alpha; queue 360001', billing],
    ['share 10% -> beta', '10 % of all handoffs: Beta.'],
    ['10 % -> beta', '10 % of all handoffs: Beta.'],
    ['share 10 percent of handoffs -> beta', '10 % of all handoffs: Beta.'],
    ['share 12,5% and tags x -> beta', '12.5 % of handoffs when a tag is x: Beta.'],
    ['language fr and 20% -> beta', '20 % of handoffs when the language is French: Beta.'],
    ['all -> beta', 'all handoffs: Beta.'],
    ['everything else -> beta', 'all handoffs: Beta.'],
    ['-> beta', 'all handoffs: Beta.'],
    [
      'priority high, urgent -> any desk; tags hot',
      'when the priority is high or urgent: Alpha, then Beta, then Gamma; the ticket gets the tag hot.',
    ],
    ['VIP: tags vip, gold -> gamma', '[VIP] when a tag is vip or gold: Gamma.'],
    ['Priority customers: tags vip -> gamma', '[Priority customers] when a tag is vip: Gamma.'],
    [
      'hours Mon-Fri 9-12 and 13-17; Sat 10-12 and tags vip -> gamma',
      'when a tag is vip and the time is within Mon-Fri 09:00-12:00 and 13:00-17:00, Sat 10:00-12:00 (Europe/Paris): Gamma.',
    ],
    [
      'hours Mon-Fri 22:00-06:00; Asia/Tokyo -> gamma',
      'when the time is within Mon-Fri 22:00-06:00 (Asia/Tokyo): Gamma.',
    ],
    ['tags vip -> gamma; otherwise any desk', 'when a tag is vip: Gamma; if they can’t, any desk takes over.'],
    [
      'tags vip -> gamma; else default language',
      'when a tag is vip: Gamma; if they can’t, the desks of the default language take over.',
    ],
    ['tags vip -> gamma; otherwise refuse', 'when a tag is vip: Gamma; if they can’t, no other desk takes over.'],
    ['language pt-BR|es -> gamma/alpha', 'when the language is Brazilian Portuguese or Spanish: Gamma, then Alpha.'],
  ])('%s', (line, meaning) => expect(understood(line)).toBe(meaning))

  test.each([
    [
      'tags vip',
      `"tags vip" (character 1) has no "->" between its conditions and its desks; write for example tags vip -> alpha`,
    ],
    ['tags vip to gamma', 'has no "->"'],
    ['tags vip ->', 'names no desk after "->"; write for example -> alpha, or -> any desk'],
    [
      'tags vip -> gama',
      `"gama" (character 13) isn't a configured desk; fill in its connection, or write one of alpha, beta, gamma`,
    ],
    ['vip -> gamma', '"vip" (character 1) is no condition; write language, priority, tags, hours or share'],
    ['tags -> gamma', '"tags" (character 1) says nothing; write for example tags vip'],
    ['tags , -> gamma', 'says nothing'],
    ['tags not vip -> gamma', "a rule can't exclude"],
    ['tags a and tags b -> gamma', '"tags b" (character 12) is the second of its kind; join the two'],
    ['language kr -> gamma', '"kr" (character 10) is Kanuri'],
    ['language jp -> gamma', 'write ja'],
    ['priority asap -> gamma', `"asap" (character 10) isn't a priority; write one of low, normal, high, urgent`],
    ['share 0.2 -> gamma', `0.2 isn't valid; write a percentage from 1 to 100, such as 20 for 20 %`],
    ['share 0 -> gamma', 'write a percentage from 1 to 100'],
    ['share 150% -> gamma', 'write a percentage from 1 to 100'],
    ['hours Mon-Fri 9-5 -> gamma', '"9-5" (character 15) ends before it starts; write 09:00-17:00'],
    ['hours Sun closed -> gamma', 'is never used: these hours never come'],
    ['tags vip -> gamma, alpha; queue 1', 'is valid for one desk only'],
    ['tags vip -> gamma; priority asap', `"asap" (character 29) isn't a priority`],
    ['tags vip -> gamma; otherwise panic', `"panic" isn't valid; write one of refuse, default language, any desk`],
  ])('refused: %s', (line, advice) => {
    expect(understood(line)).toContain('Routing → Rules → 1: ')
    expect(understood(line)).toContain(advice)
  })

  test('a text may hold several lines, and empty ones don’t count', () => {
    expect(parseRouting({ rules: 'tags a -> alpha\n\n tags b -> beta' }, desks).routing?.rules).toHaveLength(2)
    expect(parsed('tags a -> alpha', '', null, { tags: 'b', desks: 'beta' }).routing?.rules).toHaveLength(2)
  })
})

describe('rules that can never be used are refused', () => {
  test.each([
    [['all -> gamma', 'tags vip -> alpha'], 'rule 1 takes all of its handoffs; move this rule above'],
    [['tags vip -> gamma', 'tags vip and language fr -> alpha'], 'rule 1 takes all'],
    [['tags vip, gold -> gamma', 'tags gold -> alpha'], 'rule 1 takes all'],
    [['tags VIP -> gamma', 'tags vip -> alpha'], 'rule 1 has the same conditions'],
    [['language fr -> gamma', 'language fr-CA -> alpha'], 'rule 1 takes all'],
    [['share 60% -> gamma', 'share 40% -> alpha', 'tags vip -> beta'], 'rules 1 and 2 take all of its handoffs'],
    [['hours 24/7 -> gamma', 'tags vip -> alpha'], 'rule 1 takes all'],
    [['hours Mon-Fri 9-17 -> gamma', 'hours Mon-Fri 10-12 and tags x -> alpha'], 'rule 1 takes all'],
    [['priority high, urgent -> gamma', 'priority urgent and share 50% -> alpha'], 'rule 1 takes all'],
  ])('%j', (rules, why) => {
    const { problems = [] } = parsed(...rules)
    expect(problems.map(({ field }) => field)).toEqual([`Routing → Rules → ${rules.length}`])
    expect(problems[0]?.problem).toContain(why)
  })

  test.each([
    [['tags vip -> gamma', 'language fr -> alpha', 'all -> beta']],
    [['language fr-CA -> gamma', 'language fr -> alpha']],
    [['tags gold -> gamma', 'tags vip, gold -> alpha']],
    [['share 60% -> gamma', 'tags vip -> alpha']],
    [['hours Mon-Fri 9-17 -> gamma', 'hours Mon-Sat 9-17 -> alpha']],
  ])('but not %j', (rules) => expect(parsed(...rules).problems).toBeUndefined())
})

test('tags fit in any case', () => {
  for (const [rule, tag] of [
    ['VIP', 'vip'],
    ['vip', 'VIP '],
    ['Ärger', 'ÄRGER'],
  ] as const) {
    expect(order(ranked({ rules: [`tags ${rule} -> gamma`] }, { tags: [tag] })), rule).toEqual(['gamma'])
  }
})

test('a rule with a share that was asked is named, whether it takes the handoff or not', () => {
  const config = { rules: ['Trial: share 50% -> beta'] }
  const notes = Array.from({ length: 40 }, (_handoff, index) => ranked(config, { id: `h${index}` }).notes)
  expect(new Set(notes.flat())).toEqual(
    new Set([
      'Trial takes 50 % of such handoffs; this one is among them',
      'Trial takes 50 % of such handoffs; this one is not',
    ])
  )
})
