import type { ReactNode } from 'react'
import { useNewest } from './use-newest'

interface LogProps {
  label: string
  className?: string
  children: ReactNode
}

/** A conversation. Screen readers hear new entries, and the keyboard scrolls it. */
export const Log = ({ label, className = '', children }: LogProps) => (
  <div {...useNewest<HTMLDivElement>()} className={`log ${className}`} role="log" aria-label={label} tabIndex={0}>
    {children}
  </div>
)
