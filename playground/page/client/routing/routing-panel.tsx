import { SegmentedControl } from '@mantine/core'
import { useEffect, useState } from 'react'
import { ask, usePage } from '../state/page-state'
import { useNow } from '../state/use-now'
import { readRanking, type RankedCard } from './ranking'

/** Asks the router what it would do now. Asks again when anything has changed, and every few seconds. */
const usePreview = (customer: string | undefined): string[] => {
  const { view } = usePage()
  const [lines, setLines] = useState<string[]>([])
  const beat = Math.floor(useNow() / 5_000)
  // What a ranking depends on.
  const situation = JSON.stringify([
    view.configuration,
    view.desks.map(({ breaker, condition, tickets }) => [breaker.state, condition, tickets.length]),
    view.customers.find(({ key }) => key === customer)?.chat.length,
    view.server,
  ])
  useEffect(() => {
    if (customer === undefined) return undefined
    let isCurrent = true
    ask<{ lines: string[] }>('explain', { customer }).then(
      (answer) => isCurrent && setLines(answer.lines),
      () => undefined
    )
    return () => {
      isCurrent = false
    }
  }, [customer, situation, beat])
  return lines
}

export const RoutingPanel = () => {
  const { customer } = usePage()
  const [about, setAbout] = useState('next')
  const preview = usePreview(customer?.key)
  const lines = about === 'last' ? (customer?.explanation ?? []) : preview
  const { decision, cards, remarks } = readRanking(lines)
  return (
    <section className="panel routing" aria-labelledby="routing-title">
      <div className="panel-head">
        <h2 id="routing-title">Routing</h2>
        <SegmentedControl
          size="xs"
          aria-label="Which handoff"
          value={about}
          onChange={setAbout}
          data={[
            { value: 'next', label: 'Next handoff' },
            { value: 'last', label: 'This ticket' },
          ]}
        />
        <p className="decision" role="status">
          {decision ? (
            <>
              <span className="who">{customer?.name}</span> <b>{decision}</b>
            </>
          ) : (
            'No handoff yet'
          )}
        </p>
      </div>
      <ol className="cards">
        {cards.map((card) => (
          <Card key={card.title} card={card} />
        ))}
      </ol>
      {remarks.length > 0 ? <p className="remarks">{remarks.join(' · ')}</p> : null}
    </section>
  )
}

const Card = ({ card: { title, place, reason } }: { card: RankedCard }) => (
  <li className={`card ${place === undefined ? 'is-out' : place === 1 ? 'is-first' : ''}`}>
    <span className="place">{place ?? '–'}</span>
    <div>
      <strong>{title}</strong>
      <span>{reason}</span>
    </div>
  </li>
)
