/** Moments in a time zone. */
import { TZDate } from '@date-fns/tz'

/** Milliseconds until the next moment with this weekday (0: Sunday) and time of day in the zone. */
export const timeUntil = (
  now: number,
  { weekday, time, timeZone }: { weekday: number; time: string; timeZone: string }
): number => {
  const [hours = 0, minutes = 0] = time.split(':').map(Number)
  const date = new TZDate(now, timeZone)
  date.setHours(hours, minutes, 0, 0)
  date.setDate(date.getDate() + ((weekday - date.getDay() + 7) % 7))
  if (date.getTime() <= now) date.setDate(date.getDate() + 7)
  return date.getTime() - now
}
