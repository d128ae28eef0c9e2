import type { ErrorSchema, RJSFSchema, ValidatorType } from '@rjsf/utils'

/**
 * The form checks nothing itself: the router does, in its own words. A validator that compiles the schema would need
 * `eval`, which the page’s security policy forbids.
 */
const noValidator: ValidatorType = {
  validateFormData: () => ({ errors: [], errorSchema: {} }),
  isValid: () => true,
  rawValidation: () => ({ errors: [], validationError: undefined }),
}

export default noValidator

export type FormSchema = RJSFSchema

/** The problems at their fields, as the form wants them. */
export const errorsOf = (problems: { path: string[]; problem: string }[]): ErrorSchema => {
  const errors: Record<string, unknown> = {}
  for (const { path, problem } of problems) {
    let at = errors
    for (const name of path) at = (at[name] ??= {}) as Record<string, unknown>
    at['__errors'] = [...((at['__errors'] as string[] | undefined) ?? []), problem]
  }
  return errors as ErrorSchema
}
