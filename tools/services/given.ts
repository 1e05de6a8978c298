import type { ServiceName } from "./programs.ts";

/** Names a server that runs already, where its value begins as its engine's URLs do: `DATABASE_URL` is a name that others use too. */
const VARIABLES: Readonly<Partial<Record<ServiceName, readonly [variable: string, begins: RegExp]>>> = {
  redis: ["REDIS_URL", /^rediss?:\/\//],
  valkey: ["VALKEY_URL", /^rediss?:\/\//],
  memcached: ["MEMCACHED_URL", /^memcached:\/\//],
  postgres: ["DATABASE_URL", /^postgres(ql)?:\/\//],
  mariadb: ["MYSQL_URL", /^mysql:\/\//],
};

export interface Given {
  readonly variable: string;
  /** As the clients take it. */
  readonly url: string;
}

/** The server of somebody else that the tests shall use instead of one of their own. */
export function givenServer(service: ServiceName): Given | undefined {
  const [variable, begins] = VARIABLES[service] ?? [];
  const url = variable === undefined ? undefined : process.env[variable];
  return variable !== undefined && url !== undefined && begins?.test(url) ? { variable, url } : undefined;
}
