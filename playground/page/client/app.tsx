import { Drawer, Tabs } from '@mantine/core'
import { useDisclosure, useMediaQuery } from '@mantine/hooks'
import { useState } from 'react'
import { ConfigurationForm } from './configuration/configuration-form'
import { CustomerPanel } from './customer/customer-panel'
import { DeskPanel } from './desks/desk-panel'
import { Header } from './header/header'
import { Notices } from './header/notices'
import { Scenarios } from './header/scenarios'
import { RoutingPanel } from './routing/routing-panel'
import { Timeline } from './timeline/timeline'

/** Customer, timeline and desks: side by side, or one at a time where the screen is narrow. */
export const App = () => {
  const isNarrow = useMediaQuery('(max-width: 68em)', false, { getInitialValueInEffect: false })
  const [isConfiguring, { open, close }] = useDisclosure(false)
  return (
    <>
      <a className="skip" href="#main">
        Skip to the conversation
      </a>
      <Header onConfigure={open} />
      <main id="main" className="page">
        <Scenarios />
        <Notices />
        {isNarrow ? <Narrow /> : <Wide />}
      </main>
      <Drawer
        opened={isConfiguring}
        onClose={close}
        title={<span className="drawer-title">Configuration</span>}
        position="right"
        size="xl"
        closeButtonProps={{ 'aria-label': 'Close the configuration' }}
      >
        <ConfigurationForm onSaved={close} />
      </Drawer>
    </>
  )
}

const Wide = () => (
  <div className="columns">
    <CustomerPanel />
    <div className="middle">
      <RoutingPanel />
      <Timeline />
    </div>
    <DeskPanel />
  </div>
)

const Narrow = () => {
  const [tab, setTab] = useState<string | null>('customer')
  return (
    <Tabs value={tab} onChange={setTab} keepMounted={false} className="narrow">
      <Tabs.List grow aria-label="Parts of the playground">
        <Tabs.Tab value="customer">Customer</Tabs.Tab>
        <Tabs.Tab value="timeline">Router</Tabs.Tab>
        <Tabs.Tab value="desks">Desks</Tabs.Tab>
      </Tabs.List>
      <Tabs.Panel value="customer">
        <CustomerPanel />
      </Tabs.Panel>
      <Tabs.Panel value="timeline">
        <RoutingPanel />
        <Timeline />
      </Tabs.Panel>
      <Tabs.Panel value="desks">
        <DeskPanel />
      </Tabs.Panel>
    </Tabs>
  )
}
