import { Button, Textarea } from '@mantine/core'
import type { TicketView } from '../../view'
import { Log } from '../parts/log'
import { Attached, Typed } from '../parts/typed'
import { EntryMeta, onEnter, OtherTickets, Square, useAgent, type FaceProps } from './ticket-tools'

/** Any desk that has no face of its own yet. */
export const GenericDesk = ({ desk, ticket, agentId }: FaceProps) => (
  <div className="face generic">
    {ticket ? <Ticket key={ticket.index} desk={desk} ticket={ticket} agentId={agentId} /> : null}
    <OtherTickets desk={desk} {...(ticket ? { ticket } : {})} />
  </div>
)

const Ticket = ({ desk, ticket, agentId }: FaceProps & { ticket: TicketView }) => {
  const { text, setText, act } = useAgent(desk, ticket, agentId)
  return (
    <article aria-label={ticket.title}>
      <header className="ticket-head">
        <span className={`status is-${ticket.status}`}>{ticket.status}</span>
        <h3>{ticket.title}</h3>
        <small>{ticket.assignee ? `Assigned to ${ticket.assignee.name}` : 'Unassigned'}</small>
      </header>
      <Log label={`Conversation: ${ticket.title}`}>
        {ticket.entries.map((entry) => (
          <div key={entry.id} className={`comment from-${entry.from}`}>
            <Square name={entry.name} tone={entry.from} />
            <div>
              <p className="meta">
                <b>{entry.name}</b> {entry.from === 'note' ? <i>Internal</i> : null} <EntryMeta entry={entry} />
              </p>
              <Typed text={entry.text} />
              <Attached text={entry.text} files={entry.files} />
            </div>
          </div>
        ))}
      </Log>
      <div className="composer">
        <Textarea
          aria-label="Reply"
          autosize
          minRows={2}
          value={text}
          maxLength={10_000}
          onChange={({ currentTarget }) => setText(currentTarget.value)}
          onKeyDown={onEnter(() => void act('reply'))}
        />
        <div className="row">
          {(['assign', 'note', 'solve', 'reopen', 'reply'] as const).map((name) => (
            <Button
              key={name}
              size="xs"
              variant={name === 'reply' ? 'filled' : 'default'}
              onClick={() => void act(name)}
            >
              {name}
            </Button>
          ))}
        </div>
      </div>
    </article>
  )
}
