/** The versions that respd answers with. */

/** The Redis whose behaviour this is: INFO's redis_version and HELLO's version. */
export const REDIS_VERSION = '7.2.6';

/** respd's own, package.json's; written here so that nothing is read from disk for it. */
export const RESPD_VERSION = '0.1.0';
