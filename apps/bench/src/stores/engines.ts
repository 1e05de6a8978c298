import { Redis } from "ioredis";
import pg from "pg";
import postgres from "postgres";
import { createClient } from "redis";

export async function openNodeRedis(url: string) {
  const redis = createClient({ url });
  redis.on("error", complain);
  await redis.connect();
  return redis;
}

export async function openIoredis(url: string, options: { readonly protocol?: 2 | 3 } = {}): Promise<Redis> {
  const redis = new Redis(url, options);
  redis.on("error", complain);
  await redis.ping();
  return redis;
}

export async function openPg(url: string): Promise<pg.Pool> {
  const pool = new pg.Pool({ connectionString: url, max: 10 });
  pool.on("error", complain);
  await pool.query("SELECT 1");
  return pool;
}

export const openPostgresJs = (url: string): postgres.Sql => postgres(url, { max: 10, onnotice: () => undefined });

function complain(fault: Error): void {
  console.error(fault.message);
}
