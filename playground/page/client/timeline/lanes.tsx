/** The columns of the sequence: customer, bot, router, and each desk. */
import type { DeskView, ExchangeView } from '../../view'

export const lanesOf = (desks: DeskView[]): { name: string; label: string }[] => [
  { name: 'customer', label: 'Customer' },
  { name: 'bot', label: 'Bot' },
  { name: 'router', label: 'Router' },
  ...desks.map(({ name, title }) => ({ name, label: title })),
]

/** One arrow between two lanes. */
export const Arrow = ({ exchange, lanes }: { exchange: ExchangeView; lanes: { name: string }[] }) => {
  const at = (name: string) => lanes.findIndex((lane) => lane.name === name)
  const [from, to] = [at(exchange.from), at(exchange.to)]
  const width = 100 / lanes.length
  const left = (Math.min(from, to) + 0.5) * width
  const length = Math.abs(to - from) * width
  return (
    <span className="lanes" aria-hidden="true">
      {lanes.map(({ name }, index) => (
        <i key={name} style={{ left: `${(index + 0.5) * width}%` }} />
      ))}
      {from === to ? (
        <b className="spot" style={{ left: `${left}%` }} />
      ) : (
        <b
          className={`arrow ${to > from ? 'is-right' : 'is-left'}`}
          style={{ left: `${left}%`, width: `${length}%` }}
        />
      )}
    </span>
  )
}
