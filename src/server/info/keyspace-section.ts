/** INFO keyspace: keys, volatile keys and their mean time to live, by database; INFO modules. */
import type { InfoLine, InfoSection } from './context.js';

export const keyspaceSection: InfoSection = {
  name: 'keyspace',
  shown: 'default',
  *lines({ keyspace }): Generator<InfoLine> {
    for (const db of keyspace.databases) {
      if (db.size === 0) continue;
      const averageTtl = Math.floor(db.avgTtlMs);
      const counts = `keys=${db.size},expires=${db.expires.size},avg_ttl=${averageTtl}`;
      // As later versions have it, but only once it says something.
      const hashes = db.fieldExpires.size > 0 ? `,subexpiry=${db.fieldExpires.size}` : '';
      yield [`db${db.index}`, counts + hashes];
    }
  },
};

/** There are none: modules are native code. */
export const modulesSection: InfoSection = {
  name: 'modules',
  aliases: ['module_list'],
  shown: 'default',
  *lines(): Generator<InfoLine> {},
};
