/** Runs before every test file: properties are tried with the same cases each time. `npm run explore` looks for new ones. */
import fc from 'fast-check'

fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: 20_260_601 })
