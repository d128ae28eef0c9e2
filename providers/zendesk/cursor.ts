/**
 * How far a ticket has been told: `4711.88.open` is the newest comment that was delivered, the agent that was last announced, and whether the end was.
 *
 * Who has the ticket and whether it is over are states, not entries with an id; they are told when they differ from the cursor. A cursor changes
 * only together with an event, so the same cursor always yields the same events: two instances that read at once tell the same twice, and
 * the core takes each once.
 */
export interface Cursor {
  comment: number
  agentId: string
  over: boolean
}

const START: Cursor = { comment: 0, agentId: '', over: false }

/** What cannot be read is the ticket's beginning: told twice is mended by the core, left out by nobody. */
export const readCursor = (text: string | undefined): Cursor => {
  const found = /^(\d{1,16})\.(\d*)\.(open|over)$/.exec(text ?? '')
  return found ? { comment: Number(found[1]), agentId: found[2] ?? '', over: found[3] === 'over' } : START
}

export const writeCursor = (cursor: Cursor): string =>
  `${cursor.comment}.${cursor.agentId}.${cursor.over ? 'over' : 'open'}`
