import { useEffect, useState } from 'react'
import { usePage } from './page-state'

/** The playground's time, once a second. */
export const useNow = (): number => {
  const { now } = usePage()
  const [time, setTime] = useState(now)
  useEffect(() => {
    setTime(now())
    const timer = setInterval(() => setTime(now()), 1_000)
    return () => clearInterval(timer)
  }, [now])
  return time
}
