import { ActionIcon, Button, Tooltip, useComputedColorScheme, useMantineColorScheme } from '@mantine/core'
import { MoonIcon, ResetIcon, SettingsIcon, SunIcon } from '../parts/icons'
import { usePage } from '../state/page-state'
import { ClockControl } from './clock-control'
import { DeliveryCounter } from './delivery-counter'

export const Header = ({ onConfigure }: { onConfigure(): void }) => {
  const { move, choose } = usePage()
  const { setColorScheme } = useMantineColorScheme()
  const isDark = useComputedColorScheme('light', { getInitialValueInEffect: false }) === 'dark'
  const reset = async () => {
    if (await move('reset', {})) choose('')
  }
  return (
    // A dialog has a header of its own: two banners would be one too many.
    <div className="top" role="region" aria-label="Playground">
      <img src="/icon.svg" alt="" width="34" height="34" />
      <div className="brand">
        <h1>HITL Router</h1>
        <p>Be the customer and the agents. All in between is real.</p>
      </div>
      <DeliveryCounter />
      <div className="tools">
        <ClockControl />
        <Button variant="default" size="sm" leftSection={<SettingsIcon />} onClick={onConfigure}>
          Configuration
        </Button>
        <Tooltip label="Start anew: no customers, no tickets">
          <Button variant="default" size="sm" leftSection={<ResetIcon />} onClick={() => void reset()}>
            Reset
          </Button>
        </Tooltip>
        <ActionIcon
          variant="default"
          size={36}
          aria-label={isDark ? 'Light colours' : 'Dark colours'}
          onClick={() => setColorScheme(isDark ? 'light' : 'dark')}
        >
          {isDark ? <SunIcon /> : <MoonIcon />}
        </ActionIcon>
      </div>
    </div>
  )
}
