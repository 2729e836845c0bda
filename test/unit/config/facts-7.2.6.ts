/**
 * Facts of redis-server 7.2.6, recorded from a running one (CONFIG GET, CONFIG SET), so that the
 * tests do not need it.
 */

/** What `CONFIG GET *` answers when nothing is configured; `dir` is given as it is by default. */
export const SHOWN: Readonly<Record<string, string>> = {
  'acl-pubsub-default': 'resetchannels',
  aclfile: '',
  'acllog-max-len': '128',
  'active-defrag-cycle-max': '25',
  'active-defrag-cycle-min': '1',
  'active-defrag-ignore-bytes': '104857600',
  'active-defrag-max-scan-fields': '1000',
  'active-defrag-threshold-lower': '10',
  'active-defrag-threshold-upper': '100',
  'active-expire-effort': '1',
  activedefrag: 'no',
  activerehashing: 'yes',
  'always-show-logo': 'no',
  'aof-load-truncated': 'yes',
  'aof-rewrite-incremental-fsync': 'yes',
  'aof-timestamp-enabled': 'no',
  'aof-use-rdb-preamble': 'yes',
  aof_rewrite_cpulist: '',
  appenddirname: 'appendonlydir',
  appendfilename: 'appendonly.aof',
  appendfsync: 'everysec',
  appendonly: 'no',
  'auto-aof-rewrite-min-size': '67108864',
  'auto-aof-rewrite-percentage': '100',
  bgsave_cpulist: '',
  bind: '* -::*',
  'bind-source-addr': '',
  bio_cpulist: '',
  'busy-reply-threshold': '5000',
  'client-output-buffer-limit':
    'normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60',
  'client-query-buffer-limit': '1073741824',
  'cluster-allow-pubsubshard-when-down': 'yes',
  'cluster-allow-reads-when-down': 'no',
  'cluster-allow-replica-migration': 'yes',
  'cluster-announce-bus-port': '0',
  'cluster-announce-hostname': '',
  'cluster-announce-human-nodename': '',
  'cluster-announce-ip': '',
  'cluster-announce-port': '0',
  'cluster-announce-tls-port': '0',
  'cluster-config-file': 'nodes.conf',
  'cluster-enabled': 'no',
  'cluster-link-sendbuf-limit': '0',
  'cluster-migration-barrier': '1',
  'cluster-node-timeout': '15000',
  'cluster-port': '0',
  'cluster-preferred-endpoint-type': 'ip',
  'cluster-replica-no-failover': 'no',
  'cluster-replica-validity-factor': '10',
  'cluster-require-full-coverage': 'yes',
  'cluster-slave-no-failover': 'no',
  'cluster-slave-validity-factor': '10',
  'crash-log-enabled': 'yes',
  'crash-memcheck-enabled': 'yes',
  daemonize: 'no',
  databases: '16',
  dbfilename: 'dump.rdb',
  dir: './',
  'disable-thp': 'yes',
  'dynamic-hz': 'yes',
  'enable-debug-command': 'no',
  'enable-module-command': 'no',
  'enable-protected-configs': 'no',
  'hash-max-listpack-entries': '512',
  'hash-max-listpack-value': '64',
  'hash-max-ziplist-entries': '512',
  'hash-max-ziplist-value': '64',
  'hll-sparse-max-bytes': '3000',
  hz: '10',
  'ignore-warnings': '',
  'io-threads': '1',
  'io-threads-do-reads': 'no',
  'jemalloc-bg-thread': 'yes',
  'latency-monitor-threshold': '0',
  'latency-tracking': 'yes',
  'latency-tracking-info-percentiles': '50 99 99.9',
  'lazyfree-lazy-eviction': 'no',
  'lazyfree-lazy-expire': 'no',
  'lazyfree-lazy-server-del': 'no',
  'lazyfree-lazy-user-del': 'no',
  'lazyfree-lazy-user-flush': 'no',
  'lfu-decay-time': '1',
  'lfu-log-factor': '10',
  'list-compress-depth': '0',
  'list-max-listpack-size': '-2',
  'list-max-ziplist-size': '-2',
  'locale-collate': '',
  logfile: '',
  loglevel: 'notice',
  'lua-time-limit': '5000',
  masterauth: '',
  masteruser: '',
  maxclients: '10000',
  maxmemory: '0',
  'maxmemory-clients': '0',
  'maxmemory-eviction-tenacity': '10',
  'maxmemory-policy': 'noeviction',
  'maxmemory-samples': '5',
  'min-replicas-max-lag': '10',
  'min-replicas-to-write': '0',
  'min-slaves-max-lag': '10',
  'min-slaves-to-write': '0',
  'no-appendfsync-on-rewrite': 'no',
  'notify-keyspace-events': '',
  'oom-score-adj': 'no',
  'oom-score-adj-values': '0 200 800',
  pidfile: '',
  port: '6379',
  'proc-title-template': '{title} {listen-addr} {server-mode}',
  'propagation-error-behavior': 'ignore',
  'protected-mode': 'yes',
  'proto-max-bulk-len': '536870912',
  'rdb-del-sync-files': 'no',
  'rdb-save-incremental-fsync': 'yes',
  rdbchecksum: 'yes',
  rdbcompression: 'yes',
  'repl-backlog-size': '1048576',
  'repl-backlog-ttl': '3600',
  'repl-disable-tcp-nodelay': 'no',
  'repl-diskless-load': 'disabled',
  'repl-diskless-sync': 'yes',
  'repl-diskless-sync-delay': '5',
  'repl-diskless-sync-max-replicas': '0',
  'repl-ping-replica-period': '10',
  'repl-ping-slave-period': '10',
  'repl-timeout': '60',
  'replica-announce-ip': '',
  'replica-announce-port': '0',
  'replica-announced': 'yes',
  'replica-ignore-disk-write-errors': 'no',
  'replica-ignore-maxmemory': 'yes',
  'replica-lazy-flush': 'no',
  'replica-priority': '100',
  'replica-read-only': 'yes',
  'replica-serve-stale-data': 'yes',
  replicaof: '',
  requirepass: '',
  'sanitize-dump-payload': 'no',
  save: '3600 1 300 100 60 10000',
  server_cpulist: '',
  'set-max-intset-entries': '512',
  'set-max-listpack-entries': '128',
  'set-max-listpack-value': '64',
  'set-proc-title': 'yes',
  'shutdown-on-sigint': 'default',
  'shutdown-on-sigterm': 'default',
  'shutdown-timeout': '10',
  'slave-announce-ip': '',
  'slave-announce-port': '0',
  'slave-ignore-maxmemory': 'yes',
  'slave-lazy-flush': 'no',
  'slave-priority': '100',
  'slave-read-only': 'yes',
  'slave-serve-stale-data': 'yes',
  slaveof: '',
  'slowlog-log-slower-than': '10000',
  'slowlog-max-len': '128',
  'socket-mark-id': '0',
  'stop-writes-on-bgsave-error': 'yes',
  'stream-node-max-bytes': '4096',
  'stream-node-max-entries': '100',
  supervised: 'no',
  'syslog-enabled': 'no',
  'syslog-facility': 'local0',
  'syslog-ident': 'redis',
  'tcp-backlog': '511',
  'tcp-keepalive': '300',
  timeout: '0',
  'tls-auth-clients': 'yes',
  'tls-ca-cert-dir': '',
  'tls-ca-cert-file': '',
  'tls-cert-file': '',
  'tls-ciphers': '',
  'tls-ciphersuites': '',
  'tls-client-cert-file': '',
  'tls-client-key-file': '',
  'tls-client-key-file-pass': '',
  'tls-cluster': 'no',
  'tls-dh-params-file': '',
  'tls-key-file': '',
  'tls-key-file-pass': '',
  'tls-port': '0',
  'tls-prefer-server-ciphers': 'no',
  'tls-protocols': '',
  'tls-replication': 'no',
  'tls-session-cache-size': '20480',
  'tls-session-cache-timeout': '300',
  'tls-session-caching': 'yes',
  'tracking-table-max-keys': '1000000',
  unixsocket: '',
  unixsocketperm: '0',
  'zset-max-listpack-entries': '128',
  'zset-max-listpack-value': '64',
  'zset-max-ziplist-entries': '128',
  'zset-max-ziplist-value': '64',
};

/** What is only shown to who asks for its exact name. */
export const HIDDEN: Readonly<Record<string, string>> = {
  'aof-disable-auto-gc': 'no',
  'cluster-ping-interval': '0',
  'key-load-delay': '0',
  'loading-process-events-interval-bytes': '2097152',
  'rdb-key-save-delay': '0',
  'use-exit-on-panic': 'no',
  'watchdog-period': '0',
};

/** What CONFIG SET calls immutable. */
export const IMMUTABLE: readonly string[] = [
  'aclfile',
  'always-show-logo',
  'aof_rewrite_cpulist',
  'appenddirname',
  'appendfilename',
  'bgsave_cpulist',
  'bio_cpulist',
  'cluster-config-file',
  'cluster-enabled',
  'cluster-port',
  'daemonize',
  'databases',
  'disable-thp',
  'enable-debug-command',
  'enable-module-command',
  'enable-protected-configs',
  'io-threads',
  'io-threads-do-reads',
  'logfile',
  'pidfile',
  'rdbchecksum',
  'replicaof',
  'server_cpulist',
  'set-proc-title',
  'slaveof',
  'socket-mark-id',
  'supervised',
  'syslog-enabled',
  'syslog-facility',
  'syslog-ident',
  'tcp-backlog',
  'unixsocket',
  'unixsocketperm',
];

/** What CONFIG SET calls protected. */
export const PROTECTED: readonly string[] = ['dbfilename', 'dir'];

/** CONFIG SETs, and the error, or the text that CONFIG GET shows of the first name afterwards. */
export const SETS: readonly {
  readonly set: readonly string[];
  readonly error?: string;
  readonly shown?: string;
}[] = [
  {
    set: ['maxmemory', 'abc'],
    error:
      "ERR CONFIG SET failed (possibly related to argument 'maxmemory') - argument must be a memory value",
  },
  {
    set: ['maxmemory', '-1'],
    error:
      "ERR CONFIG SET failed (possibly related to argument 'maxmemory') - argument must be a memory value",
  },
  {
    set: ['maxmemory', '1tb'],
    error:
      "ERR CONFIG SET failed (possibly related to argument 'maxmemory') - argument must be a memory value",
  },
  { set: ['maxmemory', '100mb'], shown: '104857600' },
  { set: ['maxmemory', '1K'], shown: '1000' },
  { set: ['maxmemory', '18446744073709551615'], shown: '18446744073709551615' },
  { set: ['maxmemory', ''], shown: '0' },
  {
    set: ['maxmemory-clients', '101%'],
    error:
      "ERR CONFIG SET failed (possibly related to argument 'maxmemory-clients') - percentage argument must be less or equal to 100",
  },
  { set: ['maxmemory-clients', '5%'], shown: '5%' },
  {
    set: ['maxmemory-clients', '-5%'],
    error:
      "ERR CONFIG SET failed (possibly related to argument 'maxmemory-clients') - argument must be a memory or percent value",
  },
  {
    set: ['maxmemory-clients', 'x'],
    error:
      "ERR CONFIG SET failed (possibly related to argument 'maxmemory-clients') - argument must be a memory or percent value",
  },
  {
    set: ['maxmemory-policy', 'lru'],
    error:
      "ERR CONFIG SET failed (possibly related to argument 'maxmemory-policy') - argument(s) must be one of the following: volatile-lru, volatile-lfu, volatile-random, volatile-ttl, allkeys-lru, allkeys-lfu, allkeys-random, noeviction",
  },
  { set: ['maxmemory-policy', 'AllKeys-LRU'], shown: 'allkeys-lru' },
  {
    set: ['appendfsync', 'maybe'],
    error:
      "ERR CONFIG SET failed (possibly related to argument 'appendfsync') - argument(s) must be one of the following: everysec, always, no",
  },
  {
    set: ['rdbcompression', '1'],
    error:
      "ERR CONFIG SET failed (possibly related to argument 'rdbcompression') - argument must be 'yes' or 'no'",
  },
  { set: ['rdbcompression', 'YES'], shown: 'yes' },
  {
    set: ['hz', 'abc'],
    error:
      "ERR CONFIG SET failed (possibly related to argument 'hz') - argument couldn't be parsed into an integer",
  },
  { set: ['hz', '0'], shown: '1' },
  { set: ['hz', '501'], shown: '500' },
  {
    set: ['hz', '-1'],
    error:
      "ERR CONFIG SET failed (possibly related to argument 'hz') - argument must be between 0 and 2147483647 inclusive",
  },
  {
    set: ['timeout', '1.5'],
    error:
      "ERR CONFIG SET failed (possibly related to argument 'timeout') - argument couldn't be parsed into an integer",
  },
  {
    set: ['timeout', '2147483648'],
    error:
      "ERR CONFIG SET failed (possibly related to argument 'timeout') - argument must be between 0 and 2147483647 inclusive",
  },
  {
    set: ['timeout', '01'],
    error:
      "ERR CONFIG SET failed (possibly related to argument 'timeout') - argument couldn't be parsed into an integer",
  },
  {
    set: ['timeout', '+1'],
    error:
      "ERR CONFIG SET failed (possibly related to argument 'timeout') - argument couldn't be parsed into an integer",
  },
  {
    set: ['timeout', ''],
    error:
      "ERR CONFIG SET failed (possibly related to argument 'timeout') - argument couldn't be parsed into an integer",
  },
  {
    set: ['maxclients', '0'],
    error:
      "ERR CONFIG SET failed (possibly related to argument 'maxclients') - argument must be between 1 and 4294967295 inclusive",
  },
  {
    set: ['maxclients', '-1'],
    error:
      "ERR CONFIG SET failed (possibly related to argument 'maxclients') - argument must be between 1 and 4294967295 inclusive",
  },
  {
    set: ['slowlog-log-slower-than', '-2'],
    error:
      "ERR CONFIG SET failed (possibly related to argument 'slowlog-log-slower-than') - argument must be between -1 and 9223372036854775807 inclusive",
  },
  { set: ['slowlog-log-slower-than', '9223372036854775807'], shown: '9223372036854775807' },
  {
    set: ['slowlog-max-len', '-1'],
    error:
      "ERR CONFIG SET failed (possibly related to argument 'slowlog-max-len') - argument must be between 0 and 9223372036854775807 inclusive",
  },
  {
    set: ['hash-max-ziplist-entries', '-1'],
    error:
      "ERR CONFIG SET failed (possibly related to argument 'hash-max-ziplist-entries') - argument must be between 0 and 9223372036854775807 inclusive",
  },
  {
    set: ['proto-max-bulk-len', '1048575'],
    error:
      "ERR CONFIG SET failed (possibly related to argument 'proto-max-bulk-len') - argument must be between 1048576 and 9223372036854775807 inclusive",
  },
  { set: ['proto-max-bulk-len', '1mb'], shown: '1048576' },
  {
    set: ['port', '65536'],
    error:
      "ERR CONFIG SET failed (possibly related to argument 'port') - argument must be between 0 and 65535 inclusive",
  },
  {
    set: ['Port', 'x'],
    error:
      "ERR CONFIG SET failed (possibly related to argument 'port') - argument couldn't be parsed into an integer",
  },
  {
    set: ['active-expire-effort', '11'],
    error:
      "ERR CONFIG SET failed (possibly related to argument 'active-expire-effort') - argument must be between 1 and 10 inclusive",
  },
  {
    set: ['loglevel', 'loud'],
    error:
      "ERR CONFIG SET failed (possibly related to argument 'loglevel') - argument(s) must be one of the following: debug, verbose, notice, warning, nothing",
  },
  {
    set: ['oom-score-adj', 'bla'],
    error:
      "ERR CONFIG SET failed (possibly related to argument 'oom-score-adj') - argument(s) must be one of the following: no, yes, relative, absolute",
  },
  {
    set: ['oom-score-adj-values', '1 2'],
    error:
      "ERR CONFIG SET failed (possibly related to argument 'oom-score-adj-values') - wrong number of arguments",
  },
  {
    set: ['oom-score-adj-values', '1 2 2001'],
    error:
      "ERR CONFIG SET failed (possibly related to argument 'oom-score-adj-values') - Invalid oom-score-adj-values, elements must be between -2000 and 2000.",
  },
  { set: ['oom-score-adj-values', '1 2 3'], shown: '1 2 3' },
  {
    set: ['save', '900'],
    error: "ERR CONFIG SET failed (possibly related to argument 'save') - Invalid save parameters",
  },
  {
    set: ['save', '900 1 300'],
    error: "ERR CONFIG SET failed (possibly related to argument 'save') - Invalid save parameters",
  },
  {
    set: ['save', '0 1'],
    error: "ERR CONFIG SET failed (possibly related to argument 'save') - Invalid save parameters",
  },
  {
    set: ['save', '1 -1'],
    error: "ERR CONFIG SET failed (possibly related to argument 'save') - Invalid save parameters",
  },
  {
    set: ['save', '900  1'],
    error: "ERR CONFIG SET failed (possibly related to argument 'save') - Invalid save parameters",
  },
  { set: ['save', '900 1 300 10'], shown: '900 1 300 10' },
  { set: ['save', ''], shown: '' },
  {
    set: ['client-output-buffer-limit', 'normal 1 2'],
    error:
      "ERR CONFIG SET failed (possibly related to argument 'client-output-buffer-limit') - Wrong number of arguments in buffer limit configuration.",
  },
  {
    set: ['client-output-buffer-limit', 'master 1 1 1'],
    error:
      "ERR CONFIG SET failed (possibly related to argument 'client-output-buffer-limit') - Invalid client class specified in buffer limit configuration.",
  },
  {
    set: ['client-output-buffer-limit', 'normal x 1 1'],
    error:
      "ERR CONFIG SET failed (possibly related to argument 'client-output-buffer-limit') - Error in hard, soft or soft_seconds setting in buffer limit configuration.",
  },
  {
    set: ['client-output-buffer-limit', 'normal 1mb 1kb 5 SLAVE 1g 0 0'],
    shown: 'normal 1048576 1024 5 slave 1000000000 0 0 pubsub 33554432 8388608 60',
  },
  {
    set: ['client-output-buffer-limit', 'replica 7 7 7'],
    shown: 'normal 1048576 1024 5 slave 7 7 7 pubsub 33554432 8388608 60',
  },
  { set: ['notify-keyspace-events', 'KEA'], shown: 'AKE' },
  { set: ['notify-keyspace-events', 'AKEnm'], shown: 'AKEm' },
  { set: ['notify-keyspace-events', 'Kgxn'], shown: 'gxnK' },
  {
    set: ['notify-keyspace-events', 'q'],
    error:
      "ERR CONFIG SET failed (possibly related to argument 'notify-keyspace-events') - Invalid event class character. Use 'Ag$lshzxeKEtmdn'.",
  },
  { set: ['notify-keyspace-events', ''], shown: '' },
  {
    set: ['latency-tracking-info-percentiles', 'x'],
    error:
      "ERR CONFIG SET failed (possibly related to argument 'latency-tracking-info-percentiles') - Invalid latency-tracking-info-percentiles parameters",
  },
  {
    set: ['latency-tracking-info-percentiles', '100.1'],
    error:
      "ERR CONFIG SET failed (possibly related to argument 'latency-tracking-info-percentiles') - latency-tracking-info-percentiles parameters should sit between [0.0,100.0]",
  },
  { set: ['latency-tracking-info-percentiles', '99.99999999 50'], shown: '100 50' },
  { set: ['latency-tracking-info-percentiles', ''], shown: '' },
  {
    set: ['shutdown-on-sigint', 'save nosave'],
    error:
      "ERR CONFIG SET failed (possibly related to argument 'shutdown-on-sigint') - shutdown options SAVE and NOSAVE can't be used simultaneously",
  },
  { set: ['shutdown-on-sigint', 'FORCE now'], shown: 'now force' },
  {
    set: ['shutdown-on-sigint', 'bla'],
    error:
      "ERR CONFIG SET failed (possibly related to argument 'shutdown-on-sigint') - argument(s) must be one of the following: default, save, nosave, now, force",
  },
  {
    set: ['shutdown-on-sigint', ''],
    error:
      "ERR CONFIG SET failed (possibly related to argument 'shutdown-on-sigint') - argument(s) must be one of the following: default, save, nosave, now, force",
  },
  { set: ['shutdown-on-sigint', 'default'], shown: 'default' },
  {
    set: ['proc-title-template', '{bla}'],
    error:
      "ERR CONFIG SET failed (possibly related to argument 'proc-title-template') - template format is invalid or contains unknown variables",
  },
  {
    set: ['proc-title-template', '{title'],
    error:
      "ERR CONFIG SET failed (possibly related to argument 'proc-title-template') - template format is invalid or contains unknown variables",
  },
  {
    set: ['proc-title-template', '{title}'],
    error:
      "ERR CONFIG SET failed (possibly related to argument 'proc-title-template') - template format is invalid or contains unknown variables",
  },
  { set: ['proc-title-template', '{{x} {port}'], shown: '{{x} {port}' },
  {
    set: ['cluster-announce-hostname', 'a_b'],
    error:
      "ERR CONFIG SET failed (possibly related to argument 'cluster-announce-hostname') - Hostnames may only contain alphanumeric characters, hyphens or dots",
  },
  {
    set: [
      'cluster-announce-hostname',
      'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
    ],
    error:
      "ERR CONFIG SET failed (possibly related to argument 'cluster-announce-hostname') - Hostnames must be less than 256 characters",
  },
  {
    set: ['cluster-announce-human-nodename', 'a#b'],
    error:
      "ERR CONFIG SET failed (possibly related to argument 'cluster-announce-human-nodename') - Announced human node name contained invalid character",
  },
  {
    set: ['locale-collate', 'bla'],
    error:
      "ERR CONFIG SET failed (possibly related to argument 'locale-collate') - Invalid locale name",
  },
  {
    set: [
      'bind',
      '1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1',
    ],
    error:
      "ERR CONFIG SET failed (possibly related to argument 'bind') - Too many bind addresses specified.",
  },
  {
    set: ['dbfilename', 'a.rdb'],
    error:
      "ERR CONFIG SET failed (possibly related to argument 'dbfilename') - can't set protected config",
  },
  {
    set: ['dir', '/tmp'],
    error:
      "ERR CONFIG SET failed (possibly related to argument 'dir') - can't set protected config",
  },
  {
    set: ['daemonize', 'yes'],
    error:
      "ERR CONFIG SET failed (possibly related to argument 'daemonize') - can't set immutable config",
  },
  {
    set: ['SLAVEOF', 'a 1'],
    error:
      "ERR CONFIG SET failed (possibly related to argument 'SLAVEOF') - can't set immutable config",
  },
  { set: ['bla', '1'], error: "ERR Unknown option or number of arguments for CONFIG SET - 'bla'" },
  {
    set: ['maxmemory', '1mb', 'maxmemory', '2mb'],
    error: "ERR CONFIG SET failed (possibly related to argument 'maxmemory') - duplicate parameter",
  },
  {
    set: ['maxmemory', '1mb', 'bla', '1', 'port', '0'],
    error: "ERR Unknown option or number of arguments for CONFIG SET - 'bla'",
  },
  {
    set: ['timeout', '7', 'hz', 'x'],
    error:
      "ERR CONFIG SET failed (possibly related to argument 'hz') - argument couldn't be parsed into an integer",
  },
  {
    set: ['timeout', '7', 'daemonize', 'yes'],
    error:
      "ERR CONFIG SET failed (possibly related to argument 'daemonize') - can't set immutable config",
  },
  {
    set: ['slave-priority', 'x'],
    error:
      "ERR CONFIG SET failed (possibly related to argument 'slave-priority') - argument couldn't be parsed into an integer",
  },
  { set: ['slave-priority', '7'], shown: '7' },
  { set: ['repl-backlog-size', '1'], shown: '16384' },
];
