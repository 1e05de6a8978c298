import { HoldfastError } from "@holdfast/session-core/store";

export interface PostgresStoreOptions {
  /** Default `holdfast_sessions`; with a schema, `auth.sessions`. A second table, `<table>_marks`, remembers for 400 days whose sessions were all ended. */
  readonly table?: string;
  /**
   * `single` (default): an acknowledged write survives whatever the server's `synchronous_commit` says, with its default a crash and a power loss.
   * `replicated`: writes that matter (sign-in, sign-out, revocation, elevation) wait for a synchronous standby, and reject where none is configured;
   * the others do not wait for it (`synchronous_commit = local`).
   * `volatile`: the sessions are in an UNLOGGED table. Writes wait for no disk, and after a crash or a fail-over all sessions are gone.
   */
  readonly durability?: "single" | "replicated" | "volatile";
}

/** 40 in all leave room for what is added to them: PostgreSQL cuts names at 63. */
const IDENTIFIER = /^(?=.{1,40}$)(?:([A-Za-z_][A-Za-z0-9_]*)\.)?([A-Za-z_][A-Za-z0-9_]*)$/;

/** Quoted names. They are the only part of any statement that is no bound parameter. */
export interface Names {
  readonly table: string;
  readonly sessions: string;
  readonly marks: string;
  readonly create: string;
  readonly endAll: string;
  readonly commit: string;
  /** An index is where its table is, so its name has no schema. */
  readonly index: (suffix: string) => string;
}

export function namesOf({ table = "holdfast_sessions", durability = "single" }: PostgresStoreOptions): Names {
  const [, schema, name] = IDENTIFIER.exec(table) ?? [];
  if (name === undefined) {
    throw new HoldfastError("config", "table: must be ASCII letters, digits and underscores, not begin with a digit, and may have a schema before it with a dot; 40 characters in all.", { option: "table" });
  }
  if (!["single", "replicated", "volatile"].includes(durability)) {
    throw new HoldfastError("config", 'durability: must be "single", "replicated" or "volatile".', { option: "durability" });
  }
  const quoted = (suffix: string): string => `${schema === undefined ? "" : `"${schema}".`}"${name}${suffix}"`;
  // The number counts the versions of the arguments: servers of two releases share one database during a roll-out.
  return { table, sessions: quoted(""), marks: quoted("_marks"), create: quoted("_create_1"), endAll: quoted("_end_all_1"), commit: quoted("_commit_1"), index: (suffix) => `"${name}_${suffix}"` };
}

/** Milliseconds since 1970 by the server's clock; `moment` is an expression of PostgreSQL. */
export const millis = (moment: "now()" | "clock_timestamp()"): string => `floor(extract(epoch FROM ${moment}) * 1000)::bigint`;

/**
 * The statements that make tables and functions, safe to repeat and safe to run twice at once; one transaction. For a migration, or for
 * {@link ensurePostgresSchema}. Functions are part of it because a sign-in counts, ends and inserts under one lock: as a function that
 * is one round trip, and it needs nothing of the connection that a transaction pooler would not keep.
 *
 * - `partition` is set exactly while the row is live and has a subject, so the partial index is the subject index and nothing else.
 * - `expires_slot` is `expires_at` in steps of 17 minutes. An index on `expires_at` would make every touch rewrite all three indexes;
 *   with the slot nearly every touch and update stays in its page (a "heap-only tuple"), for which the fillfactor leaves room.
 * @throws HoldfastError `config` for a wrong option.
 */
export function postgresSchema(options: PostgresStoreOptions = {}): string {
  const { sessions, marks, create, endAll, commit, index } = namesOf(options);
  const lock = (subject: string): string => `
  -- With an older snapshot the count below would not see who signed in while this waited.
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'Holdfast sessions need the isolation level READ COMMITTED'
      USING HINT = 'ALTER ROLE ... SET default_transaction_isolation = ''read committed''';
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended(${subject}, 0));
  -- Read after the wait: what others created meanwhile must not look younger than this.
  moment := ${millis("clock_timestamp()")};`;
  return `
SELECT pg_advisory_xact_lock(hashtextextended('holdfast schema', 0));

CREATE ${options.durability === "volatile" ? "UNLOGGED " : ""}TABLE IF NOT EXISTS ${sessions} (
  revision     bigint  NOT NULL,
  created_at   bigint  NOT NULL,
  seen_at      bigint  NOT NULL,
  expires_at   bigint  NOT NULL,
  expires_slot integer NOT NULL GENERATED ALWAYS AS ((expires_at >> 20)::integer) STORED,
  ended        boolean NOT NULL DEFAULT false,
  id           text    COLLATE "C" NOT NULL PRIMARY KEY,
  partition    text    COLLATE "C",
  write_id     text    COLLATE "C" NOT NULL,
  body         text    COLLATE "C" NOT NULL
) WITH (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.05);

CREATE INDEX IF NOT EXISTS ${index("by_subject")} ON ${sessions} (partition, created_at) WHERE partition IS NOT NULL;
CREATE INDEX IF NOT EXISTS ${index("by_expiry")} ON ${sessions} (expires_slot);

CREATE TABLE IF NOT EXISTS ${marks} (
  not_before  bigint NOT NULL,
  partition   text   COLLATE "C" NOT NULL PRIMARY KEY
);

CREATE INDEX IF NOT EXISTS ${index("marks_by_age")} ON ${marks} (not_before);

CREATE OR REPLACE FUNCTION ${create}(
  new_id text, subject text, new_revision bigint, new_write_id text, new_created_at bigint, new_seen_at bigint, new_expires_at bigint, new_body text,
  began bigint, max_live bigint, evict boolean, limit_write_id text, limit_expires_at bigint, limit_body text,
  old_id text, old_write_id text, old_expires_at bigint, old_body text
) RETURNS TABLE (outcome text, evicted text) LANGUAGE plpgsql AS $holdfast$
DECLARE
  moment bigint;
  excess bigint := 0;
BEGIN${lock("subject")}
  IF EXISTS (SELECT FROM ${sessions} s WHERE s.id = new_id AND s.expires_at > moment) THEN
    RETURN QUERY SELECT 'exists', NULL::text;
    RETURN;
  END IF;
  IF EXISTS (SELECT FROM ${marks} m WHERE m.partition = subject AND m.not_before >= began) THEN
    RETURN QUERY SELECT 'revoked', NULL::text;
    RETURN;
  END IF;
  IF max_live IS NOT NULL THEN
    SELECT count(*) + 1 - max_live INTO excess FROM ${sessions} s
      WHERE s.partition = subject AND s.expires_at > moment AND s.id IS DISTINCT FROM old_id;
    IF excess > 0 AND NOT evict THEN
      RETURN QUERY SELECT 'full', NULL::text;
      RETURN;
    END IF;
  END IF;
  ${insertInto(sessions, ["new_id", "new_revision", "new_write_id", "new_created_at", "new_seen_at", "new_expires_at", "new_body", "subject"], "moment")};
  IF NOT FOUND THEN
    -- Somebody without a guard, who waits for no lock, took the id since we looked.
    RETURN QUERY SELECT 'exists', NULL::text;
    RETURN;
  END IF;
  RETURN QUERY SELECT 'created', NULL::text;
  UPDATE ${sessions} s SET ended = true, partition = NULL, write_id = old_write_id, expires_at = old_expires_at, body = old_body
    WHERE s.id = old_id AND NOT s.ended AND s.expires_at > moment;
  IF excess > 0 THEN
    RETURN QUERY UPDATE ${sessions} s SET ended = true, partition = NULL, write_id = limit_write_id, expires_at = limit_expires_at, body = limit_body
      WHERE NOT s.ended AND s.expires_at > moment AND s.id IN (
        SELECT o.id FROM ${sessions} o WHERE o.partition = subject AND o.expires_at > moment AND o.id <> new_id
        ORDER BY o.created_at, o.id LIMIT excess)
      RETURNING 'evicted', s.id;
  END IF;
END
$holdfast$;

CREATE OR REPLACE FUNCTION ${commit}(durable boolean) RETURNS boolean LANGUAGE plpgsql AS $holdfast$
BEGIN
  IF NOT durable THEN
    PERFORM set_config('synchronous_commit', 'local', true);
  ELSIF current_setting('synchronous_standby_names') = '' THEN
    RAISE EXCEPTION 'No synchronous standby is configured' USING ERRCODE = '55000',
      HINT = 'Set synchronous_standby_names, or the durability of the Holdfast store to single';
  ELSIF current_setting('synchronous_commit') <> 'remote_apply' THEN
    PERFORM set_config('synchronous_commit', 'on', true);
  END IF;
  RETURN true;
END
$holdfast$;

CREATE OR REPLACE FUNCTION ${endAll}(subject text, stone_write_id text, stone_expires_at bigint, stone_body text, kept text)
RETURNS TABLE (since bigint, ended_id text) LANGUAGE plpgsql AS $holdfast$
DECLARE
  moment bigint;
BEGIN${lock("subject")}
  RETURN QUERY INSERT INTO ${marks} AS m (partition, not_before) VALUES (subject, moment)
    ON CONFLICT (partition) DO UPDATE SET not_before = greatest(m.not_before, excluded.not_before)
    RETURNING m.not_before, NULL::text;
  RETURN QUERY UPDATE ${sessions} s SET ended = true, partition = NULL, write_id = stone_write_id, expires_at = stone_expires_at, body = stone_body
    WHERE s.partition = subject AND s.expires_at > moment AND s.id IS DISTINCT FROM kept
    RETURNING NULL::bigint, s.id;
END
$holdfast$;
`;
}

/** The conflict clause replaces only what has expired: such a row is absent, only not yet swept. */
export const insertInto = (sessions: string, values: readonly string[], moment: string): string => `INSERT INTO ${sessions} AS s
    (id, revision, write_id, created_at, seen_at, expires_at, body, partition) VALUES (${values.join(", ")})
    ON CONFLICT (id) DO UPDATE SET
      revision = excluded.revision, write_id = excluded.write_id, created_at = excluded.created_at, seen_at = excluded.seen_at,
      expires_at = excluded.expires_at, body = excluded.body, partition = excluded.partition, ended = false
    WHERE s.expires_at <= ${moment}`;
