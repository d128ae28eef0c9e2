/** Writes runs of marked text as Markdown blocks. */

export type Mark = 'bold' | 'italic' | 'strike' | 'code'

export interface Run {
  /** With collapsed white space. A lone '\n' is a line break. */
  text: string
  marks: Mark[]
  link: string | undefined
}

/** A block's parent. `started`: its first block is written, so its marker isn't repeated. */
export type Container =
  | { kind: 'quote'; started: boolean }
  | { kind: 'bullets'; started: boolean }
  | { kind: 'numbers'; started: boolean; next: number }
  | { kind: 'item'; started: boolean; marker: string }

export interface Block {
  text: string
  /** Separator from the previous block: an empty line, except between items of a list. */
  gap: string
}

/** A heading (level 1 to 6) or a paragraph (level 0). Undefined when it is empty. */
export const writeParagraph = (runs: Run[], containers: Container[], level: number): Block | undefined => {
  const lines = _inline(runs)
  if (lines.length === 0) return undefined
  if (level > 0) return _place([`${'#'.repeat(level)} ${lines.filter(Boolean).join(' ')}`], containers)
  // Two spaces are a line break in Markdown, and invisible where Markdown isn't rendered.
  return _place(
    lines.map((line, index) => (line && lines[index + 1] ? `${line}  ` : line)),
    containers
  )
}

export const writeCode = (code: string, language: string, containers: Container[]): Block | undefined => {
  const text = code.replace(/^\n/, '').trimEnd()
  if (!text) return undefined
  const fence = '`'.repeat(Math.max(3, _longestTicks(text) + 1))
  return _place([fence + language, ...text.split('\n'), fence], containers)
}

const _place = (lines: string[], containers: Container[]): Block => {
  let first = ''
  let rest = ''
  let shared = ''
  let isTight = false
  let insideItem = false
  for (const container of containers) {
    switch (container.kind) {
      case 'quote':
        first += '> '
        rest += '> '
        isTight = false
        break
      case 'item':
        first += container.started ? ' '.repeat(container.marker.length) : container.marker
        rest += ' '.repeat(container.marker.length)
        if (container.started) isTight = false
        insideItem = true
        break
      default:
        isTight = container.started || insideItem
    }
    if (container.started) shared = rest
    container.started = true
  }
  return {
    text: lines.map((line, index) => _join(index === 0 ? first : rest, line)).join('\n'),
    gap: isTight ? '\n' : `\n${shared.trimEnd()}\n`,
  }
}

const _join = (prefix: string, line: string): string => (line ? prefix + line : prefix.trimEnd())

const OPENERS: Record<Exclude<Mark, 'code'>, string> = { bold: '**', italic: '*', strike: '~~' }

/** The runs as lines. Marks touch the words, since `** word **` isn't bold. */
const _inline = (runs: Run[]): string[] => {
  const out: string[] = []
  const open: { mark: string; close: string }[] = []
  let punctuation = ''
  let space = ''

  const closeTo = (depth: number): void => {
    while (open.length > depth) out.push(open.pop()?.close ?? '')
  }
  const flush = (depth: number, next: string): void => {
    // Markdown ignores a closing mark between punctuation and a letter.
    if (open.length > depth && punctuation && !space && /^[\p{L}\p{N}]/u.test(next)) {
      closeTo(depth)
      out.push(punctuation)
    } else {
      out.push(punctuation)
      closeTo(depth)
    }
    out.push(space)
    punctuation = ''
    space = ''
  }

  for (const run of _merged(runs)) {
    const core = run.text.trim()
    if (!core) {
      // Collapse empty lines: keeping them all would take quadratic time.
      space = (space + run.text).replace(/[^\n]/g, '').slice(0, 2) || ' '
      continue
    }
    if (/^\s/.test(run.text) && !space) space = ' '
    const marks = _marksOf(run)
    let shared = 0
    while (shared < open.length && open[shared]?.mark === marks[shared]?.mark) shared += 1
    flush(shared, core)
    for (const { mark, open: opener, close } of marks.slice(shared)) {
      out.push(opener)
      open.push({ mark, close })
    }
    if (run.marks.includes('code')) out.push(_code(core))
    else {
      const sentenceEnd = /[.,:!?]{1,3}$/.exec(core)?.[0] ?? ''
      out.push(_escape(core.slice(0, core.length - sentenceEnd.length), run.link !== undefined))
      punctuation = sentenceEnd
    }
    if (/\s$/.test(run.text)) space = ' '
  }
  space = ''
  flush(0, '')
  const lines = out
    .join('')
    .split('\n')
    .map((line) => line.trim().replace(/^(?:#{1,6}(?=\s|$)|>|[-=]+$)/, '\\$&'))
  return lines.filter((line, index) => line || (lines[index - 1] && index < lines.length - 1))
}

const _marksOf = (run: Run): { mark: string; open: string; close: string }[] => {
  const marks = run.link === undefined ? [] : [{ mark: `link ${run.link}`, open: '[', close: `](${run.link})` }]
  for (const [mark, sign] of Object.entries(OPENERS) as [Exclude<Mark, 'code'>, string][]) {
    if (run.marks.includes(mark)) marks.push({ mark, open: sign, close: sign })
  }
  return marks
}

/** Merges adjacent runs with the same marks. A link whose text is its address becomes plain text. */
const _merged = (runs: Run[]): Run[] => {
  const merged: { run: Run; key: string; texts: string[] }[] = []
  for (const run of runs) {
    const key = run.text === '\n' ? '\n' : `${run.marks.join(' ')} ${run.link ?? ''}`
    const last = merged.at(-1)
    if (last && last.key === key) last.texts.push(run.text)
    else merged.push({ run, key, texts: [run.text] })
  }
  return merged.map(({ run, texts }) => {
    const text = texts.join('').replace(/ {2,}/g, ' ')
    const isBare = run.link !== undefined && _withoutScheme(run.link) === _withoutScheme(text.trim())
    return { ...run, text, link: isBare ? undefined : run.link }
  })
}

const _withoutScheme = (address: string): string =>
  address.replace(/^(?:https?:\/\/|mailto:|tel:)/i, '').replace(/\/$/, '')

const ADDRESS = /((?:https?:\/\/|www\.)\S+)/i

/** Escapes characters where Markdown would interpret them. Addresses stay unchanged. */
const _escape = (text: string, inLink: boolean): string =>
  text
    .split(ADDRESS)
    .map((piece, index) => {
      if (index % 2 === 1) return piece
      const escaped = piece
        .replace(/[\\`]/g, '\\$&')
        .replace(/\*(?=\S)|(?<=\S)\*/g, '\\*')
        .replace(/(?<![\p{L}\p{N}_])_(?=\S)|(?<=\S)_(?![\p{L}\p{N}_])/gu, '\\_')
        .replace(/~~/g, '\\~\\~')
        .replace(/<(?=[a-z/!?])/gi, '\\<')
        .replace(/&(?=#?\w{1,31};)/g, '\\&')
      return inLink ? escaped.replace(/[[\]]/g, '\\$&') : escaped.replace(/\](?=\()/g, '\\]')
    })
    .join('')

const _code = (text: string): string => {
  const ticks = '`'.repeat(_longestTicks(text) + 1)
  const pad = text.startsWith('`') || text.endsWith('`') ? ' ' : ''
  return ticks + pad + text + pad + ticks
}

const _longestTicks = (text: string): number => {
  let longest = 0
  for (const [ticks] of text.matchAll(/`+/g)) longest = Math.max(longest, ticks.length)
  return longest
}
