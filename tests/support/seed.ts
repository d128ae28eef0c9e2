/** Runs before every test file and fixes fast-check's seed. `npm run explore` searches with new seeds. */
import fc from 'fast-check'

fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: 20_260_601 })
