import { Alert, Button } from '@mantine/core'
import { usePage } from '../state/page-state'

/** What went wrong, and what to do about it. */
export const Notices = () => {
  const { problem, dismiss, isOutdated, isConnected, view } = usePage()
  return (
    <>
      {isOutdated ? (
        <Alert color="yellow" variant="default" className="notice warn" role="alert">
          This page comes from an older server. Reload it to go on; nothing is lost.{' '}
          <Button size="compact-sm" onClick={() => location.reload()}>
            Reload
          </Button>
        </Alert>
      ) : null}
      {problem ? (
        <Alert
          variant="default"
          className="notice bad"
          role="alert"
          withCloseButton={isConnected}
          closeButtonLabel="Dismiss"
          onClose={dismiss}
        >
          <span className="lines">{problem}</span>
        </Alert>
      ) : null}
      {view.notices.map((notice) => (
        <Alert key={notice} variant="default" className="notice warn">
          {notice}
        </Alert>
      ))}
    </>
  )
}
