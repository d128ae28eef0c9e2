/** Reads the texts for customers: one per language, `en: We are back {opening}.` */
import { fieldName, fieldOf, readTexts, type FieldProblem } from './config-shape'
import { languageName, readLanguage } from './language'
import type { Text, TextKind, Texts } from './routing'

const _FIELDS: Record<TextKind, string> = {
  refusal: 'refusalTexts',
  received: 'receivedTexts',
  handedOn: 'handedOnTexts',
}
/** A text is a message in a chat. */
const LONGEST_TEXT = 1_000

export const parseTexts = (block: Readonly<Record<string, unknown>>, problems: FieldProblem[]): Texts | undefined => {
  const kinds = Object.keys(_FIELDS) as TextKind[]
  const texts = kinds.flatMap((kind) => {
    const name = _FIELDS[kind]
    const lines = readTexts(fieldOf(block, name, fieldName([name])), problems)
    const read = lines.map((line, index) => _read(line, `${fieldName([name])} → ${index + 1}`, problems))
    for (const [index, { language }] of read.entries()) {
      if (read.findIndex((other) => other.language === language) === index) continue
      const what = language === undefined ? 'text without a language' : `text in ${languageName(language)}`
      problems.push({ field: `${fieldName([name])} → ${index + 1}`, problem: `is the second ${what}; keep one` })
    }
    return read.length === 0 ? [] : [[kind, read] as const]
  })
  return texts.length === 0 ? undefined : Object.fromEntries(texts)
}

const _read = (line: string, field: string, problems: FieldProblem[]): Text => {
  const [label, name = '', rest = ''] = /^\s*([^:{}.!?]{2,40}):\s*(.*)$/su.exec(line) ?? []
  const language = label === undefined ? undefined : readLanguage(name).tag
  const text = (language === undefined ? line : rest).trim()
  if (label !== undefined && language === undefined && /^[a-z]{2}(?:[-_][a-z0-9]+)?$/i.test(name.trim())) {
    problems.push({ field, problem: readLanguage(name).problem ?? '' })
  }
  if (text === '') problems.push({ field, problem: 'says nothing; write for example en: We are back {opening}.' })
  if (text.length > LONGEST_TEXT) problems.push({ field, problem: `is longer than ${LONGEST_TEXT} characters` })
  for (const [placeholder, inside = ''] of text.matchAll(/\{([^{}]{0,40})\}/g)) {
    if (inside === 'opening') continue
    problems.push({
      field,
      problem: `"${placeholder}" isn't known; write {opening} for the next opening time`,
    })
  }
  return { ...(language !== undefined && { language }), text }
}
