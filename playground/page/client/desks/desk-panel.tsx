import { Alert, NativeSelect, Tabs } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'
import type { DeskView } from '../../view'
import { usePage } from '../state/page-state'
import { useNow } from '../state/use-now'
import { CONDITIONS } from './conditions'
import { GenericDesk } from './generic-desk'
import { IntercomInbox } from './intercom-inbox'
import { SlackChannel } from './slack-channel'
import type { DeskFace } from './ticket-tools'
import { ZendeskTicket } from './zendesk-ticket'

/** How agents know their desk. A desk without a face of its own gets the general one. */
const FACES: Record<string, DeskFace> = { zendesk: ZendeskTicket, intercom: IntercomInbox, slack: SlackChannel }

/** The agents’ side: one desk at a time. The desk of the chosen customer comes to the front. */
export const DeskPanel = () => {
  const { view, customer } = usePage()
  const [tab, setTab] = useState<string | null>(customer?.desk ?? view.desks[0]?.name ?? null)
  const followed = useRef('')
  const place = `${customer?.key} ${customer?.desk}`
  useEffect(() => {
    if (customer?.desk && followed.current !== place) setTab(customer.desk)
    followed.current = place
  }, [customer?.desk, place])
  return (
    <section className="panel desks" aria-labelledby="desks-title">
      <div className="panel-head">
        <h2 id="desks-title">Agents’ desks</h2>
      </div>
      <Tabs value={tab} onChange={setTab} keepMounted={false} className="desk-tabs">
        <Tabs.List grow aria-label="Desks">
          {view.desks.map((desk) => (
            <Tabs.Tab key={desk.name} value={desk.name} leftSection={<Dot desk={desk} />}>
              {desk.title}
              <Count desk={desk} />
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {view.desks.map((desk) => (
          <Tabs.Panel key={desk.name} value={desk.name} className="desk">
            <Desk desk={desk} />
          </Tabs.Panel>
        ))}
      </Tabs>
    </section>
  )
}

const Dot = ({ desk }: { desk: DeskView }) => {
  const isDown = desk.condition === 'error' || desk.condition === 'unauthorized' || desk.breaker.state === 'open'
  return <span className={`dot ${isDown ? 'bad' : desk.condition === 'up' ? 'good' : 'warn'}`} aria-hidden="true" />
}

const Count = ({ desk }: { desk: DeskView }) => {
  const open = desk.tickets.filter(({ status }) => status === 'open').length
  return open === 0 ? null : (
    <span className="count">
      <span aria-hidden="true">{open}</span>
      <span className="hidden-text">, {open} open</span>
    </span>
  )
}

const Desk = ({ desk }: { desk: DeskView }) => {
  const { customer } = usePage()
  const [agentId, setAgent] = useState(desk.agents[0]?.id ?? '')
  const Face = FACES[desk.name] ?? GenericDesk
  const front = desk.tickets.find(({ customerKey }) => customerKey !== undefined && customerKey === customer?.key)
  return (
    <>
      <div className="desk-bar">
        <Condition desk={desk} />
        <NativeSelect
          size="xs"
          aria-label={`Which agent of ${desk.title} you are`}
          value={agentId}
          onChange={({ currentTarget }) => setAgent(currentTarget.value)}
          data={desk.agents.map(({ id, name }) => ({ value: id, label: name }))}
        />
      </div>
      <Breaker desk={desk} />
      <Face desk={desk} {...(front ? { ticket: front } : {})} agentId={agentId} />
    </>
  )
}

/** What a person lets the desk do. */
export const Condition = ({ desk }: { desk: DeskView }) => {
  const { move } = usePage()
  return (
    <NativeSelect
      size="xs"
      className={`condition is-${desk.condition}`}
      aria-label={`How ${desk.title} behaves`}
      value={desk.condition}
      onChange={({ currentTarget }) => void move('condition', { desk: desk.name, condition: currentTarget.value })}
      data={CONDITIONS}
    />
  )
}

const Breaker = ({ desk: { title, breaker } }: { desk: DeskView }) => {
  const now = useNow()
  if (breaker.state === 'closed' && breaker.failures === 0) return null
  const seconds = Math.max(0, Math.ceil(((breaker.until ?? now) - now) / 1_000))
  const failures = `${breaker.failures} ${breaker.failures === 1 ? 'failure' : 'failures'} in a row`
  const text = {
    open: `The breaker is open after ${failures}: new handoffs skip ${title} for ${seconds} s, then one tries it again.`,
    'half-open': `The breaker is half-open: the next handoff tries ${title} again.`,
    closed: `${failures}; three open the breaker.`,
  }[breaker.state]
  return (
    <Alert variant="default" className={`notice ${breaker.state === 'closed' ? 'warn' : 'bad'}`}>
      {text}
    </Alert>
  )
}
