import { Button, Tabs, Textarea } from '@mantine/core'
import { useState } from 'react'
import type { TicketView } from '../../view'
import { Log } from '../parts/log'
import { Attached, Typed } from '../parts/typed'
import { AttachButton, EntryMeta, onEnter, OtherTickets, Square, useAgent, type FaceProps } from './ticket-tools'

/** A ticket as agents of Zendesk know it: public replies, internal notes, a status. */
export const ZendeskTicket = ({ desk, ticket, agentId }: FaceProps) => (
  <div className="face zendesk">
    {ticket ? <Ticket key={ticket.index} desk={desk} ticket={ticket} agentId={agentId} /> : null}
    <OtherTickets desk={desk} {...(ticket ? { ticket } : {})} />
  </div>
)

const Ticket = ({ desk, ticket, agentId }: FaceProps & { ticket: TicketView }) => {
  const { text, setText, attachment, setAttachment, act } = useAgent(desk, ticket, agentId)
  const [kind, setKind] = useState<'reply' | 'note'>('reply')
  const isDone = ticket.status !== 'open'
  return (
    <article aria-label={`Ticket ${ticket.id}`}>
      <header className="ticket-head">
        <span className={`status is-${ticket.status}`}>{ticket.status}</span>
        <h3>{ticket.title}</h3>
        <small>
          #{ticket.id} · {ticket.customer}
        </small>
      </header>
      <dl className="fields">
        <dt>Requester</dt>
        <dd>{ticket.customer}</dd>
        <dt>Assignee</dt>
        <dd>
          {ticket.assignee?.name ?? '–'}{' '}
          {ticket.assignee?.id === agentId || isDone ? null : (
            <button type="button" className="link" onClick={() => void act('assign')}>
              take it
            </button>
          )}
        </dd>
        {ticket.tags.length > 0 ? (
          <>
            <dt>Tags</dt>
            <dd>{ticket.tags.join(', ')}</dd>
          </>
        ) : null}
      </dl>
      <Log label={`Conversation of ticket ${ticket.id}`}>
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
      <div className={`composer is-${kind}`}>
        <Tabs value={kind} onChange={(value) => setKind(value === 'note' ? 'note' : 'reply')} variant="pills">
          <Tabs.List aria-label="Kind of comment">
            <Tabs.Tab value="reply">Public reply</Tabs.Tab>
            <Tabs.Tab value="note">Internal note</Tabs.Tab>
          </Tabs.List>
          {(['reply', 'note'] as const).map((one) => (
            <Tabs.Panel key={one} value={one}>
              <Textarea
                aria-label={one === 'reply' ? 'Public reply' : 'Internal note'}
                placeholder={one === 'reply' ? 'Reply to the customer…' : 'Only agents see this…'}
                autosize
                minRows={2}
                maxRows={5}
                maxLength={10_000}
                value={text}
                onChange={({ currentTarget }) => setText(currentTarget.value)}
                onKeyDown={onEnter(() => void act(one))}
              />
            </Tabs.Panel>
          ))}
        </Tabs>
        <div className="row">
          <AttachButton value={attachment} onChange={setAttachment} />
          <span className="grow" />
          {isDone ? (
            <Button size="xs" variant="default" onClick={() => void act('reopen')}>
              Reopen
            </Button>
          ) : (
            <Button size="xs" variant="default" onClick={() => void act('solve')}>
              Submit as Solved
            </Button>
          )}
          <Button size="xs" onClick={() => void act(kind)}>
            Submit as Open
          </Button>
        </div>
      </div>
    </article>
  )
}
