import { Button, NativeSelect, TextInput } from '@mantine/core'
import { useState } from 'react'
import type { CustomerView } from '../../view'
import { usePage } from '../state/page-state'

/** The bot’s Start HITL card. */
export const HandoffForm = ({ customer }: { customer: CustomerView }) => {
  const { view, move } = usePage()
  const [title, setTitle] = useState('Printer on fire')
  const [provider, setProvider] = useState('')
  const [isBusy, setBusy] = useState(false)
  const start = async () => {
    if (isBusy) return
    setBusy(true)
    await move('start', { customer: customer.key, title, provider })
    setBusy(false)
  }
  return (
    <form
      className="handoff"
      aria-label="Ask for a human"
      onSubmit={(event) => {
        event.preventDefault()
        void start()
      }}
    >
      {customer.refusal ? (
        <p className="refusal" role="status">
          <strong>No desk took it.</strong> The bot may tell them: “{customer.refusal}”
        </p>
      ) : null}
      <div className="row">
        <TextInput
          className="grow"
          size="xs"
          aria-label="Subject"
          value={title}
          maxLength={250}
          onChange={({ currentTarget }) => setTitle(currentTarget.value)}
        />
        <NativeSelect
          size="xs"
          aria-label="Desk"
          value={provider}
          onChange={({ currentTarget }) => setProvider(currentTarget.value)}
          data={[
            { value: '', label: 'Routing decides' },
            ...view.desks.map(({ name, title }) => ({ value: name, label: title })),
          ]}
        />
      </div>
      <Button type="submit" fullWidth loading={isBusy}>
        Ask for a human
      </Button>
    </form>
  )
}
