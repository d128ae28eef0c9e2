import config from './vitest.config'
export default { test: { ...(config as any).test, setupFiles: ['/tmp/w/speed/prof-setup.ts', ...(config as any).test.setupFiles] } }
