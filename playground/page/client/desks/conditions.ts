import type { Condition } from '../../conditions'

export const CONDITIONS: { value: Condition; label: string }[] = [
  { value: 'up', label: 'Up' },
  { value: 'slow', label: 'Slow (2 s)' },
  { value: 'error', label: 'Answers 500' },
  { value: 'unauthorized', label: 'Wrong credentials' },
  { value: 'full', label: 'Full' },
]
