/** The Conversation block of the configuration: what each side sees of the other. */
import { oneLine } from '../../providers/kit/text'
import type { AgentPart, ConfigProblem, MessagePart } from '../../providers/provider'
import { conversationSchema } from '../definition/conversation'
import { readHideLines, type Audience } from '../redaction/hide-lines'
import { createRedactor, patternProblem, type Redactor } from '../redaction/redact'
import type { Context } from './bp'
import type { Call } from './call'

const LONGEST_NAME = 80

type Configuration = Context['configuration']

interface Block {
  teamName?: unknown
  hide?: unknown
}

const _block = (configuration: Configuration): Block => {
  const { conversation } = (configuration ?? {}) as { conversation?: unknown }
  return typeof conversation === 'object' && conversation !== null ? conversation : {}
}

/** What agents are called, if each is not called by their own name. */
export const teamName = ({ context }: Call): string | undefined => {
  const { teamName: name } = _block(context.configuration)
  return typeof name === 'string' ? oneLine(name, LONGEST_NAME) || undefined : undefined
}

/** What keeps the block from being saved, under the names that Studio shows. */
export const conversationProblems = async (configuration: Configuration): Promise<ConfigProblem[]> => {
  const { conversation } = (configuration ?? {}) as { conversation?: unknown }
  if (conversation === undefined || conversation === null) return []
  const known = conversationSchema.shape
  const problems = Object.entries(_block(configuration)).flatMap(([field, value]): ConfigProblem[] => {
    if (!Object.hasOwn(known, field)) return [{ field: `Conversation → ${field}`, problem: 'isn’t a field: remove it' }]
    if (field === 'teamName' && typeof value !== 'string' && value !== undefined && value !== null)
      return [{ field: 'Conversation → Team name', problem: 'isn’t a text' }]
    if (field === 'hide' && !Array.isArray(value) && typeof value !== 'string' && value !== undefined && value !== null)
      return [{ field: 'Conversation → Hide', problem: 'isn’t a list of texts' }]
    return []
  })
  const given = _hideLines(configuration)
  const { problems: unread } = readHideLines(given)
  problems.push(...unread.map(({ index, problem }) => ({ field: _hideField(index), problem })))
  for (const [index, line] of given.entries()) {
    for (const pattern of readHideLines([line]).lines.flatMap(({ patterns }) => patterns)) {
      const problem = await patternProblem(pattern)
      if (problem) problems.push({ field: _hideField(index), problem: `/${pattern}/ ${problem}` })
    }
  }
  return problems
}

const _hideField = (index: number): string => `Conversation → Hide → ${index + 1}`

const _hideLines = (configuration: Configuration): unknown[] => {
  const { hide } = _block(configuration)
  if (typeof hide === 'string') return hide.split('\n')
  return Array.isArray(hide) ? (hide as unknown[]) : []
}

/** What is hidden from an audience. Costs nothing where nothing is. */
export const redactorFor = async (call: Call, audience: Audience): Promise<Redactor> => {
  const { lines } = readHideLines(_hideLines(call.context.configuration))
  return createRedactor(lines, audience)
}

/** The same message without what is hidden. Addresses of files stay: they are needed to open them. */
export const redactParts = <Part extends AgentPart | MessagePart>(redactor: Redactor, parts: Part[]): Part[] =>
  parts.map((part) => {
    if (part.type === 'text') return { ...part, text: redactor.redact(part.text) }
    if (part.type === 'file' && part.title !== undefined) return { ...part, title: redactor.redact(part.title) }
    if (part.type === 'desk-file' && part.name !== undefined) return { ...part, name: redactor.redact(part.name) }
    return part
  })
