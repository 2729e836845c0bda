/**
 * Who may import whom in src, as laid down in the design's table of folders: downward only, and no
 * two files in a loop. Imports of types count like any other, for a type drags its module along in
 * a reader's head as well.
 *
 *     main.ts, index.ts
 *     cli  tools                                 (the command line: signals, daemon, pid file; check tools)
 *     replication  cluster  sentinel  web
 *     server                                     (server/api: the part that commands may see)
 *     commands            persistence   scripting (languages: they know nothing of the server)
 *     keyspace            resp
 *     datastructs         text
 *
 * A new folder must be given its row in MAY_IMPORT before anything in it can import anything.
 */
const aboveServer = [
  'server',
  'commands',
  'persistence',
  'scripting',
  'keyspace',
  'resp',
  'datastructs',
  'text',
];

/** Each folder of src, and what it may import besides itself. */
const MAY_IMPORT = {
  text: [],
  datastructs: ['text'],
  resp: ['text'],
  keyspace: ['datastructs', 'text'],
  commands: ['keyspace', 'datastructs', 'resp', 'text', 'server/api'],
  persistence: ['keyspace', 'datastructs', 'resp', 'text'],
  tools: ['persistence', 'keyspace', 'datastructs', 'resp', 'text'],
  scripting: ['resp', 'datastructs', 'text'],
  server: ['commands', 'persistence', 'scripting', 'keyspace', 'datastructs', 'resp', 'text'],
  replication: aboveServer,
  cluster: aboveServer,
  sentinel: aboveServer,
  web: aboveServer,
  cli: [...aboveServer, 'scripting', 'replication', 'cluster', 'sentinel', 'web'],
};

const ENTRY_FILES = '^src/(main|index|tools/[a-z-]+)\\.ts$';

function folderRule([folder, others]) {
  const allowed = [folder, ...others].join('|');
  return {
    name: `${folder.replace('/', '-')}-imports-downward`,
    comment: `src/${folder} may import ${others.map((o) => `src/${o}`).join(', ') || 'nothing of ours'}.`,
    severity: 'error',
    from: { path: `^src/${folder}/` },
    to: { path: '^src/', pathNot: `^src/(${allowed})/` },
  };
}

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...Object.entries(MAY_IMPORT).map(folderRule),
    {
      name: 'folder-is-known',
      comment: 'A folder of src needs a row in MAY_IMPORT (.dependency-cruiser.cjs).',
      severity: 'error',
      from: {
        path: '^src/',
        pathNot: [`^src/(${Object.keys(MAY_IMPORT).join('|')})/`, ENTRY_FILES],
      },
      to: {},
    },
    {
      name: 'no-circular',
      comment: 'No two files import each other, directly or in a loop.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'nothing-from-test-or-bench',
      comment: 'src does not know its tests and benchmarks.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|bench)/' },
    },
    {
      name: 'no-orphans',
      comment: 'A file that imports nothing and that nobody imports is dead, or not wired in.',
      severity: 'error',
      from: { orphan: true, path: '^src/', pathNot: [ENTRY_FILES, '\\.d\\.ts$'] },
      to: {},
    },
    {
      name: 'no-dev-dependency',
      comment: 'What src imports is installed with the package, so it is a dependency.',
      severity: 'error',
      from: { path: '^src/' },
      to: {
        dependencyTypes: ['npm-dev'],
        // @types packages are needed to compile only; import type is all they can give.
        pathNot: '^node_modules/@types/',
      },
    },
    {
      name: 'only-declared-dependencies',
      comment: 'A package is named in package.json before it is imported.',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'resolvable',
      comment: 'Every import leads to a file.',
      severity: 'error',
      from: { path: '^src/' },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: ['node_modules', '^(test|bench)/'] },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      mainFields: ['module', 'main', 'types'],
    },
  },
};
