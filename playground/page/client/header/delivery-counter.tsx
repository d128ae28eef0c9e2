import { CheckIcon } from '../parts/icons'
import { usePage } from '../state/page-state'

/** What the router promises, counted: every message once, and in order. */
export const DeliveryCounter = () => {
  const { once, waiting, twice, lost, outOfOrder } = usePage().view.counter
  const faults = [
    [lost, 'lost'],
    [twice, 'shown twice'],
    [outOfOrder, 'out of order'],
  ] as const
  const broken = faults.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`)
  return (
    <p className={`counter ${broken.length > 0 ? 'is-broken' : ''}`} role="status" aria-label="Messages delivered">
      <span className="tick">
        <CheckIcon />
      </span>
      <span>
        <strong>{once}</strong> delivered once, in order
        <small>
          {broken.length > 0
            ? broken.join(' · ')
            : waiting > 0
              ? `${waiting} under way or held`
              : 'none lost, none twice'}
        </small>
      </span>
    </p>
  )
}
