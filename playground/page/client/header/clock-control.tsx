import { Menu, Button } from '@mantine/core'
import { ClockIcon } from '../parts/icons'
import { usePage } from '../state/page-state'
import { useNow } from '../state/use-now'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const STEPS: [string, number][] = [
  ['10 seconds', 10_000],
  ['1 minute', MINUTE],
  ['1 hour', HOUR],
  ['8 hours', 8 * HOUR],
  ['1 day', 24 * HOUR],
  ['1 week', 7 * 24 * HOUR],
]

/** The clock of the whole playground. What is due on the way happens: closing times, timers, deliveries. */
export const ClockControl = () => {
  const { view, move } = usePage()
  const now = new Date(useNow())
  const day = now.toLocaleDateString('en-GB', { weekday: 'short', day: 'numeric', month: 'short' })
  const time = now.toLocaleTimeString('en-GB')
  return (
    <Menu position="bottom-end" withinPortal={false}>
      <Menu.Target>
        <Button variant="default" size="sm" leftSection={<ClockIcon />}>
          <span className="clock">
            {day} <b>{time}</b>
            <span className="hidden-text">. Move the clock</span>
          </span>
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {view.aheadMs >= MINUTE ? 'Ahead of your own clock. ' : ''}Move ahead; what is due happens
        </Menu.Label>
        {STEPS.map(([label, ms]) => (
          <Menu.Item key={label} onClick={() => void move('clock', { ms })}>
            + {label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}
