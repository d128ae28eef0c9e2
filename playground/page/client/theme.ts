import { createTheme, type CSSVariablesResolver } from '@mantine/core'

/** Every pair of text and background has a contrast of 4.5 at least, which axe checks. */
export const theme = createTheme({
  primaryColor: 'brand',
  primaryShade: { light: 6, dark: 6 },
  defaultRadius: 'md',
  cursorType: 'pointer',
  fontFamily: 'Inter, ui-sans-serif, system-ui, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace',
  headings: { fontWeight: '650' },
  colors: {
    brand: [
      '#f1efff',
      '#e2dcff',
      '#c6bbff',
      '#a795ff',
      '#8d75fb',
      '#7458f7',
      '#5b3df5',
      '#4c2fd8',
      '#4027b4',
      '#352292',
    ],
    dark: [
      '#e8eaf2',
      '#c9cedd',
      '#a9b0c3',
      '#79829a',
      '#3a4153',
      '#2a3040',
      '#1d212d',
      '#161a24',
      '#10131b',
      '#0b0d13',
    ],
  },
})

export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-dimmed': '#566075',
    '--mantine-color-placeholder': '#667085',
    '--mantine-color-error': '#b42318',
    '--mantine-color-anchor': '#4c2fd8',
    '--mantine-color-body': '#ffffff',
  },
  dark: {
    '--mantine-color-dimmed': '#a9b0c3',
    '--mantine-color-placeholder': '#8b94aa',
    '--mantine-color-error': '#ff9d94',
    '--mantine-color-anchor': '#b9acff',
  },
})
