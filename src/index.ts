import { productionEnvironment } from './environment'
import { createIntegration } from './integration'

export default createIntegration(productionEnvironment)
