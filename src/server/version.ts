/** The version of Redis that this server speaks the protocol and commands of. */
export const REDIS_VERSION = '7.2.6';
/** The same for INFO's `redis_build_id`: 16 hexadecimal digits that change with the version. */
export const REDIS_BUILD_ID = '7265737064070206';
