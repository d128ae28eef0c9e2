import type { Remark } from '../../view'
import { useNow } from '../state/use-now'
import { Chip } from './chip'

/** Why a message hasn’t arrived, and what happens next. */
export const RemarkLine = ({ remark }: { remark: Remark }) => {
  const now = useNow()
  if (remark.kind === 'held' && remark.until !== undefined) {
    const seconds = Math.max(1, Math.ceil((remark.until - now) / 1_000))
    return <Chip tone="warn">Held for {seconds} s until the plugin listens</Chip>
  }
  return <Chip tone={remark.kind === 'lost' ? 'bad' : 'warn'}>{remark.text}</Chip>
}
