/**
 * How far a ticket has been read. `4711.88.open` holds the newest comment read, the agent last reported, and whether
 * the end was reported.
 *
 * Assignee and end are states without an id of their own, so they are reported when they differ from the cursor. The
 * cursor moves only together with an event: instances that read from the same cursor return the same events.
 */
export interface Cursor {
  comment: number
  agentId: string
  over: boolean
}

const START: Cursor = { comment: 0, agentId: '', over: false }

/** An invalid cursor reads from the ticket's beginning: the router drops duplicates but can't recover lost events. */
export const readCursor = (text: string | undefined): Cursor => {
  const match = /^(\d{1,16})\.(\d*)\.(open|over)$/.exec(text ?? '')
  return match ? { comment: Number(match[1]), agentId: match[2] ?? '', over: match[3] === 'over' } : START
}

export const writeCursor = (cursor: Cursor): string =>
  `${cursor.comment}.${cursor.agentId}.${cursor.over ? 'over' : 'open'}`
