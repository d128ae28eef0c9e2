import { MantineProvider } from '@mantine/core'
import '@mantine/core/styles.css'
import { createRoot } from 'react-dom/client'
import { App } from './app'
import { PageProvider } from './state/page-state'
import './style.css'
import './desks/desks.css'
import './timeline/timeline.css'
import { theme, variables } from './theme'

const nonce = document.querySelector<HTMLMetaElement>('meta[name=nonce]')?.content ?? ''
// Libraries that add a style sheet of their own look for the nonce here.
Object.assign(globalThis, { __webpack_nonce__: nonce })
const root = document.querySelector('#root')
if (root) {
  createRoot(root).render(
    <MantineProvider
      theme={theme}
      defaultColorScheme="auto"
      cssVariablesResolver={variables}
      getStyleNonce={() => nonce}
    >
      <PageProvider>
        <App />
      </PageProvider>
    </MantineProvider>
  )
}
