import { ActionIcon, Button, NativeSelect, Popover, TextInput } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useState } from 'react'
import { PlusIcon } from '../parts/icons'
import { usePage } from '../state/page-state'

const EMPTY = { name: '', language: '', priority: 'normal', tags: '' }

export const NewCustomer = () => {
  const { move, choose } = usePage()
  const [isOpen, { toggle, close }] = useDisclosure(false)
  const [given, setGiven] = useState(EMPTY)
  const set = (field: keyof typeof EMPTY) => (event: { currentTarget: { value: string } }) => {
    const { value } = event.currentTarget
    setGiven((before) => ({ ...before, [field]: value }))
  }
  const create = async () => {
    const tags = given.tags
      .split(',')
      .map((tag) => tag.trim())
      .filter(Boolean)
    const answer = await move<{ customer: string }>('customer', { ...given, tags })
    if (!answer) return
    choose(answer.customer)
    setGiven(EMPTY)
    close()
  }
  return (
    <Popover
      opened={isOpen}
      onChange={(opened) => !opened && close()}
      position="bottom-end"
      trapFocus
      withinPortal={false}
    >
      <Popover.Target>
        <ActionIcon variant="default" size={30} aria-label="New customer" onClick={toggle}>
          <PlusIcon />
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown aria-label="New customer">
        <form
          className="new-customer"
          onSubmit={(event) => {
            event.preventDefault()
            void create()
          }}
        >
          <TextInput
            size="xs"
            label="Name"
            placeholder="Dan Diver"
            value={given.name}
            onChange={set('name')}
            maxLength={100}
          />
          <TextInput
            size="xs"
            label="Language"
            placeholder="fr"
            value={given.language}
            onChange={set('language')}
            maxLength={20}
          />
          <NativeSelect
            size="xs"
            label="Priority"
            data={['low', 'normal', 'high', 'urgent']}
            value={given.priority}
            onChange={set('priority')}
          />
          <TextInput
            size="xs"
            label="Tags"
            placeholder="vip, billing"
            value={given.tags}
            onChange={set('tags')}
            maxLength={200}
          />
          <Button type="submit" size="xs" fullWidth>
            Be this customer
          </Button>
        </form>
      </Popover.Dropdown>
    </Popover>
  )
}
