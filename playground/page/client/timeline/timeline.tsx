import { Switch } from '@mantine/core'
import { useState } from 'react'
import type { ExchangeView } from '../../view'
import { duration, exactTime } from '../parts/time'
import { useNewest } from '../parts/use-newest'
import { usePage } from '../state/page-state'
import { ExchangeModal } from './exchange-modal'
import { Arrow, lanesOf } from './lanes'
import { isFailure, Marks } from './timeline-marks'

/** Everything that goes between customer, bot, router and desks, newest at the end. */
export const Timeline = () => {
  const { view, customer } = usePage()
  const [all, setAll] = useState(false)
  const [reads, setReads] = useState(false)
  const [opened, setOpened] = useState<ExchangeView>()
  const lanes = lanesOf(view.desks)
  const shown = view.timeline.filter(
    (exchange) =>
      (reads || !exchange.isMinor || isFailure(exchange)) &&
      (all || exchange.customer === undefined || exchange.customer === customer?.key)
  )
  const newest = useNewest<HTMLOListElement>()
  return (
    <section className="panel timeline" aria-labelledby="timeline-title">
      <div className="panel-head">
        <h2 id="timeline-title">Timeline</h2>
        <Switch
          size="xs"
          label="All customers"
          checked={all}
          onChange={({ currentTarget }) => setAll(currentTarget.checked)}
        />
        <Switch
          size="xs"
          label="Reads"
          checked={reads}
          onChange={({ currentTarget }) => setReads(currentTarget.checked)}
        />
      </div>
      <div className="lane-head" aria-hidden="true">
        {lanes.map(({ name, label }) => (
          <span key={name} className={name}>
            {label}
          </span>
        ))}
      </div>
      <ol {...newest} className="sequence" aria-label="Calls and webhooks, oldest first" tabIndex={0}>
        {shown.map((exchange) => (
          <Row key={exchange.id} exchange={exchange} lanes={lanes} onOpen={() => setOpened(exchange)} />
        ))}
      </ol>
      <ExchangeModal
        exchange={opened && (view.timeline.find(({ id }) => id === opened.id) ?? opened)}
        lanes={lanes}
        onClose={() => setOpened(undefined)}
      />
    </section>
  )
}

type Lanes = ReturnType<typeof lanesOf>

const Row = ({ exchange, lanes, onOpen }: { exchange: ExchangeView; lanes: Lanes; onOpen(): void }) => {
  const label = (name: string) => lanes.find((lane) => lane.name === name)?.label ?? name
  const { kind, title, at, durationMs, root } = exchange
  const contents = (
    <>
      <time>{exactTime(at)}</time>
      <Arrow exchange={exchange} lanes={lanes} />
      <span className="what">
        <span className="title">
          <span className="hidden-text">
            {label(exchange.from)} to {label(exchange.to)}:{' '}
          </span>
          {title}
        </span>
        <Marks exchange={exchange} />
        {durationMs !== undefined && kind !== 'message' && kind !== 'log' ? (
          <span className="took">{duration(durationMs)}</span>
        ) : null}
      </span>
    </>
  )
  const className = `exchange is-${kind} ${isFailure(exchange) ? 'is-failed' : ''} ${root ? 'is-inner' : ''}`
  return (
    <li className={className}>
      {kind === 'log' || exchange.from === 'customer' ? (
        <div className="line">{contents}</div>
      ) : (
        <button type="button" className="line" onClick={onOpen}>
          {contents}
        </button>
      )}
    </li>
  )
}
