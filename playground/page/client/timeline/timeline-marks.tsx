import type { ExchangeView } from '../../view'
import { Chip, type Tone } from '../parts/chip'

const isUnfound = ({ status, title }: ExchangeView): boolean => status === 404 && /^(?:GET |get)/.test(title)

/** Nothing that is looked up and isn't there yet. */
export const isFailure = (exchange: ExchangeView): boolean =>
  exchange.failure !== undefined || ((exchange.status ?? 0) >= 400 && !isUnfound(exchange))

/** Status, signature and attempt in words. */
export const Marks = ({ exchange }: { exchange: ExchangeView }) => {
  const { kind, status, failure, attempt, origin, durationMs } = exchange
  const marks: [string, Tone][] = []
  if (origin) marks.push([origin, origin === 'forged' ? 'bad' : 'info'])
  if (attempt && attempt > 1) marks.push([`attempt ${attempt}`, 'warn'])
  if (kind === 'webhook' && status !== undefined)
    marks.push(status === 401 ? ['signature wrong', 'bad'] : ['signed ✓', 'good'])
  if (failure) marks.push([failure, 'bad'])
  else if (status !== undefined && kind !== 'message')
    marks.push([String(status), isFailure(exchange) ? 'bad' : isUnfound(exchange) ? 'plain' : 'good'])
  else if (kind !== 'message' && kind !== 'log' && durationMs === undefined) marks.push(['…', 'plain'])
  return (
    <>
      {marks.map(([text, tone]) => (
        <Chip key={text} tone={tone}>
          {text}
        </Chip>
      ))}
    </>
  )
}
