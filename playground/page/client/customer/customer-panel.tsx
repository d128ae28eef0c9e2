import { ActionIcon, Button, Menu, NativeSelect, Textarea } from '@mantine/core'
import { useState } from 'react'
import { Chip } from '../parts/chip'
import { ClipIcon, SendIcon } from '../parts/icons'
import { usePage } from '../state/page-state'
import { useDraft } from '../state/use-draft'
import { Chat } from './chat'
import { HandoffForm } from './handoff-form'
import { NewCustomer } from './new-customer'

/** The customer’s side: a chat widget, as it stands on a website. */
export const CustomerPanel = () => {
  const { view, customer, choose, move } = usePage()
  if (!customer) return null
  const desk = view.desks.find(({ name }) => name === customer.desk)
  return (
    <section className="panel customer" aria-labelledby="customer-title">
      <div className="panel-head">
        <h2 id="customer-title">Customer</h2>
        <NativeSelect
          size="xs"
          aria-label="Which customer you are"
          value={customer.key}
          onChange={({ currentTarget }) => choose(currentTarget.value)}
          data={view.customers.map(({ key, name, isActive }) => ({
            value: key,
            label: `${name}${isActive ? ' · with an agent' : ''}`,
          }))}
        />
        <NewCustomer />
      </div>
      <p className="facts">
        <Chip tone={customer.isActive ? 'good' : 'plain'}>
          {customer.isActive ? `With the agents of ${desk?.title ?? 'a desk'}` : 'With the bot'}
        </Chip>
        {customer.language ? <Chip tone="info">speaks {customer.language}</Chip> : null}
        {customer.priority === 'normal' ? null : <Chip tone="warn">{customer.priority}</Chip>}
        {customer.tags.map((tag) => (
          <Chip key={tag}>{tag}</Chip>
        ))}
      </p>
      <div className="widget">
        <div className="widget-head">
          <span className="avatar bot" aria-hidden="true">
            A
          </span>
          <div>
            <strong>Acme Support</strong>
            <small>{customer.isActive ? 'A person answers' : 'The bot answers'}</small>
          </div>
          {customer.isActive ? (
            <Button size="compact-xs" variant="white" onClick={() => void move('end', { customer: customer.key })}>
              End the session
            </Button>
          ) : null}
        </div>
        <Chat customer={customer} />
        {customer.isActive ? null : <HandoffForm key={customer.key} customer={customer} />}
        <Say customer={customer.key} />
      </div>
    </section>
  )
}

const Say = ({ customer }: { customer: string }) => {
  const { view, move } = usePage()
  const [text, setText] = useDraft(`customer ${customer}`)
  const [isBusy, setBusy] = useState(false)
  const say = async () => {
    if (text.trim() === '' || isBusy) return
    setBusy(true)
    if (await move('say', { customer, text })) setText('')
    setBusy(false)
  }
  return (
    <form
      className="say"
      onSubmit={(event) => {
        event.preventDefault()
        void say()
      }}
    >
      <Menu position="top-start" withinPortal={false}>
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" size={36} aria-label="Send a photo, a file or a place">
            <ClipIcon />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {view.samples.map(({ id, label }) => (
            <Menu.Item key={id} onClick={() => void move('send', { customer, sample: id })}>
              {label}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      <Textarea
        className="grow"
        aria-label="Message"
        placeholder="Write as the customer…"
        autosize
        minRows={1}
        maxRows={5}
        maxLength={10_000}
        value={text}
        onChange={({ currentTarget }) => setText(currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return
          event.preventDefault()
          void say()
        }}
      />
      <ActionIcon type="submit" size={36} radius="xl" aria-label="Send">
        <SendIcon />
      </ActionIcon>
    </form>
  )
}
