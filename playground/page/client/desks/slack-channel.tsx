import { Button, Textarea } from '@mantine/core'
import type { ReactNode } from 'react'
import type { TicketEntry, TicketView } from '../../view'
import { Log } from '../parts/log'
import { Attached, Typed } from '../parts/typed'
import { AttachButton, EntryMeta, onEnter, OtherTickets, Square, useAgent, type FaceProps } from './ticket-tools'

const NOTE = '//'

/** A thread in a Slack channel: the app’s header with its buttons, and everybody’s replies. */
export const SlackChannel = ({ desk, ticket, agentId }: FaceProps) => (
  <div className="face slack">
    <p className="channel"># support</p>
    {ticket ? <Thread key={ticket.index} desk={desk} ticket={ticket} agentId={agentId} /> : null}
    <OtherTickets desk={desk} {...(ticket ? { ticket } : {})} />
  </div>
)

const Thread = ({ desk, ticket, agentId }: FaceProps & { ticket: TicketView }) => {
  const { text, setText, attachment, setAttachment, act } = useAgent(desk, ticket, agentId)
  const [root, ...replies] = ticket.entries
  const isNote = text.startsWith(NOTE)
  return (
    <article aria-label={`Thread of ${ticket.customer}`}>
      <Log label={`Thread of ${ticket.customer}`}>
        {root ? (
          <Message entry={root} isApp>
            {ticket.status === 'open' ? (
              <span className="actions">
                {ticket.assignee ? null : (
                  <Button size="compact-sm" onClick={() => void act('assign')}>
                    Claim
                  </Button>
                )}
                <Button size="compact-sm" variant="default" onClick={() => void act('solve')}>
                  Resolve
                </Button>
              </span>
            ) : (
              <span className="actions">✓ resolved</span>
            )}
          </Message>
        ) : null}
        <p className="replies">
          {replies.length} {replies.length === 1 ? 'reply' : 'replies'}
          {ticket.assignee ? ` · claimed by ${ticket.assignee.name}` : ''}
        </p>
        {replies.map((entry) => (
          <Message key={entry.id} entry={entry} isApp={entry.from === 'customer' || entry.name === 'HITL Router'} />
        ))}
      </Log>
      <div className={`composer is-${isNote ? 'note' : 'reply'}`}>
        <Textarea
          aria-label="Reply in the thread"
          placeholder="Reply… begin with // and only your team sees it"
          autosize
          minRows={2}
          maxRows={5}
          maxLength={10_000}
          value={text}
          onChange={({ currentTarget }) => setText(currentTarget.value)}
          onKeyDown={onEnter(() => void act('reply'))}
        />
        <div className="row">
          <AttachButton value={attachment} onChange={setAttachment} />
          <small className="grow">{isNote ? 'A note: the customer doesn’t see it' : ''}</small>
          <Button size="xs" onClick={() => void act('reply')}>
            Send
          </Button>
        </div>
      </div>
    </article>
  )
}

const Message = ({ entry, isApp, children }: { entry: TicketEntry; isApp: boolean; children?: ReactNode }) => (
  <div className={`message from-${entry.from}`}>
    <Square name={entry.name} tone={isApp ? 'app' : entry.from} />
    <div>
      <p className="meta">
        <b>{entry.name}</b> {isApp ? <i>APP</i> : null} <EntryMeta entry={entry} />
      </p>
      <Typed text={entry.text} mrkdwn />
      <Attached text={entry.text} files={entry.files} />
      {children}
    </div>
  </div>
)
