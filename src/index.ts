import { productionEnvironment } from './botpress/environment'
import { createIntegration } from './integration'

export default createIntegration(productionEnvironment)
