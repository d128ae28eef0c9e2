/**
 * How far a ticket has been read. `4711.88.open` holds the newest comment read, the agent last reported, and whether
 * the end was reported. `4711.88.open.4702-a1b2c3,4688-gone` adds which redacted comments were reported, and in which
 * form.
 *
 * Assignee, end and redactions are states without an id of their own, so they are reported when they differ from the
 * cursor. The cursor moves only together with an event: instances that read from the same cursor return the same
 * events.
 */
export interface Cursor {
  comment: number
  agentId: string
  over: boolean
  /** Redacted comments: id and form. */
  redacted: ReadonlyMap<string, string>
}

const START: Cursor = { comment: 0, agentId: '', over: false, redacted: new Map() }

const FORM = /^(\d{1,16})\.(\d*)\.(open|over)(?:\.((?:\d{1,16}-\w{1,12},?)+))?$/

/** An invalid cursor reads from the ticket's beginning: the router drops duplicates but can't recover lost events. */
export const readCursor = (text: string | undefined): Cursor => {
  const match = FORM.exec(text ?? '')
  if (!match) return START
  const redacted = (match[4] ?? '').split(',').flatMap((entry): [string, string][] => {
    const [id, form] = entry.split('-')
    return id && form ? [[id, form]] : []
  })
  return {
    comment: Number(match[1]),
    agentId: match[2] ?? '',
    over: match[3] === 'over',
    redacted: new Map(redacted),
  }
}

export const writeCursor = ({ comment, agentId, over, redacted }: Omit<Cursor, 'redacted'> & Partial<Cursor>): string =>
  [
    comment,
    agentId,
    over ? 'over' : 'open',
    ...(redacted?.size ? [[...redacted].map(([id, form]) => `${id}-${form}`).join(',')] : []),
  ].join('.')
