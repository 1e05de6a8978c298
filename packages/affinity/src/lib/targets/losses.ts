import type { Affinity, AffinityNode } from "../affinity.ts";
import type { Loss } from "../target.ts";

/** Losses in the order in which they are noted, without those that do not apply. */
export const losses = (...found: readonly (Loss | false | undefined)[]): Loss[] => found.filter((loss) => loss !== undefined && loss !== false);

/** The path is asked by nothing: failures are found by the requests that meet them. */
export const passiveHealth = ({ health }: Affinity): readonly Loss[] =>
  losses(
    { option: "health.path", text: `it is not probed: a node is out when requests to it fail, not when ${health.path} says so.` },
    health.fall !== 1 && { option: "health.fall", text: "one request that fails is enough." },
    health.rise !== 1 && { option: "health.rise", text: "one request that succeeds is enough." },
    { option: "health.timeout", text: "there is no check: a connection has 1 s to be made, and an answer 60 s." },
  );

/** HAProxy and NGINX refuse to start otherwise. */
export const namesAtStart = ({ nodes }: Affinity): Loss | false =>
  nodes.some(isNamed) && { option: "nodes.address", text: "names are looked up once, at the start, which fails when one is not known then; a new address of it is noticed with the next reload." };

export const isNamed = ({ host }: AffinityNode): boolean => !/^[\d.]+$|^\[/.test(host);

/** HAProxy has `nocache` against it. */
export const cookieInCaches = ({ key }: Affinity): Loss | false =>
  key.kind === "cookie" && { option: "cookie", text: "it is set on responses that caches may share, too: a cache in front must not keep Set-Cookie, or it gives one client's node to everybody." };

/** Where a hash decides, nothing is remembered. */
export const hashForgets = (affinity: Affinity): Loss | false =>
  affinity.key.kind !== "cookie" && { option: "duration", text: "a hash remembers nothing: it holds until the nodes change, and clients of a node that failed move back to it when it returns." };

export const behindOneAddress = (affinity: Affinity): Loss | false => affinity.key.kind === "ip" && { option: "key", text: "all clients behind one address (an office, a mobile network) are on one node." };

const PREFIX = /^__(?:host|secure)-/i;

/** The cookie's name where nobody can be asked for Secure: browsers refuse one with a prefix then, and nobody would be sticky. */
export const nameWithoutPrefix = ({ cookie }: Affinity): string => cookie.name.replace(PREFIX, "") || "hf_node";

export const prefixLoss = (affinity: Affinity, whose: string): Loss | false =>
  affinity.key.kind === "cookie" &&
  PREFIX.test(affinity.cookie.name) && {
    option: "cookie.name",
    text: `it is called ${nameWithoutPrefix(affinity)}: Secure is the ${whose}'s choice, and browsers refuse ${PREFIX.exec(affinity.cookie.name)?.[0]} without it. So other hosts of the domain can set it. Give the description this name, so that the drain clears it.`,
  };

/** The names of files, zones and variables. */
export const variable = ({ name }: Affinity): string => name.replaceAll("-", "_");

/** 1500 -> "1500ms", 7200000 -> "2h": the units that HAProxy, NGINX, Caddy and Gateway API share. */
export function span(milliseconds: number): string {
  const units = [["h", 3_600_000], ["m", 60_000], ["s", 1000]] as const;
  const unit = units.find(([, size]) => milliseconds % size === 0);
  return unit === undefined ? `${milliseconds}ms` : `${milliseconds / unit[1]}${unit[0]}`;
}

/** 100001000 -> "27h46m41s", as the Gateway API wants it: no part has more than five digits there. For whole seconds. */
export const parts = (milliseconds: number): string =>
  ([["h", 3_600_000, Infinity], ["m", 60_000, 60], ["s", 1000, 60]] as const)
    .map(([unit, size, most]) => [Math.floor(milliseconds / size) % most, unit] as const)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count}${unit}`)
    .join("");

/** For YAML, where null, no and true are no texts. */
export const quoted = (value: string): string => JSON.stringify(value);

export const sameSiteWord = ({ cookie }: Affinity): string => ({ lax: "Lax", strict: "Strict", none: "None" })[cookie.sameSite];

/** Where the check as it is written takes longer than the drain waits for it: said in the description's milliseconds. */
export const laterThanNotice = ({ drain: { notice } }: Affinity, seconds: number): string =>
  seconds * 1000 > notice ? ` The check takes ${seconds} s to notice, the drain waits ${notice / 1000}: give drain.notice ${seconds * 1000} at least.` : "";

/** Where the check is not in the file. */
export const NOTICE_OF_CHECK = "Give drain.notice what your check takes.";

/** For platforms that know their nodes themselves. */
export const nodesElsewhere = (what: string, affinity: Affinity): readonly Loss[] =>
  losses(
    { option: "nodes", text: `${what}; labels and addresses are not used.` },
    affinity.nodes.some(({ weight }) => weight !== 1) && { option: "nodes.weight", text: "has to be set where the nodes are registered." },
    affinity.nodes.some(({ draining }) => draining) && { option: "nodes.draining", text: "has no place here: take the node out where it is registered." },
  );
