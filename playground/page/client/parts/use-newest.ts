import { useCallback, useEffect, useLayoutEffect, useRef } from 'react'

/** Keeps the end of a list in view, unless the reader has scrolled back. */
export const useNewest = <Element extends HTMLElement>() => {
  const list = useRef<Element>(null)
  const isFollowed = useRef(true)
  const before = useRef(0)
  const follow = useCallback(() => {
    if (list.current && isFollowed.current) list.current.scrollTop = list.current.scrollHeight
  }, [])
  // After every rendering: entries grow, and what stands around them comes and goes.
  useLayoutEffect(follow)
  useEffect(() => {
    if (!list.current) return undefined
    const observer = new ResizeObserver(follow)
    observer.observe(list.current)
    return () => observer.disconnect()
  }, [follow])
  const onScroll = useCallback(() => {
    const { scrollTop = 0, clientHeight = 0, scrollHeight = 0 } = list.current ?? {}
    if (scrollTop + clientHeight >= scrollHeight - 8) isFollowed.current = true
    else if (scrollTop < before.current) isFollowed.current = false
    before.current = scrollTop
  }, [])
  // Pictures have no height before they are loaded.
  return { ref: list, onScroll, onLoadCapture: follow }
}
