import { Button, NativeSelect, SegmentedControl, Textarea } from '@mantine/core'
import { Form } from '@rjsf/mantine'
import { useEffect, useMemo, useState } from 'react'
import { ask, usePage } from '../state/page-state'
import noValidator, { errorsOf, type FormSchema } from './validator'

interface Problem {
  field: string
  problem: string
  path: string[]
}
type Configuration = Record<string, unknown>

const CHECK_AFTER_MS = 250

/** What Studio sends: empty fields are absent. */
const tidy = (configuration: Configuration): Configuration => JSON.parse(JSON.stringify(configuration)) as Configuration

/** The form that Studio shows, from the definition’s schema, and the same as JSON. */
export const ConfigurationForm = ({ onSaved }: { onSaved(): void }) => {
  const { view, move } = usePage()
  const [kinds, setKinds] = useState<{
    schema: FormSchema
    examples: { name: string; configuration: Configuration }[]
  }>()
  const [configuration, setConfiguration] = useState<Configuration>(view.configuration)
  const [json, setJson] = useState(() => JSON.stringify(view.configuration, undefined, 2))
  const [shape, setShape] = useState('form')
  const [invalid, setInvalid] = useState('')
  const { problems, check } = useCheck()
  useEffect(() => {
    ask<typeof kinds>('form').then(setKinds, () => undefined)
  }, [])
  useEffect(() => check(configuration), [check, configuration])
  const errors = useMemo(() => errorsOf(problems), [problems])

  const take = (next: Configuration) => {
    setConfiguration(next)
    setJson(JSON.stringify(next, undefined, 2))
    setInvalid('')
  }
  const typed = (text: string) => {
    setJson(text)
    try {
      const parsed = JSON.parse(text) as unknown
      if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw new Error('not an object')
      setConfiguration(parsed as Configuration)
      setInvalid('')
    } catch (error) {
      setInvalid(`This isn’t a configuration: ${error instanceof Error ? error.message : 'not JSON'}`)
    }
  }
  const save = async () => {
    if (await move('configuration', { configuration: tidy(configuration) })) onSaved()
  }
  if (!kinds) return <p className="empty">Loading the form…</p>
  const general = problems.filter(({ path }) => path.length === 0)
  return (
    <div className="configuration">
      <p className="hint">
        The form that Studio shows. Credentials are the sandboxes’: your own are never used or stored, so you can try
        next week’s hours with your own file.
      </p>
      <div className="row">
        <NativeSelect
          size="xs"
          aria-label="Load an example"
          value=""
          onChange={({ currentTarget }) => {
            const found = kinds.examples.find(({ name }) => name === currentTarget.value)
            if (found) take(found.configuration)
          }}
          data={[
            { value: '', label: 'Load an example…' },
            ...kinds.examples.map(({ name }) => ({ value: name, label: name })),
          ]}
        />
        <SegmentedControl
          size="xs"
          aria-label="Form or JSON"
          value={shape}
          onChange={setShape}
          data={[
            { value: 'form', label: 'Form' },
            { value: 'json', label: 'JSON' },
          ]}
        />
        <span className="grow" />
        <Button size="xs" variant="default" onClick={() => void navigator.clipboard.writeText(json)}>
          Copy JSON
        </Button>
        <Button size="xs" disabled={invalid !== ''} onClick={() => void save()}>
          Save
        </Button>
      </div>
      <Summary problems={problems} invalid={invalid} />
      {general.map(({ problem }) => (
        <p key={problem} className="refusal">
          {problem}
        </p>
      ))}
      {shape === 'json' ? (
        <Textarea
          aria-label="Configuration as JSON"
          className="json"
          autosize
          minRows={16}
          spellCheck={false}
          value={json}
          onChange={({ currentTarget }) => typed(currentTarget.value)}
        />
      ) : (
        <Form
          schema={kinds.schema}
          validator={noValidator}
          formData={configuration}
          extraErrors={errors}
          extraErrorsBlockSubmit={false}
          noValidate
          showErrorList={false}
          noHtml5Validate
          uiSchema={UI}
          onChange={({ formData }) => take(tidy((formData ?? {}) as Configuration))}
          onSubmit={() => void save()}
        />
      )}
    </div>
  )
}

const UI = { 'ui:submitButtonOptions': { norender: true }, 'ui:options': { label: false } }

const Summary = ({ problems, invalid }: { problems: Problem[]; invalid: string }) => (
  <p className={`summary ${problems.length > 0 || invalid ? 'is-bad' : 'is-good'}`} role="status">
    {invalid ||
      (problems.length > 0
        ? `${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}: ${problems.map(({ field }) => field).join(', ')}`
        : 'The router accepts this configuration.')}
  </p>
)

/** The router’s own check, a moment after the last change. */
const useCheck = () => {
  const [problems, setProblems] = useState<Problem[]>([])
  const [asked, setAsked] = useState<Configuration>()
  useEffect(() => {
    if (!asked) return undefined
    let isCurrent = true
    const timer = setTimeout(() => {
      ask<{ problems: Problem[] }>('validate', { configuration: asked }).then(
        (answer) => isCurrent && setProblems(answer.problems),
        () => undefined
      )
    }, CHECK_AFTER_MS)
    return () => {
      isCurrent = false
      clearTimeout(timer)
    }
  }, [asked])
  return { problems, check: setAsked }
}
