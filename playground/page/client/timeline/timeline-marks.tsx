import type { ExchangeView } from '../../view'
import { Chip, type Tone } from '../parts/chip'

export const isFailure = ({ status, failure }: ExchangeView): boolean =>
  failure !== undefined || (status !== undefined && status >= 400)

/** Status, signature and attempt in words. */
export const Marks = ({ exchange }: { exchange: ExchangeView }) => {
  const { kind, status, failure, attempt, origin, durationMs } = exchange
  const marks: [string, Tone][] = []
  if (origin) marks.push([origin, origin === 'forged' ? 'bad' : 'info'])
  if (attempt && attempt > 1) marks.push([`attempt ${attempt}`, 'warn'])
  if (kind === 'webhook' && status !== undefined)
    marks.push(status === 401 ? ['signature wrong', 'bad'] : ['signature ok', 'good'])
  if (failure) marks.push([failure, 'bad'])
  else if (status !== undefined && kind !== 'message') marks.push([String(status), status < 400 ? 'good' : 'bad'])
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
