/**
 * The grammar of a rule: conditions, an arrow, desks, options.
 *
 *     tags vip -> alpha, beta; priority urgent
 *     French billing: language fr and tags billing -> beta; queue 360001; otherwise any desk
 *     share 10% -> gamma
 *     hours Mon-Fri 22:00-06:00 -> any desk; tags night
 *
 * A rule without conditions applies to all handoffs: `all -> alpha`.
 */
import { after, cut, plain, quote, trimmed, withoutTrailing, type Parsed, type Piece } from './parsed'

/** The parts of a rule, as they were written. */
export interface RuleParts {
  name?: string
  language?: Piece
  priority?: Piece
  tags?: Piece
  hours?: Piece
  share?: Piece
  desks?: Piece
  queue?: Piece
  setPriority?: Piece
  addTags?: Piece
  otherwise?: Piece
}

type Part = Exclude<keyof RuleParts, 'name'>

const _CONDITIONS: Record<string, Part> = {
  language: 'language',
  languages: 'language',
  lang: 'language',
  priority: 'priority',
  priorities: 'priority',
  tag: 'tags',
  tags: 'tags',
  tagged: 'tags',
  hours: 'hours',
  during: 'hours',
  share: 'share',
}
const _OPTIONS: Record<string, Part> = {
  queue: 'queue',
  group: 'queue',
  team: 'queue',
  channel: 'queue',
  priority: 'setPriority',
  'set priority': 'setPriority',
  tag: 'addTags',
  tags: 'addTags',
  'add tag': 'addTags',
  'add tags': 'addTags',
  otherwise: 'otherwise',
  else: 'otherwise',
}
const _anyOf = (words: Record<string, Part>): string =>
  Object.keys(words)
    .toSorted((one, other) => other.length - one.length)
    .join('|')

const _arrow = /-{1,2}>|=>|→|➔|➜|⇒/
const _condition = new RegExp(
  String.raw`^(${_anyOf(_CONDITIONS)})(?:\s*[:=]\s*|\s+(?:is|are|in|of|one of)\s+|\s+|$)`,
  'i'
)
const _option = new RegExp(String.raw`^(${_anyOf(_OPTIONS)})(?:\s*[:=]\s*|\s+(?:is|to)\s+|\s+|$)`, 'i')
const _beforeCondition = new RegExp(
  String.raw`(?:[;,&+]|\band\b|\s(?!\s))(?=\s*(?:and\s+)?(?:${_anyOf(_CONDITIONS)})\b(?:\s*[:=]|\s))` +
    String.raw`|(?:[;&+]|,\s|\band\b)(?=\s*\d+(?:[.,]\d+)?\s*%)`,
  'i'
)
const _beforeOption = new RegExp(
  String.raw`[;&+]|(?:,|\band\b|(?<!\bset)(?<!\badd)\s(?!\s))(?=\s*(?:and\s+)?(?:${_anyOf(_OPTIONS)})(?:\s*[:=]|\s))`,
  'i'
)
const _named = new RegExp(
  String.raw`^([^:]{1,60}):\s*(?=(?:${_anyOf(_CONDITIONS)})\b(?:\s|[:=])|(?:all|any|always|everything|everyone|the rest|if|when)\b|\d+(?:[.,]\d+)?\s*%|$)`,
  'i'
)
const _everything =
  /^(?:(?:all|any)(?: (?:other )?handoffs?| others?)?|always|every(?:thing|one)(?: else)?|any(?:thing|one)|(?:the )?rest|\*)?$/i
const _joiner = /^(?:if|when|and|with|for)\s+/i

/** Reads a line into its parts. The values are checked by parse-rules.ts. `desk`: the name of a desk, for examples. */
export const parseRuleLine = (line: string, desk: string): Parsed<RuleParts> => {
  const whole = { text: plain(line), at: 0 }
  const arrow = _arrow.exec(whole.text)
  if (!arrow) {
    const problem = `has no "->" between its conditions and its desks; write for example tags vip -> ${desk}`
    return { problems: [`${quote(trimmed(whole))} ${problem}`] }
  }
  const parts: RuleParts = {}
  const problems: string[] = []
  let left = trimmed({ text: whole.text.slice(0, arrow.index), at: 0 })
  const name = _named.exec(left.text)
  if (name?.[1] !== undefined && !Object.hasOwn(_CONDITIONS, name[1].trim().toLowerCase())) {
    parts.name = name[1].trim().replace(/^["“”'](.*)["“”']$/, '$1')
    left = after(left, name[0].length)
  }
  _readConditions(left, parts, problems)
  const right = after(whole, arrow.index + arrow[0].length)
  if (right.text === '') problems.push(`names no desk after "->"; write for example -> ${desk}, or -> any desk`)
  _readOptions(right, parts, problems)
  return problems.length > 0 ? { problems } : { value: parts }
}

const _readConditions = (left: Piece, parts: RuleParts, problems: string[]): void => {
  for (const found of cut(_withoutJoiner(left), _beforeCondition)) {
    const piece = _withoutJoiner({ ...found, text: withoutTrailing(found.text, ' ;,&+\t') })
    if (_everything.test(piece.text)) continue
    const [matched, keyword = ''] = _condition.exec(piece.text) ?? ['']
    const part = Object.hasOwn(_CONDITIONS, keyword.toLowerCase()) ? _CONDITIONS[keyword.toLowerCase()] : undefined
    const isShare = part === undefined && /^\d+(?:[.,]\d+)?\s*%/.test(piece.text)
    if (part === undefined && !isShare) {
      const problem = 'is no condition; write language, priority, tags, hours or share, with "and" between them'
      problems.push(`${quote(piece)} ${problem}`)
      continue
    }
    _keep(parts, part ?? 'share', after(piece, matched.length), piece, problems)
  }
}

const _readOptions = (right: Piece, parts: RuleParts, problems: string[]): void => {
  for (const piece of cut(right, _beforeOption)) {
    const [matched, keyword = ''] = _option.exec(piece.text) ?? ['']
    const option = keyword.toLowerCase().replace(/\s+/g, ' ')
    const part = Object.hasOwn(_OPTIONS, option) ? _OPTIONS[option] : undefined
    if (part !== undefined) _keep(parts, part, after(piece, matched.length), piece, problems)
    else if (parts.desks === undefined && Object.keys(parts).every((known) => !_isOption(known))) parts.desks = piece
    else if (parts.desks !== undefined && !_isAfterOption(parts)) {
      const { text, at } = parts.desks
      parts.desks = { text: `${text},${' '.repeat(Math.max(0, piece.at - at - text.length - 1))}${piece.text}`, at }
    } else {
      problems.push(`${quote(piece)} is no option; write queue, priority, tags or otherwise after the desks`)
    }
  }
}

const _isOption = (part: string): boolean => Object.values(_OPTIONS).includes(part as Part)
const _isAfterOption = (parts: RuleParts): boolean => Object.keys(parts).some(_isOption)

const _keep = (parts: RuleParts, part: Part, value: Piece, piece: Piece, problems: string[]): void => {
  if (value.text === '') problems.push(`${quote(piece)} says nothing; write for example ${_EXAMPLES[part]}`)
  else if (parts[part] !== undefined) problems.push(`${quote(piece)} is the second of its kind; join the two`)
  else if (/^not\s/i.test(value.text)) {
    problems.push(`${quote(piece)}: a rule can't exclude; write a rule for the others above it`)
  } else parts[part] = value
}

const _EXAMPLES: Record<Part, string> = {
  language: 'language fr',
  priority: 'priority high, urgent',
  tags: 'tags vip',
  hours: 'hours Mon-Fri 09:00-17:00',
  share: 'share 10%',
  desks: 'any desk',
  queue: 'queue 360001',
  setPriority: 'priority urgent',
  addTags: 'tags vip',
  otherwise: 'otherwise any desk',
}

const _withoutJoiner = (piece: Piece): Piece => {
  const length = _joiner.exec(piece.text)?.[0].length ?? 0
  return after(piece, length)
}
