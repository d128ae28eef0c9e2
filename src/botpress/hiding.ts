/** What is hidden from whom, as the Messages block of the configuration says. */
import type { AgentPart, MessagePart } from '../../providers/provider'
import { readHideLines, type Audience } from '../redaction/hide-lines'
import { createRedactor, patternProblem, type Redactor } from '../redaction/redact'
import type { FieldProblem } from '../routing/config-shape'
import type { Context } from './bp'
import type { Call } from './call'
import { messageSettings } from './message-settings'

/** What keeps the lines from being saved, under the field names that Studio shows. */
export const hidingProblems = async (configuration: Context['configuration']): Promise<FieldProblem[]> => {
  const { hide } = messageSettings(configuration)
  const { problems: unread } = readHideLines(hide)
  const problems = unread.map(({ index, problem }) => ({ field: _fieldOf(index), problem }))
  for (const [index, line] of hide.entries()) {
    for (const pattern of readHideLines([line]).lines.flatMap(({ patterns }) => patterns)) {
      const problem = await patternProblem(pattern)
      if (problem) problems.push({ field: _fieldOf(index), problem: `/${pattern}/ ${problem}` })
    }
  }
  return problems
}

const _fieldOf = (index: number): string => `Messages → Hide → ${index + 1}`

/** What is hidden from an audience. Costs nothing where nothing is. */
export const redactorFor = async (call: Call, audience: Audience): Promise<Redactor> =>
  createRedactor(readHideLines(messageSettings(call.context.configuration).hide).lines, audience)

/** The same message without what is hidden. Addresses of files stay: they are needed to open them. */
export const redactParts = <Part extends AgentPart | MessagePart>(redactor: Redactor, parts: Part[]): Part[] =>
  parts.map((part) => {
    if (part.type === 'text') return { ...part, text: redactor.redact(part.text) }
    if (part.type === 'file' && part.title !== undefined) return { ...part, title: redactor.redact(part.title) }
    if (part.type === 'desk-file' && part.name !== undefined) return { ...part, name: redactor.redact(part.name) }
    return part
  })
