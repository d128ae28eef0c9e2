/** What all desks’ faces share. */
import { ActionIcon, Menu } from '@mantine/core'
import { useState, type ComponentType, type KeyboardEvent } from 'react'
import type { DeskView, TicketEntry, TicketView } from '../../view'
import { ClipIcon } from '../parts/icons'
import { RemarkLine } from '../parts/remark'
import { clockTime } from '../parts/time'
import { usePage } from '../state/page-state'
import { useDraft } from '../state/use-draft'

export interface FaceProps {
  desk: DeskView
  /** The chosen customer’s ticket, if this desk has one. */
  ticket?: TicketView
  /** The agent who acts. */
  agentId: string
}
export type DeskFace = ComponentType<FaceProps>

export type AgentMove = 'reply' | 'note' | 'assign' | 'solve' | 'reopen'

/** What the agent types, and how they send it. */
export const useAgent = (desk: DeskView, ticket: TicketView, agentId: string) => {
  const { move } = usePage()
  const [text, setText] = useDraft(`${desk.name} ${ticket.index}`)
  const [attachment, setAttachment] = useState('')
  const [isBusy, setBusy] = useState(false)
  const act = async (name: AgentMove): Promise<void> => {
    const writes = name === 'reply' || name === 'note'
    if (isBusy || (writes && text.trim() === '' && attachment === '')) return
    setBusy(true)
    const words = writes || name === 'solve' ? { text } : {}
    const files = name === 'reply' && attachment ? { attachment } : {}
    const isDone = await move('agent', {
      desk: desk.name,
      ticket: ticket.index,
      move: name,
      agentId,
      ...words,
      ...files,
    })
    if (isDone && (writes || name === 'solve')) {
      setText('')
      setAttachment('')
    }
    setBusy(false)
  }
  return { text, setText, attachment, setAttachment, act }
}

export const AttachButton = ({ value, onChange }: { value: string; onChange(id: string): void }) => {
  const { view } = usePage()
  const chosen = view.attachments.find(({ id }) => id === value)
  return (
    <Menu position="top-start" withinPortal={false}>
      <Menu.Target>
        <ActionIcon
          variant={chosen ? 'light' : 'subtle'}
          color={chosen ? 'brand' : 'gray'}
          size={32}
          aria-label={chosen ? `Attached: ${chosen.label}` : 'Attach a file'}
        >
          <ClipIcon />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {view.attachments.map(({ id, label }) => (
          <Menu.Item key={id} onClick={() => onChange(id)}>
            {label}
          </Menu.Item>
        ))}
        {chosen ? <Menu.Item onClick={() => onChange('')}>Nothing</Menu.Item> : null}
      </Menu.Dropdown>
    </Menu>
  )
}

/** The other tickets of the desk: a click brings their customer to the front. */
export const OtherTickets = ({ desk, ticket }: Pick<FaceProps, 'desk' | 'ticket'>) => {
  const { choose, view } = usePage()
  const others = desk.tickets.filter((other) => other !== ticket)
  if (others.length === 0)
    return ticket ? null : <p className="empty">No tickets yet. They appear here by themselves.</p>
  return (
    <nav className="others" aria-label={`Other conversations at ${desk.title}`}>
      {others.map((other) => {
        const customer = view.customers.find(({ key }) => key === other.customerKey)
        const isCurrent = other.customerKey === ticket?.customerKey
        const inner = (
          <>
            <b>{customer?.name ?? other.customer}</b>
            <span>{other.title}</span>
            <em>{other.status}</em>
          </>
        )
        return customer && !isCurrent ? (
          <button key={other.index} type="button" onClick={() => choose(customer.key)}>
            {inner}
          </button>
        ) : (
          <div key={other.index} className="other">
            {inner}
          </div>
        )
      })}
    </nav>
  )
}

export const EntryMeta = ({ entry }: { entry: TicketEntry }) => (
  <>
    <time dateTime={new Date(entry.at).toISOString()}>{clockTime(entry.at)}</time>
    {entry.remark ? <RemarkLine remark={entry.remark} /> : null}
  </>
)

export const Square = ({ name, tone }: { name: string; tone: string }) => (
  <span className={`avatar square ${tone}`} aria-hidden="true">
    {name.slice(0, 1)}
  </span>
)

/** Enter sends, Shift+Enter begins a line. */
export const onEnter = (send: () => void) => (event: KeyboardEvent) => {
  if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return
  event.preventDefault()
  send()
}
