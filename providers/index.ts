export { intercom } from './intercom'
export { slack } from './slack'
export { zendesk } from './zendesk'
