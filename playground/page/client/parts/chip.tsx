import type { ReactNode } from 'react'

export type Tone = 'good' | 'warn' | 'bad' | 'info' | 'plain'

/** A word with a colour. The colour repeats what the word says. */
export const Chip = ({ tone = 'plain', children, title }: { tone?: Tone; children: ReactNode; title?: string }) => (
  <span className={`chip ${tone}`} title={title}>
    {children}
  </span>
)
