/**
 * The schema of the routing block, as Studio shows it. It is shallow and lenient; parse-routing.ts checks the values.
 */
import { z } from '@botpress/sdk'

const PRIORITIES = ['low', 'normal', 'high', 'urgent'] as const

/** `names`: the registry's keys, in registry order. */
export const routingSchema = <Names extends [string, ...string[]]>(names: Names) => {
  const desk = z.enum(names)
  const text = (title: string, description: string) => z.string().optional().title(title).describe(description)
  const number = (title: string, description: string) => z.number().optional().title(title).describe(description)
  return z.object({
    strategy: z
      .enum(['priority', 'round-robin', 'least-busy'])
      .optional()
      .title('Strategy')
      .describe(
        'priority: first desk in the order. round-robin: by weight, in turn. least-busy: fewest open sessions for its weight.'
      ),
    order: z.array(desk).optional().title('Order').describe('All desks, preferred first. Empty: as listed below.'),
    desks: z
      .array(
        z.object({
          desk: desk.title('Desk').describe('The desk of this entry.'),
          weight: number('Weight', 'Its share: 5 gets five times as many as 1.'),
          languages: text('Languages', 'fr, en-GB … Empty: all.'),
          hours: text('Hours', 'Mon-Fri 09:00-12:30, 13:30-17:00; Sat 10:00-14:00. Empty: always.'),
          dates: text('Special dates', '12-25 closed; 2026-12-24 09:00-12:00'),
          timeZone: text('Time zone', 'Of the hours, such as Europe/Paris.'),
          capacity: number('Capacity', 'Maximum number of open sessions.'),
        })
      )
      .optional()
      .title('Desks')
      .describe('Settings per desk.'),
    rules: z
      .array(
        z.object({
          name: text('Name', 'For the log.'),
          language: text('Language', 'fr, en-GB …'),
          priority: text('Priority', PRIORITIES.join(', ')),
          tags: text('Tags', 'One of these: vip, billing'),
          hours: text('Hours', 'Only at these hours.'),
          share: number('Share', 'Only this percentage.'),
          desks: text('Desks', 'Desks that may take it, preferred first.'),
          queue: text('Queue', 'Group, team or channel id there.'),
          setPriority: z.enum(PRIORITIES).optional().title('Set priority').describe('Of the ticket.'),
          addTags: text('Add tags', 'To the ticket.'),
        })
      )
      .optional()
      .title('Rules')
      .describe('The first matching rule decides which desks are considered.'),
    timeZone: text('Time zone', 'For hours without their own.'),
    defaultLanguage: text('Default language', 'When the language is unknown.'),
    stickyDays: number('Sticky days', 'Days for which a customer returns to the last desk. 0: off.'),
    nobodyThere: z
      .enum(['refuse', 'open-anyway', 'after-hours'])
      .optional()
      .title('When nobody is there')
      .describe('Fail with the next opening time, open a ticket anyway, or use the after-hours desk.'),
    afterHoursDesk: desk
      .optional()
      .title('After-hours desk')
      .describe('Takes over then. If not in the order, it takes nothing else.'),
  })
}

export type RoutingConfig = z.infer<ReturnType<typeof routingSchema<[string, ...string[]]>>>
