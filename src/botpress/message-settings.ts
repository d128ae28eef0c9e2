/** The Messages block of the configuration. */
import { oneLine } from '../../providers/kit/text'
import { DEFAULT_DAYS, messagesSchema, MOST_DAYS } from '../definition/messages'
import {
  fieldOf,
  isBlock,
  readNumber,
  readText,
  readTexts,
  unknownFields,
  type FieldProblem,
} from '../routing/config-shape'
import type { Context } from './bp'

export interface MessageSettings {
  /** How long agents' files stay at Botpress. */
  keepFilesDays: number
  /** Whether agents' edits and deletions of messages that the customer has are sent as corrections. */
  sendEdits: boolean
  /** Whether agents see at their messages that they were delivered, where the desk can show it. */
  showDelivered: boolean
  /** What agents are called, if each isn't called by their own name. */
  teamName: string | undefined
  /** Lines of what is hidden from whom (src/redaction/hide-lines.ts). */
  hide: string[]
  /** The phrase of an internal note that gives the conversation back to the bot. Empty: the default. */
  handBack: string
}

const LONGEST_NAME = 80

const FIELDS = Object.keys(messagesSchema().shape)

const _read = (configuration: Context['configuration']): { settings: MessageSettings; problems: FieldProblem[] } => {
  const given = (configuration as Record<string, unknown> | null | undefined)?.['messages']
  const block = isBlock(given) ? given : {}
  const problems: FieldProblem[] = []
  const days = readNumber(fieldOf(block, 'keepFilesDays', 'Messages → Keep files'), problems)
  if (days !== undefined && !(days >= 1 && days <= MOST_DAYS)) {
    problems.push({ field: 'Messages → Keep files', problem: `write a number of days from 1 to ${MOST_DAYS}` })
  }
  const named = readText(fieldOf(block, 'teamName', 'Messages → Team name'), problems)
  const hide = readTexts(fieldOf(block, 'hide', 'Messages → Hide'), problems)
  const handBack = readText(fieldOf(block, 'handBack', 'Messages → Hand back'), problems)
  problems.push(
    ...unknownFields(block, [], FIELDS).map(({ field, problem }) => ({
      field: field.replace('Routing', 'Messages'),
      problem,
    }))
  )
  const isInRange = days !== undefined && days >= 1 && days <= MOST_DAYS
  return {
    settings: {
      keepFilesDays: isInRange ? days : DEFAULT_DAYS,
      sendEdits: block['sendEdits'] !== false,
      showDelivered: block['showDelivered'] === true,
      teamName: oneLine(named ?? '', LONGEST_NAME) || undefined,
      hide: hide ?? [],
      handBack: handBack?.trim() ?? '',
    },
    problems,
  }
}

/** As configured. What isn't valid counts as not configured. */
export const messageSettings = (configuration: Context['configuration']): MessageSettings =>
  _read(configuration).settings

/** What keeps the block from being saved, under the field names that Studio shows. */
export const messageProblems = (configuration: Context['configuration']): FieldProblem[] =>
  _read(configuration).problems
