/** `npm run licences`: the licences of the packages that the integration consists of, or that it is developed with. */
import { LICENCES, licencesCommand } from './licences/main'
import { runCommand } from './terminal/command'

await runCommand(LICENCES, licencesCommand)
