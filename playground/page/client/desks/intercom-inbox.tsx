import { Button, SegmentedControl, Textarea } from '@mantine/core'
import { useState } from 'react'
import type { TicketView } from '../../view'
import { Log } from '../parts/log'
import { Attached, Typed } from '../parts/typed'
import { AttachButton, EntryMeta, onEnter, OtherTickets, useAgent, type FaceProps } from './ticket-tools'

/** A conversation in Intercom’s inbox: bubbles, notes, an assignee, and Close. */
export const IntercomInbox = ({ desk, ticket, agentId }: FaceProps) => (
  <div className="face intercom">
    {ticket ? <Conversation key={ticket.index} desk={desk} ticket={ticket} agentId={agentId} /> : null}
    <OtherTickets desk={desk} {...(ticket ? { ticket } : {})} />
  </div>
)

const Conversation = ({ desk, ticket, agentId }: FaceProps & { ticket: TicketView }) => {
  const { text, setText, attachment, setAttachment, act } = useAgent(desk, ticket, agentId)
  const [kind, setKind] = useState('reply')
  const isClosed = ticket.status !== 'open'
  return (
    <article aria-label={`Conversation with ${ticket.customer}`}>
      <header className="ticket-head">
        <span className={`status is-${ticket.status}`}>{isClosed ? 'closed' : 'open'}</span>
        <h3>{ticket.customer}</h3>
        <small>{ticket.assignee ? `Assigned to ${ticket.assignee.name}` : 'Unassigned'}</small>
        <span className="actions">
          {ticket.assignee?.id === agentId || isClosed ? null : (
            <Button size="compact-xs" variant="default" onClick={() => void act('assign')}>
              Assign to me
            </Button>
          )}
          <Button size="compact-xs" variant="default" onClick={() => void act(isClosed ? 'reopen' : 'solve')}>
            {isClosed ? 'Reopen' : 'Close'}
          </Button>
        </span>
      </header>
      <Log label={`Conversation with ${ticket.customer}`}>
        {ticket.entries.map((entry) =>
          entry.from === 'system' ? (
            <p key={entry.id} className="system-line">
              {entry.name}: {entry.text}
            </p>
          ) : (
            <div key={entry.id} className={`part from-${entry.from}`}>
              <div className="part-bubble">
                <Typed text={entry.text} />
                <Attached text={entry.text} files={entry.files} />
              </div>
              <p className="meta">
                {entry.name} {entry.from === 'note' ? <i>Note</i> : null} <EntryMeta entry={entry} />
              </p>
            </div>
          )
        )}
      </Log>
      <div className={`composer is-${kind}`}>
        <SegmentedControl
          size="xs"
          aria-label="Reply or note"
          value={kind}
          onChange={setKind}
          data={[
            { value: 'reply', label: 'Reply' },
            { value: 'note', label: 'Note' },
          ]}
        />
        <Textarea
          aria-label={kind === 'note' ? 'Note' : 'Reply'}
          placeholder={kind === 'note' ? 'Only teammates see this…' : 'Reply to the customer…'}
          autosize
          minRows={2}
          maxRows={5}
          maxLength={10_000}
          value={text}
          onChange={({ currentTarget }) => setText(currentTarget.value)}
          onKeyDown={onEnter(() => void act(kind === 'note' ? 'note' : 'reply'))}
        />
        <div className="row">
          <AttachButton value={attachment} onChange={setAttachment} />
          <span className="grow" />
          <Button size="xs" onClick={() => void act(kind === 'note' ? 'note' : 'reply')}>
            {kind === 'note' ? 'Add note' : 'Send'}
          </Button>
        </div>
      </div>
    </article>
  )
}
