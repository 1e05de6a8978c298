import { HoldfastError } from "@holdfast/session-core/store";

export interface MysqlStoreOptions {
  /** Default `holdfast_sessions`; with a database, `auth.sessions`. A second table, `<table>_marks`, remembers for 400 days whose sessions were all ended. */
  readonly table?: string;
}

/** MySQL cuts no name, but refuses what is longer than 64. */
const IDENTIFIER = /^(?=.{1,50}$)(?:([A-Za-z_][A-Za-z0-9_]*)\.)?([A-Za-z_][A-Za-z0-9_]*)$/;

/** Quoted names. They are the only part of any statement that is no bound parameter. */
export interface Names {
  readonly sessions: string;
  readonly marks: string;
  readonly create: string;
  readonly endAll: string;
  readonly sweep: string;
  readonly sweepMarks: string;
}

export function namesOf({ table = "holdfast_sessions" }: MysqlStoreOptions): Names {
  const [, database, name] = IDENTIFIER.exec(table) ?? [];
  if (name === undefined) {
    throw new HoldfastError("config", "table: must be ASCII letters, digits and underscores, not begin with a digit, and may have a database before it with a dot; 50 characters in all.", { option: "table" });
  }
  const quoted = (suffix: string): string => `${database === undefined ? "" : `\`${database}\`.`}\`${name}${suffix}\``;
  // The number counts the versions of the arguments: servers of two releases share one database during a roll-out.
  return {
    sessions: quoted(""),
    marks: quoted("_marks"),
    create: quoted("_create_1"),
    endAll: quoted("_end_all_1"),
    sweep: quoted("_sweep_1"),
    sweepMarks: quoted("_sweep_marks_1"),
  };
}

/**
 * Milliseconds since 1970 by the server's clock, whatever the time zone of the connection: UNIX_TIMESTAMP(NOW(3)) would be an hour off in the
 * hour that daylight saving repeats. Inside a procedure each statement has a time of its own.
 */
export const MILLIS = "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(3)) DIV 1000";

/**
 * The statements that make tables and procedures, safe to repeat; to be sent one by one. For a migration, or for `ensureMysqlSchema`.
 * Procedures are part of it because a sign-in counts, ends and inserts in one transaction: so that is one round trip, and no connection is
 * left in the middle of one.
 *
 * - Ids are VARBINARY: collations of text ignore case and trailing blanks.
 * - `subject` is set exactly while the row is live and has one, so its index is the subject index and nothing else.
 * - `expires_slot` is `expires_at` in steps of 17 minutes: with an index on `expires_at` itself every touch would write it.
 * - The transactions are READ COMMITTED: REPEATABLE READ locks gaps, and sign-ins of different subjects would deadlock.
 * @throws HoldfastError `config` for a wrong option.
 */
export function mysqlSchema(options: MysqlStoreOptions = {}): readonly string[] {
  const { sessions, marks, create, endAll, sweep, sweepMarks } = namesOf(options);
  // Writing the subject's row locks it, also where it is missing; SELECT FOR UPDATE of a missing row locks a gap, and two of them deadlock.
  const begin = `DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    ROLLBACK;
    RESIGNAL;
  END;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  START TRANSACTION;`;
  const lock = `INSERT INTO ${marks} (subject, not_before) VALUES (p_subject, 0) ON DUPLICATE KEY UPDATE not_before = not_before;
  SET moment = ${MILLIS};`;
  // What somebody else has in hand is skipped, a row by another sweeper or a mark by a sign-in: neither waits for the other. A DELETE alone cannot skip.
  const sweeping = (procedure: string, table: string, key: string, which: string): string => `CREATE PROCEDURE IF NOT EXISTS ${procedure}(p_until BIGINT, p_limit BIGINT)
SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
  DECLARE dead VARBINARY(72);
  DECLARE swept BIGINT DEFAULT 0;
  DECLARE finished TINYINT DEFAULT 0;
  DECLARE old CURSOR FOR SELECT ${key} FROM ${table} WHERE ${which} LIMIT p_limit FOR UPDATE SKIP LOCKED;
  DECLARE CONTINUE HANDLER FOR NOT FOUND SET finished = 1;
  ${begin}
  OPEN old;
  walk: LOOP
    FETCH old INTO dead;
    IF finished THEN
      LEAVE walk;
    END IF;
    DELETE FROM ${table} WHERE ${key} = dead;
    SET swept = swept + 1;
  END LOOP;
  CLOSE old;
  COMMIT;
  SELECT swept;
END`;
  return [
    `CREATE TABLE IF NOT EXISTS ${sessions} (
  id           VARBINARY(72)  NOT NULL PRIMARY KEY,
  subject      VARBINARY(36),
  ended        TINYINT        NOT NULL DEFAULT 0,
  revision     BIGINT         NOT NULL,
  write_id     VARBINARY(64)  NOT NULL,
  created_at   BIGINT         NOT NULL,
  seen_at      BIGINT         NOT NULL,
  expires_at   BIGINT         NOT NULL,
  expires_slot INT            GENERATED ALWAYS AS (expires_at DIV 1048576) STORED,
  body         MEDIUMBLOB     NOT NULL,
  KEY by_subject (subject, created_at),
  KEY by_expiry (expires_slot)
) ENGINE = InnoDB`,
    `CREATE TABLE IF NOT EXISTS ${marks} (
  subject     VARBINARY(36)  NOT NULL PRIMARY KEY,
  not_before  BIGINT         NOT NULL,
  KEY by_age (not_before)
) ENGINE = InnoDB`,
    `CREATE PROCEDURE IF NOT EXISTS ${create}(
  p_id VARBINARY(72), p_subject VARBINARY(36), p_revision BIGINT, p_write_id VARBINARY(64), p_created_at BIGINT, p_seen_at BIGINT, p_expires_at BIGINT, p_body MEDIUMBLOB,
  p_began BIGINT, p_max BIGINT, p_evict TINYINT, p_limit_write_id VARBINARY(64), p_limit_expires_at BIGINT, p_limit_body MEDIUMBLOB,
  p_old_id VARBINARY(72), p_old_write_id VARBINARY(64), p_old_expires_at BIGINT, p_old_body MEDIUMBLOB
) SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
  DECLARE moment BIGINT;
  DECLARE excess BIGINT DEFAULT 0;
  DECLARE taken TINYINT DEFAULT 0;
  ${begin}
  ${lock}
  -- What has expired is absent, only not yet swept.
  DELETE FROM ${sessions} WHERE id = p_id AND expires_at <= moment;
  IF p_max IS NOT NULL THEN
    SELECT COUNT(*) + 1 - p_max INTO excess FROM ${sessions} WHERE subject = p_subject AND expires_at > moment AND NOT (id <=> p_old_id);
  END IF;
  IF EXISTS (SELECT 1 FROM ${sessions} WHERE id = p_id) THEN
    SELECT 'exists', NULL;
  ELSEIF EXISTS (SELECT 1 FROM ${marks} WHERE subject = p_subject AND not_before >= p_began) THEN
    SELECT 'revoked', NULL;
  ELSEIF excess > 0 AND NOT p_evict THEN
    SELECT 'full', NULL;
  ELSE
    BEGIN
      -- Somebody without a guard, who waits for no lock, took the id since we looked.
      DECLARE EXIT HANDLER FOR 1062 SET taken = 1;
      INSERT INTO ${sessions} (id, subject, revision, write_id, created_at, seen_at, expires_at, body)
        VALUES (p_id, p_subject, p_revision, p_write_id, p_created_at, p_seen_at, p_expires_at, p_body);
    END;
    IF taken THEN
      SELECT 'exists', NULL;
    ELSE
      SELECT 'created', NULL;
      UPDATE ${sessions} SET ended = 1, subject = NULL, write_id = p_old_write_id, expires_at = p_old_expires_at, body = p_old_body
        WHERE id = p_old_id AND ended = 0 AND expires_at > moment;
      IF excess > 0 THEN
        -- The first statement locks the rows, so the second one finds the same.
        SELECT 'evicted', id FROM ${sessions} WHERE subject = p_subject AND expires_at > moment AND id <> p_id ORDER BY created_at, id LIMIT excess FOR UPDATE;
        UPDATE ${sessions} SET ended = 1, subject = NULL, write_id = p_limit_write_id, expires_at = p_limit_expires_at, body = p_limit_body
          WHERE subject = p_subject AND expires_at > moment AND id <> p_id ORDER BY created_at, id LIMIT excess;
      END IF;
    END IF;
  END IF;
  COMMIT;
END`,
    `CREATE PROCEDURE IF NOT EXISTS ${endAll}(p_subject VARBINARY(36), p_write_id VARBINARY(64), p_expires_at BIGINT, p_body MEDIUMBLOB, p_except VARBINARY(72))
SQL SECURITY INVOKER MODIFIES SQL DATA
BEGIN
  DECLARE moment BIGINT;
  ${begin}
  ${lock}
  UPDATE ${marks} SET not_before = GREATEST(not_before, moment) WHERE subject = p_subject;
  SELECT not_before FROM ${marks} WHERE subject = p_subject;
  SELECT id FROM ${sessions} WHERE subject = p_subject AND expires_at > moment AND NOT (id <=> p_except) FOR UPDATE;
  UPDATE ${sessions} SET ended = 1, subject = NULL, write_id = p_write_id, expires_at = p_expires_at, body = p_body
    WHERE subject = p_subject AND expires_at > moment AND NOT (id <=> p_except);
  COMMIT;
END`,
    sweeping(sweep, sessions, "id", "expires_slot <= p_until DIV 1048576 AND expires_at <= p_until ORDER BY expires_slot"),
    sweeping(sweepMarks, marks, "subject", "not_before <= p_until ORDER BY not_before"),
  ];
}
