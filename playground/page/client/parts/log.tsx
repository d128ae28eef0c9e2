import { useEffect, useRef, type ReactNode } from 'react'

/** A conversation: the newest entry is in view, unless the reader has scrolled back. Screen readers hear new ones. */
export const Log = ({ label, count, className = '', children }: LogProps) => {
  const list = useRef<HTMLDivElement>(null)
  const isAtEnd = useRef(true)
  useEffect(() => {
    if (list.current && isAtEnd.current) list.current.scrollTop = list.current.scrollHeight
  }, [count])
  return (
    <div
      ref={list}
      className={`log ${className}`}
      role="log"
      aria-label={label}
      // Keyboard users scroll it.
      tabIndex={0}
      onScroll={({ currentTarget: { scrollTop, clientHeight, scrollHeight } }) => {
        isAtEnd.current = scrollTop + clientHeight >= scrollHeight - 40
      }}
    >
      {children}
    </div>
  )
}

interface LogProps {
  label: string
  /** Grows with the entries. */
  count: number
  className?: string
  children: ReactNode
}
