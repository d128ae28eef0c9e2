import { describe, expect, it } from 'vitest'
import { manualClock, realClock, yieldToEventLoop } from './clock'

describe('manual clock', () => {
  it('runs timers in order, each at its due time', async () => {
    const clock = manualClock({ start: 0 })
    const fired: [string, number][] = []
    const at = (name: string) => () => fired.push([name, clock.now()])
    clock.setTimer(at('c'), 30)
    clock.setTimer(at('a'), 10)
    clock.setTimer(at('b'), 10)
    clock.setTimer(at('never'), 20)()
    await clock.advance(29)
    expect(fired).toEqual([
      ['a', 10],
      ['b', 10],
    ])
    await clock.advance(1)
    expect(fired.at(-1)).toEqual(['c', 30])
    expect(clock.waiting).toBe(0)
  })

  it('settles the work of a timer before the next timer fires', async () => {
    const clock = manualClock({ start: 0 })
    const steps: string[] = []
    clock.setTimer(async () => {
      for (let turns = 0; turns < 5; turns += 1) await yieldToEventLoop()
      steps.push(`work ${clock.now()}`)
      await clock.sleep(15)
      steps.push(`slept ${clock.now()}`)
    }, 10)
    clock.setTimer(() => steps.push(`other ${clock.now()}`), 20)
    await clock.advance(100)
    expect(steps).toEqual(['work 10', 'other 20', 'slept 25'])
  })

  it('settles while work sleeps, but not while work runs that needs no time', async () => {
    const clock = manualClock()
    let isDone = false
    void clock.track(
      new Promise<void>((resolve) => {
        setTimeout(resolve, 30)
      }).then(() => {
        isDone = true
      })
    )
    clock.setTimer(() => undefined, 60_000)
    await clock.settle()
    expect(isDone).toBe(true)
    const sleeping = clock.track(clock.sleep(1000))
    await clock.settle()
    await clock.advance(1000)
    await sleeping
  })
})

describe('real clock', () => {
  it('settles when tracked work and the work it started have ended', async () => {
    const clock = realClock()
    const steps: string[] = []
    void clock.track(
      clock.sleep(5).then(() => {
        void clock.track(clock.sleep(5).then(() => steps.push('second')))
        return steps.push('first')
      })
    )
    await clock.settle()
    expect(steps).toEqual(['first', 'second'])
  })
})
