/** The configuration as commands see it. */
export type { Config } from '../config/config.js';
export { type DirectiveValues, isSensitive } from '../config/directives.js';
