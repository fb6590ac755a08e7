import pkg from '../package.json' with { type: 'json' };

/** rqt's own version. */
export const VERSION: string = pkg.version;
