import { useCallback, useEffect, useState } from 'react'

const _kept = (key: string): string => sessionStorage.getItem(`draft ${key}`) ?? ''

/** Typed text that outlives a reload. */
export const useDraft = (key: string): [string, (text: string) => void] => {
  const [text, setText] = useState(() => _kept(key))
  useEffect(() => setText(_kept(key)), [key])
  const keep = useCallback(
    (next: string) => {
      sessionStorage.setItem(`draft ${key}`, next)
      setText(next)
    },
    [key]
  )
  return [text, keep]
}
